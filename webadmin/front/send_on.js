// Who is to get the call: colleagues and workgroups with their state as it is now, free ones first, or a typed number.
import { field, keyed, Stream } from "./live.js";
import { say, setText, show, sign, word } from "./words.js";

const SHOWN_MAX = 30;
const NUMBER = /^\+?(?:[ ()-]*[0-9]){2,20}[ ()-]*$/;
const ORDER = ["available", "queue", "wrap_up", "ringing", "talking", "on_break", "missed", "unreachable", "signed_out"];

// Small letters without accents, so that "muller" finds Müller.
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

export class SendOn {
  #menu;
  #agent;
  #send;
  #stream = new Stream("/live/colleagues");
  #input;
  #list;
  #template;
  #order = null;
  #chosen = "";

  // `send` is given what is to be asked of the daemon: a queue, an agent, or a number.
  constructor(menu, agent, send) {
    this.#menu = menu;
    this.#agent = agent;
    this.#send = send;
    this.#input = menu.querySelector("input");
    this.#list = menu.querySelector("[role=listbox]");
    this.#template = document.querySelector("#send-to-one");
    menu.addEventListener("toggle", () => (menu.open ? this.#opened() : this.#stream.close()));
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("click", (event) => this.#take(event.target.closest("[role=option]")?.dataset.key));
    this.#stream.addEventListener("change", () => this.#draw());
    this.#stream.addEventListener("lost", () => this.#lost());
  }

  open() {
    this.#menu.open = true;
    this.#input.focus();
  }

  clear() {
    this.#input.value = "";
    this.#chosen = "";
  }

  #opened() {
    this.#lost();
    this.#stream.close();
    this.#stream.open();
    this.#input.focus();
  }

  // What is old is not shown; a number can be dialled all the same.
  #lost() {
    this.#stream.view = null;
    this.#order = null;
    this.#draw();
  }

  #typed() {
    this.#order = null;
    this.#chosen = "";
    this.#draw();
  }

  get #text() {
    return this.#input.value.trim();
  }

  // Entries by key, as they are at this moment.
  #entries() {
    const found = new Map();
    const { agents = {}, queues = {} } = this.#stream.view ?? {};
    for (const [slug, agent] of Object.entries(agents)) {
      if (slug === this.#agent) continue;
      const free = agent.state === "available";
      const text = { name: agent.name || slug, extension: agent.extension ?? "", word: word("state", agent.state) };
      found.set(`agent/${slug}`, { slug, free, state: agent.state, to: { to_agent: slug }, ...text });
    }
    for (const [slug, queue] of Object.entries(queues)) {
      const said = say("send", "queue", { waiting: queue.waiting ?? 0, free: queue.agents?.available ?? 0 });
      const text = { name: queue.title || slug, extension: "", word: said };
      found.set(`queue/${slug}`, { slug, free: true, state: "queue", to: { queue: slug }, ...text });
    }
    return found;
  }

  // The order is made when the menu opens and when something is typed: nothing jumps under the pointer meanwhile.
  #arranged(entries) {
    const wanted = plain(this.#text);
    const fits = ({ slug, name, extension }) => plain(`${name} ${slug} ${extension}`).includes(wanted);
    const first = ({ extension, name }) => (wanted && (extension === this.#text || plain(name).startsWith(wanted)) ? 0 : 1);
    const rank = (one) => [first(one), ORDER.indexOf(one.state)];
    return [...entries]
      .filter(([, one]) => fits(one))
      .sort(([, a], [, b]) => rank(a)[0] - rank(b)[0] || rank(a)[1] - rank(b)[1] || a.name.localeCompare(b.name))
      .map(([key]) => key);
  }

  #draw() {
    if (!this.#menu.open) return;
    const entries = this.#entries();
    if (this.#stream.view) this.#order ??= this.#arranged(entries);
    const shown = (this.#order ?? []).filter((key) => entries.has(key)).map((key) => [key, entries.get(key)]);
    const left = Math.max(shown.length - SHOWN_MAX, 0);
    shown.length = Math.min(shown.length, SHOWN_MAX);
    if (NUMBER.test(this.#text)) shown.unshift(["number", this.#number()]);
    keyed(this.#list, this.#template, shown, (element, one, key) => this.#fill(element, one, key));
    if (!shown.some(([key]) => key === this.#chosen)) this.#chosen = this.#text && shown.length ? shown[0][0] : "";
    this.#mark();
    const none = shown.length ? "" : word("send", "none");
    const said = this.#stream.view === null ? word("send", "connecting") : none;
    setText(field(this.#menu, "send-none"), left ? say("send", "more", { count: left }) : said);
    show(field(this.#menu, "send-none"), Boolean(left || said));
  }

  #number() {
    const number = this.#text.replace(/[^0-9+]/g, "");
    return { free: true, state: "number", name: say("send", "number", { number }), extension: "", word: "", to: { number } };
  }

  #fill(element, one, key) {
    element.id = `send-${key.replace(/[^a-z0-9-]/g, "-")}`;
    element.dataset.state = one.state;
    element.setAttribute("aria-disabled", String(!one.free));
    setText(field(element, "sign"), sign(one.state) || { queue: "☰", number: "→" }[one.state]);
    setText(field(element, "name"), one.name);
    setText(field(element, "extension"), one.extension);
    setText(field(element, "word"), one.word);
  }

  #mark() {
    let active = null;
    for (const element of this.#list.children) {
      const chosen = element.dataset.key === this.#chosen;
      element.setAttribute("aria-selected", String(chosen));
      if (chosen) active = element;
    }
    if (active) this.#input.setAttribute("aria-activedescendant", active.id);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    const keys = [...this.#list.children].map((element) => element.dataset.key);
    const at = keys.indexOf(this.#chosen);
    if (event.key === "ArrowDown") this.#choose(keys[Math.min(at + 1, keys.length - 1)]);
    else if (event.key === "ArrowUp") this.#choose(keys[Math.max(at - 1, 0)]);
    else if (event.key === "Enter" && !event.isComposing) this.#take(this.#chosen);
    else return;
    event.preventDefault();
  }

  #choose(key) {
    this.#chosen = key ?? "";
    this.#mark();
    this.#list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  // Somebody who is not free is asked for as well: the daemon knows best, and says why not.
  #take(key) {
    const one = key === "number" ? this.#number() : this.#entries().get(key);
    if (one) this.#send(one.to);
  }
}
