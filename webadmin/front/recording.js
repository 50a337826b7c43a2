// A recording's two channels as a waveform, the caller above and the agent below; the timeline beside it jumps into it.
import { duration, setText, show } from "./words.js";

const STEP_S = 5;

class Recording {
  #root;
  #audio;
  #canvas;
  #peaks = null;
  #seconds = 0;

  constructor(root) {
    this.#root = root;
    this.#audio = root.querySelector("audio");
    this.#canvas = root.querySelector("canvas");
    const slider = root.querySelector("[role=slider]");
    slider.addEventListener("click", (event) => this.#pointed(event));
    slider.addEventListener("keydown", (event) => this.#key(event));
    root.querySelector("[data-do=play]").addEventListener("click", () => this.#toggle());
    for (const event of ["timeupdate", "play", "pause", "ended", "seeked"]) this.#audio.addEventListener(event, () => this.#draw());
    this.#audio.addEventListener("loadedmetadata", () => {
      this.#seconds = this.#audio.duration;
      this.#draw();
    });
    this.#audio.addEventListener("error", () => show(root.querySelector("[data-f=broken]"), true));
    for (const button of document.querySelectorAll("[data-hear]")) {
      button.addEventListener("click", () => this.#hear(Number(button.dataset.hear)));
    }
    new ResizeObserver(() => this.#draw()).observe(this.#canvas);
    this.#load();
  }

  async #load() {
    const answer = await fetch(this.#root.dataset.peaks);
    if (!answer.ok) {
      show(this.#root.querySelector("[data-f=broken]"), true);
      return;
    }
    const { channels, seconds } = await answer.json();
    this.#peaks = channels;
    this.#seconds = seconds;
    this.#root.dataset.ready = "";
    this.#draw();
  }

  #toggle() {
    if (this.#audio.paused) this.#audio.play();
    else this.#audio.pause();
  }

  #hear(seconds) {
    this.#audio.currentTime = Math.max(0, Math.min(seconds, this.#seconds));
    this.#audio.play();
    this.#root.scrollIntoView({ block: "nearest" });
  }

  #pointed(event) {
    const box = this.#canvas.getBoundingClientRect();
    this.#audio.currentTime = (this.#seconds * (event.clientX - box.left)) / box.width;
  }

  #key(event) {
    const steps = { ArrowRight: STEP_S, ArrowUp: STEP_S, ArrowLeft: -STEP_S, ArrowDown: -STEP_S, PageUp: 6 * STEP_S, PageDown: -6 * STEP_S };
    if (event.key in steps) this.#audio.currentTime = Math.max(0, this.#audio.currentTime + steps[event.key]);
    else if (event.key === "Home") this.#audio.currentTime = 0;
    else if (event.key === "End") this.#audio.currentTime = this.#seconds;
    else if (event.key === " " || event.key === "Enter") this.#toggle();
    else return;
    event.preventDefault();
  }

  #draw() {
    const at = this.#audio.currentTime;
    const slider = this.#root.querySelector("[role=slider]");
    slider.setAttribute("aria-valuemax", this.#seconds.toFixed(1));
    slider.setAttribute("aria-valuenow", at.toFixed(1));
    slider.setAttribute("aria-valuetext", `${duration(at)} / ${duration(this.#seconds)}`);
    setText(this.#root.querySelector("[data-f=at]"), duration(at));
    setText(this.#root.querySelector("[data-f=length]"), duration(this.#seconds));
    this.#root.toggleAttribute("data-playing", !this.#audio.paused);
    this.#root.querySelector("[data-do=play]").setAttribute("aria-pressed", String(!this.#audio.paused));
    this.#paint(at);
  }

  #paint(at) {
    const scale = window.devicePixelRatio || 1;
    const width = Math.round(this.#canvas.clientWidth * scale);
    const height = Math.round(this.#canvas.clientHeight * scale);
    if (!width || !height) return;
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const paper = this.#canvas.getContext("2d");
    const style = getComputedStyle(this.#root);
    paper.clearRect(0, 0, width, height);
    const colours = ["--wave-caller", "--wave-agent"].map((name) => style.getPropertyValue(name));
    const head = this.#seconds ? (width * at) / this.#seconds : 0;
    (this.#peaks ?? []).forEach((buckets, lane) => {
      const middle = (height * (2 * lane + 1)) / 4;
      const half = height / 4 - 2 * scale;
      for (let x = 0; x < width; x += 2 * scale) {
        const [low, high] = this.#between(buckets, x / width, (x + 2 * scale) / width);
        paper.fillStyle = colours[lane];
        paper.globalAlpha = x <= head ? 1 : 0.45;
        const top = middle - high * half;
        paper.fillRect(x, top, Math.max(1, 1.4 * scale), Math.max(scale, (high - low) * half));
      }
    });
    paper.globalAlpha = 1;
    paper.fillStyle = style.getPropertyValue("--wave-head");
    paper.fillRect(Math.round(head), 0, Math.max(1, scale), height);
  }

  #between(buckets, from, until) {
    const first = Math.floor(from * buckets.length);
    const last = Math.max(first + 1, Math.ceil(until * buckets.length));
    let low = 0;
    let high = 0;
    for (const [least, most] of buckets.slice(first, last)) {
      low = Math.min(low, least);
      high = Math.max(high, most);
    }
    return [low, high];
  }
}

export function startRecording() {
  const root = document.querySelector("#recording");
  if (root) new Recording(root);
}
