// Commands to the daemon. A command carries a token, so it may be sent again until it was answered: it is done once.
import { say, setText, show, word } from "./words.js";

const TRIES_MS = 15000;
const PAUSE_MS = 700;

function csrf() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

export function notice(kind, text) {
  const box = document.querySelector("#notice");
  if (!box) return;
  box.dataset.kind = kind;
  setText(box.querySelector("[data-f=text]"), text);
  show(box, Boolean(text));
}

export function startCommands() {
  document.querySelector("#notice [data-do=close]")?.addEventListener("click", () => notice("", ""));
}

export function problemText(problem) {
  const text = say("problem", problem.code, { detail: problem.detail ?? "", field: problem.field ?? "" });
  return text === problem.code ? word("problem", "other") : text;
}

// Gives the daemon's reply, or null after it was said why there is none.
export async function command(tag, body = {}) {
  const token = crypto.randomUUID();
  const deadline = performance.now() + TRIES_MS;
  let said = "";
  for (;;) {
    let why = "daemon_away";
    try {
      const answer = await fetch(`/commands/${tag}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Switchroom-CSRF": csrf() },
        body: JSON.stringify({ ...body, token }),
      });
      if (answer.status === 401) {
        window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`);
        return null;
      }
      if (answer.status < 500) {
        const reply = await answer.json();
        const problems = reply.problems ?? [];
        notice(problems.length ? "problem" : "", problems.map(problemText).join(" "));
        return problems.length ? null : reply;
      }
      if (answer.headers.get("Content-Type")?.startsWith("application/json")) why = "not_kept";
    } catch {
      // The way to the daemon is broken: said below, and tried again.
    }
    if (performance.now() > deadline) {
      notice("problem", word("problem", why === "not_kept" ? "unavailable" : "daemon_gone"));
      return null;
    }
    if (said !== why) notice("wait", word("problem", why));
    said = why;
    await pause(PAUSE_MS);
  }
}
