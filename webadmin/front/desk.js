// The agent's desk: state, call, past calls, wrap-up; all of it drawn from the live view of this agent.
import htmx from "htmx.org";
import { command } from "./commands.js";
import { drawFormula, drawSpent, field, keyed, live, timed } from "./live.js";
import { SendOn } from "./send_on.js";
import { duration, say, setText, show, sign, word } from "./words.js";

const SAVE_MS = 800;
const OPEN_STATES = new Set(["ringing", "talking", "wrap_up"]);

class Desk {
  #root;
  #agent;
  #shown = "";
  #saving = 0;
  #saved = "";
  #disposition = "";
  #sent = "";
  #sendOn;

  constructor(root) {
    this.#root = root;
    this.#agent = root.dataset.agent;
    this.#sendOn = new SendOn(this.#part("send-on"), this.#agent, (to) => this.#transfer(to));
    root.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#note.addEventListener("input", () => this.#later());
    this.#note.addEventListener("blur", () => this.#save());
    live.addEventListener("change", () => this.#draw());
  }

  get #note() {
    return this.#root.querySelector("[name=note]");
  }

  get #me() {
    return live.view?.agents[this.#agent] ?? null;
  }

  #part(name) {
    return field(this.#root, name);
  }

  #draw() {
    const me = this.#me;
    const state = me?.state ?? "signed_out";
    this.#root.dataset.state = state;
    this.#drawState(me, state);
    this.#drawCall(me, state);
    this.#drawToday(me);
    this.#drawQueues();
  }

  #drawState(me, state) {
    const button = this.#part("state");
    button.dataset.state = state;
    setText(field(button, "sign"), sign(state));
    setText(field(button, "word"), word("state", state));
    timed(field(button, "timer"), state === "signed_out" ? 0 : me?.since);
    const asked = Boolean(me?.reason) && state !== "on_break";
    setText(this.#part("reason"), this.#reason(me, state, asked));
    this.#drawEnds(me, state);
    const call = live.view.calls[me?.interaction];
    const now = new Set([state, asked && "asked", me?.leaves && "leaves", state === "ringing" && !call?.next && "live"]);
    for (const item of this.#root.querySelectorAll("[data-in]")) {
      show(item, item.dataset.in.split(" ").some((wanted) => now.has(wanted)));
    }
  }

  #reason(me, state, asked) {
    const title = me?.reason ? word("reason", me.reason) : "";
    if (me?.leaves) return say("desk", "sign_off_asked", {});
    if (asked) return say("desk", "break_asked", { reason: title });
    return title;
  }

  #drawEnds(me, state) {
    const until = state === "missed" ? me.until : 0;
    show(this.#part("back-line"), Boolean(until));
    this.#part("back").dataset.until = String(until || 0);
    setText(this.#part("missed-why"), state === "missed" ? word("missed", me.cause ?? "") : "");
    drawSpent(this.#root, state === "on_break" ? me.spent_at : 0);
  }

  #drawCall(me, state) {
    const interaction = OPEN_STATES.has(state) ? (me?.interaction ?? "") : "";
    const call = interaction ? live.view.calls[interaction] : null;
    show(this.#part("no-call"), !interaction);
    show(this.#part("call"), Boolean(interaction));
    if (interaction !== this.#shown) this.#turn(interaction);
    if (!interaction) return;
    if (me.disposition && !this.#disposition) {
      this.#disposition = this.#sent = me.disposition;
      this.#mark();
    }
    const card = this.#part("call");
    card.dataset.state = state;
    setText(field(card, "sign"), sign(state));
    setText(field(card, "word"), word("state", state));
    field(card, "since").dataset.since = String(me.since);
    show(field(card, "until-line"), Boolean(me.until) && state === "wrap_up");
    field(card, "until").dataset.until = String(me.until ?? 0);
    this.#drawCallback(card, call, state);
    if (!call) return;
    setText(field(card, "number"), call.caller_number || word("desk", "withheld"));
    setText(field(card, "name"), call.caller_name ?? "");
    setText(field(card, "queue"), this.#queue(me.queue || call.queue));
    setText(field(card, "dialled"), call.number ?? "");
    setText(field(card, "path"), (call.path ?? []).join(" → "));
    show(field(card, "path-word"), (call.path ?? []).length > 0);
    this.#drawWait(field(card, "wait"), call, state);
  }

  // Of any workgroup, also one that this agent only helps.
  #queue(slug) {
    return slug ? word("queue", slug) : "";
  }

  #drawCallback(card, call, state) {
    const attempt = call?.attempt ?? 0;
    show(field(card, "callback"), attempt > 0);
    show(field(card, "next"), state === "ringing" && Boolean(call?.next));
    if (!attempt) return;
    setText(field(card, "attempt"), say("desk", "attempt", { attempt, attempts: call.attempts ?? attempt }));
    setText(field(card, "next"), call.next ? word("next", call.next) : "");
  }

  #drawWait(element, call, state) {
    const entered = call.entered_at ?? 0;
    if (state === "ringing" && entered) {
      element.dataset.since = String(entered);
      return;
    }
    if ((state === "talking" || state === "wrap_up") && element.dataset.for !== call.interaction) {
      const ended = call.state === "wrap_up" ? (call.wait_us ?? 0) : undefined;
      const waited_us = state === "talking" ? entered && call.since - entered : ended;
      element.dataset.for = call.interaction;
      delete element.dataset.since;
      setText(element, waited_us === undefined ? "—" : duration(waited_us / 1e6));
    }
  }

  #turn(interaction) {
    this.#save();
    clearTimeout(this.#saving);
    this.#shown = interaction;
    this.#disposition = "";
    this.#sent = "";
    this.#note.value = "";
    this.#saved = "";
    this.#sendOn.clear();
    this.#closeMenus();
    this.#mark();
    const wait = field(this.#part("call"), "wait");
    delete wait.dataset.since;
    delete wait.dataset.for;
    setText(wait, "");
    const past = this.#part("past");
    show(this.#part("past-empty"), !interaction);
    past.replaceChildren();
    document.title = interaction ? `${sign("ringing")} ${this.#root.dataset.title}` : this.#root.dataset.title;
    if (interaction) this.#recall(interaction, past);
  }

  // What was known before: the caller's earlier calls, and the note that was written before this page was loaded.
  async #recall(interaction, past) {
    await htmx.ajax("GET", `/desk/past/${encodeURIComponent(interaction)}`, { target: past, swap: "innerHTML" });
    const text = field(past, "own-note")?.textContent ?? "";
    if (interaction !== this.#shown || this.#saved || this.#note.value || !text) return;
    this.#note.value = this.#saved = text;
  }

  #drawToday(me) {
    const handled = me?.handled ?? 0;
    setText(this.#part("handled"), String(handled));
    setText(this.#part("talk"), handled ? duration((me.talk_us ?? 0) / handled / 1e6) : "—");
    setText(this.#part("missed"), String(me?.missed ?? 0));
    setText(this.#part("extension"), me?.extension ?? "");
  }

  #drawQueues() {
    const queues = Object.entries(live.view.queues).sort(([, a], [, b]) => (a.title || a.queue).localeCompare(b.title || b.queue));
    keyed(this.#part("queues"), this.#root.querySelector("#desk-queue"), queues, (element, queue) => {
      setText(field(element, "title"), queue.title || queue.queue);
      setText(field(element, "waiting"), say("desk", "waiting", { count: queue.waiting ?? 0 }));
      timed(field(element, "longest"), queue.longest_since);
      show(field(element, "longest-line"), Boolean(queue.longest_since));
      setText(field(element, "level"), queue.service_level ? `${queue.service_level} %` : "—");
      drawFormula(element, queue);
    });
  }

  #clicked(event) {
    const button = event.target.closest("[data-do]");
    if (!button || !this.#root.contains(button)) return;
    event.preventDefault();
    this.#do(button.dataset.do, button.dataset);
    this.#closeMenus();
  }

  #closeMenus() {
    for (const menu of this.#root.querySelectorAll("details[data-menu]")) menu.open = false;
  }

  async #do(what, data) {
    const interaction = this.#shown;
    if (what === "take-break") await command(what, { reason: data.reason });
    else if (what === "hang-up-call") await command(what, { interaction });
    else if (what === "extend-wrap-up") await command(what, { by_s: 30 });
    else if (what === "dispose") await this.#dispose(data.disposition);
    else if (what === "end-wrap-up") {
      await this.#save();
      await command(what);
    } else await command(what);
  }

  // After a refusal the menu is open again, with what was typed.
  async #transfer(to) {
    const interaction = this.#shown;
    this.#closeMenus();
    const done = await command("transfer-call", { interaction, ...to });
    if (!done && interaction === this.#shown && this.#root.dataset.state === "talking") this.#sendOn.open();
  }

  async #dispose(disposition) {
    this.#disposition = disposition;
    this.#mark();
    await this.#save();
  }

  #mark() {
    for (const button of this.#root.querySelectorAll("[data-do=dispose]")) {
      button.setAttribute("aria-pressed", String(button.dataset.disposition === this.#disposition));
    }
    setText(this.#part("note-state"), "");
  }

  #later() {
    clearTimeout(this.#saving);
    setText(this.#part("note-state"), word("desk", "note_writing"));
    this.#saving = setTimeout(() => this.#save(), SAVE_MS);
  }

  async #save() {
    clearTimeout(this.#saving);
    const interaction = this.#shown;
    const note = this.#note.value;
    const disposition = this.#disposition;
    if (!interaction || (note === this.#saved && disposition === this.#sent)) return;
    const changed = {};
    if (note !== this.#saved) changed.note = note;
    if (disposition !== this.#sent) changed.disposition = disposition;
    this.#saved = note;
    this.#sent = disposition;
    const reply = await command("conclude", { interaction, ...changed });
    if (interaction !== this.#shown) return;
    if (!reply) this.#saved = this.#sent = "";
    setText(this.#part("note-state"), reply ? word("desk", "note_saved") : word("desk", "note_unsaved"));
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select, dialog")) return;
    const wanted = event.key.toLowerCase();
    for (const button of this.#root.querySelectorAll("[data-key]")) {
      if (button.dataset.key !== wanted || button.closest("[hidden]")) continue;
      event.preventDefault();
      button.click();
      if (button.parentElement.open) button.parentElement.querySelector("input, .menu-item").focus();
      return;
    }
    if (wanted === "n" && this.#shown) {
      event.preventDefault();
      this.#note.focus();
    }
  }
}

export function startDesk() {
  const root = document.querySelector("#desk[data-agent]");
  if (root) new Desk(root);
}
