// The stream of what happens now: the whole view first, then its changed members, and a delta with the time every two seconds.
import { duration, setText, show, word } from "./words.js";

const STALE_MS = 5000;
const AGAIN_MS = 500;

// One stream of the daemon, opened again by itself until it is closed; says "change", and "lost" while it is away.
export class Stream extends EventTarget {
  view = null;
  #address;
  #source = null;
  #again = 0;

  constructor(address) {
    super();
    this.#address = address;
  }

  open() {
    const source = (this.#source = new EventSource(this.#address));
    source.addEventListener("view", (event) => this.#whole(JSON.parse(event.data)));
    source.addEventListener("delta", (event) => this.#merge(JSON.parse(event.data)));
    source.addEventListener("signed-out", () => {
      this.close();
      window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`);
    });
    source.addEventListener("error", () => {
      this.close();
      this.#again = setTimeout(() => this.open(), AGAIN_MS + Math.random() * AGAIN_MS);
      this.dispatchEvent(new Event("lost"));
    });
  }

  close() {
    clearTimeout(this.#again);
    this.#source?.close();
    this.#source = null;
  }

  #whole(view) {
    this.view = { agents: {}, queues: {}, calls: {}, ...view };
    this.dispatchEvent(new Event("change"));
  }

  #merge(delta) {
    if (this.view === null) return;
    for (const topic of ["agents", "queues", "calls"]) {
      for (const [key, value] of Object.entries(delta[topic] ?? {})) {
        if (value === null) delete this.view[topic][key];
        else this.view[topic][key] = value;
      }
    }
    if (delta.health) this.view.health = delta.health;
    this.view.now = delta.now;
    this.dispatchEvent(new Event("change"));
  }
}

// What this person sees of the floor, and the clocks of the page that follow it.
class Live extends Stream {
  #offset_us = 0;
  #heard_ms = 0;
  #lost = false;

  constructor() {
    super("/live");
    this.addEventListener("change", () => this.#hear());
    this.addEventListener("lost", () => {
      this.#lost = true;
      this.#tick();
    });
  }

  start() {
    this.open();
    setInterval(() => this.#tick(), 250);
    document.addEventListener("visibilitychange", () => document.hidden || this.#tick());
  }

  now() {
    return performance.now() * 1000 + this.#offset_us;
  }

  get fresh() {
    return this.view !== null && !this.#lost && performance.now() - this.#heard_ms < STALE_MS;
  }

  #hear() {
    this.#offset_us = this.view.now - performance.now() * 1000;
    this.#heard_ms = performance.now();
    this.#lost = false;
    this.#tick();
  }

  #tick() {
    const root = document.documentElement;
    const state = this.view === null ? "waiting" : this.fresh ? "fresh" : "stale";
    if (root.dataset.live !== state) root.dataset.live = state;
    show(document.querySelector("#live-stale"), state === "stale");
    if (state === "stale") {
      setText(document.querySelector("#live-age"), duration((performance.now() - this.#heard_ms) / 1000));
    }
    if (state !== "fresh") return;
    for (const element of document.querySelectorAll("[data-since]")) {
      const since = Number(element.dataset.since);
      if (since) setText(element, duration((this.now() - since) / 1e6));
    }
    for (const element of document.querySelectorAll("[data-until]")) {
      const until = Number(element.dataset.until);
      if (until) setText(element, duration((until - this.now()) / 1e6));
    }
  }
}

export const live = new Live();

// Keeps one element an entry, in the order given: what stays is changed in place, so that nothing jumps under the pointer.
export function keyed(container, template, entries, fill) {
  const present = new Map([...container.children].filter((child) => child.dataset.key).map((child) => [child.dataset.key, child]));
  let after = null;
  for (const [key, value] of entries) {
    let element = present.get(key);
    if (element) present.delete(key);
    else {
      element = template.content.firstElementChild.cloneNode(true);
      element.dataset.key = key;
    }
    const place = after ? after.nextElementSibling : container.firstElementChild;
    if (place !== element) container.insertBefore(element, place);
    fill(element, value, key);
    after = element;
  }
  for (const element of present.values()) element.remove();
}

// A running time: since when, or what stands there while nothing runs.
export function timed(element, since, otherwise = "") {
  element.dataset.since = String(since || 0);
  if (!since) setText(element, otherwise);
}

export function field(element, name) {
  return element.querySelector(`[data-f="${name}"]`);
}

// The name of the service level's formula, beside the figure and below the figures.
export function drawFormula(element, queue) {
  field(element, "formula").title = word("formula", queue.formula ?? "");
  setText(document.querySelector("[data-f=formula-line]"), word("formula", `${queue.formula}-line`));
}

// Of a break of so many minutes a day: how long they last, or that they are used up.
export function drawSpent(element, spent_at) {
  const over = Boolean(spent_at) && live.now() >= spent_at;
  show(field(element, "spent-line"), Boolean(spent_at));
  setText(field(element, "spent-word"), word("desk", over ? "spent" : "spent_in"));
  show(field(element, "spent"), !over);
  field(element, "spent").dataset.until = String(spent_at || 0);
}
