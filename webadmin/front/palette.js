// Go to anything: Ctrl-K, a few letters, Enter.
const PAUSE_MS = 120;

export function startPalette() {
  const dialog = document.querySelector("#palette");
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[data-f=found]");
  const none = dialog.querySelector("[data-f=none]");
  let waiting = 0;
  let asked = 0;

  async function find() {
    const mine = ++asked;
    let found = [];
    try {
      const answer = await fetch(`/go?q=${encodeURIComponent(input.value)}`, { headers: { Accept: "application/json" } });
      if (answer.ok) found = (await answer.json()).found;
    } catch {
      // The list stays empty; the page below still works.
    }
    if (mine !== asked) return;
    list.replaceChildren(
      ...found.map(({ title, kind, href }) => {
        const link = document.createElement("a");
        link.className = "list-group-item list-group-item-action";
        link.href = href;
        const label = document.createElement("span");
        label.textContent = title;
        const small = document.createElement("span");
        small.className = "kind";
        small.textContent = kind;
        link.append(label, small);
        return link;
      }),
    );
    none.hidden = found.length > 0;
  }

  function open() {
    if (dialog.open) return;
    input.value = "";
    dialog.showModal();
    input.focus();
    find();
  }

  for (const button of document.querySelectorAll("[data-do=palette]")) button.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      open();
    }
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, PAUSE_MS);
  });
  dialog.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown") links[Math.min(at + 1, links.length - 1)]?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? links[at - 1] : input).focus();
    else if (event.key === "Enter" && at < 0 && links.length) links[0].click();
    else return;
    event.preventDefault();
  });
}
