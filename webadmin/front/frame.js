// The frame round every page: menus that close, the health lamp, the keys.
import htmx from "htmx.org";
import { live } from "./live.js";
import { say, setText, show, word } from "./words.js";

function health() {
  const lamp = document.querySelector("#health");
  if (!lamp) return;
  const parts = live.fresh ? Object.entries(live.view?.health?.parts ?? {}) : [];
  const amber = lamp.parentElement.dataset.amber.split(" ");
  const isAmber = ([, state]) => amber.includes(state);
  const bad = parts.filter(([, state]) => state !== "ok").sort((a, b) => isAmber(a) - isAmber(b));
  const worst = bad.every(isAmber) ? "amber" : "bad";
  const state = !live.fresh ? "unknown" : bad.length ? worst : "ok";
  if (lamp.dataset.state !== state) lamp.dataset.state = state;
  setText(lamp.querySelector("[data-f=word]"), word("health", state));
  const which = lamp.querySelector("[data-f=which]");
  setText(which, bad.length > 1 ? `${part(bad[0][0])} +${bad.length - 1}` : part(bad[0]?.[0] ?? ""));
  show(which, bad.length > 0);
  lamp.title = bad.map(([name, how]) => `${part(name)}: ${word("part-state", how)}`).join("\n");
}

// What a part of the box is called; trunks have names of their own.
function part(name) {
  const trunk = name.startsWith("trunk/") ? name.slice("trunk/".length) : "";
  return trunk ? say("part", "trunk", { name: trunk }) : name && word("part", name);
}

// Of the settings of all strategies a form shows those of the one that is chosen.
function settings(choice) {
  for (const item of choice.form.querySelectorAll("[data-option]")) {
    const of = item.dataset.field.slice("option_".length);
    const names = [...choice.options].map((option) => option.value).filter((name) => of.startsWith(`${name}_`));
    const name = names.sort((a, b) => b.length - a.length)[0];
    show(item, name === choice.value);
  }
}

// One more empty row behind the others: the last one again, as the server wrote it.
function addRow(button) {
  const rows = button.closest("fieldset").querySelector("tbody");
  const row = rows.rows[rows.rows.length - 1].cloneNode(true);
  for (const cell of row.querySelectorAll("input, select")) {
    cell.setAttribute("aria-label", cell.getAttribute("aria-label").replace(/\d+$/, rows.rows.length + 1));
    if (cell.matches("input")) cell.value = cell.defaultValue;
    else cell.selectedIndex = Math.max([...cell.options].findIndex((option) => option.defaultSelected), 0);
  }
  rows.append(row);
  row.querySelector("input, select").focus();
}

// A box goes one place up or down without asking the server; the focus stays on its button.
function move(event) {
  const button = event.target.closest("[data-move]");
  const item = button?.closest("li");
  if (!item) return;
  event.preventDefault();
  const other = button.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
  if (!other?.querySelector("input:checked")) return;
  if (button.dataset.move === "up") other.before(item);
  else other.after(item);
  button.focus();
  item.scrollIntoView({ block: "nearest" });
}

export function startFrame() {
  for (const list of document.querySelectorAll("[data-ordered]")) list.addEventListener("click", move);
  for (const button of document.querySelectorAll("[data-add-row]")) {
    button.hidden = false;
    button.addEventListener("click", () => addRow(button));
  }
  const strategy = document.querySelector("form select[name=strategy]");
  if (strategy) {
    strategy.addEventListener("change", () => settings(strategy));
    settings(strategy);
  }
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  for (const box of document.querySelectorAll("select[data-go], input[data-go]")) {
    box.addEventListener("change", () => box.form.requestSubmit());
  }
  document.querySelector(":is(input, select, textarea)[aria-invalid=true]")?.focus();
  document.body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-Switchroom-CSRF"] = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  });
  if (document.body.dataset.signedIn === undefined) return;
  live.addEventListener("change", health);
  setInterval(health, 1000);
  live.start();
  window.htmx = htmx;
}
