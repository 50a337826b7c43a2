// The frame round every page: menus that close, the health lamp, the keys.
import htmx from "htmx.org";
import { live } from "./live.js";
import { setText, word } from "./words.js";

function health() {
  const lamp = document.querySelector("#health");
  if (!lamp) return;
  const parts = live.fresh ? Object.entries(live.view?.health?.parts ?? {}) : [];
  const bad = parts.filter(([, state]) => state !== "ok");
  const state = !live.fresh ? "unknown" : bad.length ? "bad" : "ok";
  if (lamp.dataset.state !== state) lamp.dataset.state = state;
  setText(lamp.querySelector("[data-f=word]"), word("health", state));
}

export function startFrame() {
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
