// The floor and the wallboard: queues, agents and callers in place, from the live view.
import { drawFormula, drawSpent, field, keyed, live, timed } from "./live.js";
import { say, setText, show, sign, word } from "./words.js";

const SHOWN_STATES = ["available", "ringing", "talking", "wrap_up", "on_break", "missed", "unreachable", "signed_out"];

function by(name) {
  return ([slug, a], [other, b]) => (a[name] || slug).localeCompare(b[name] || other);
}

function drawState(element, state) {
  element.dataset.state = state;
  setText(field(element, "sign"), sign(state));
  setText(field(element, "word"), word("state", state));
}

function drawQueue(element, queue, slug) {
  setText(field(element, "title"), queue.title || slug);
  setText(field(element, "waiting"), String(queue.waiting ?? 0));
  element.toggleAttribute("data-waiting", (queue.waiting ?? 0) > 0);
  timed(field(element, "longest"), queue.longest_since, "—");
  setText(field(element, "answered"), String(queue.answered ?? 0));
  setText(field(element, "abandoned"), String(queue.abandoned ?? 0));
  setText(field(element, "asa"), queue.speed_of_answer ? `${queue.speed_of_answer} ${word("desk", "seconds")}` : "—");
  setText(field(element, "level"), queue.service_level ? `${queue.service_level} %` : "—");
  drawFormula(element, queue);
  setText(field(element, "within"), String(queue.answer_within_s ?? 20));
  const seconds = word("desk", "seconds");
  setText(field(element, "expected"), queue.expected_high_s ? `${queue.expected_low_s ?? 0}–${queue.expected_high_s} ${seconds}` : word("desk", "no_data"));
  const kept = [
    share("came_true", queue.expected_told_today, queue.expected_inside_today),
    share("came_true_lately", queue.expected_told, queue.expected_inside),
  ];
  setText(field(element, "inside"), kept.filter(Boolean).join(" · ") || "—");
  setText(field(element, "callbacks"), String(queue.callbacks_waiting ?? 0));
  const states = SHOWN_STATES.filter((state) => queue.agents?.[state]).map((state) => [state, queue.agents[state]]);
  keyed(field(element, "states"), document.querySelector("#floor-state"), states, (item, count, state) => {
    drawState(item, state);
    setText(field(item, "count"), String(count));
  });
}

// How often what was said has come true; nothing where nothing was said.
function share(name, told = 0, inside = 0) {
  return told ? say("desk", name, { percent: ((100 * inside) / told).toFixed(1), told }) : "";
}

function drawAgent(element, agent, slug) {
  drawState(element, agent.state);
  setText(field(element, "name"), agent.name || slug);
  setText(field(element, "extension"), agent.extension ?? "");
  timed(field(element, "timer"), agent.state === "signed_out" ? 0 : agent.since);
  show(field(element, "until-line"), Boolean(agent.until));
  field(element, "until").dataset.until = String(agent.until || 0);
  const call = agent.interaction ? live.view.calls[agent.interaction] : null;
  const doing = call ? [live.view.queues[call.queue]?.title || call.queue, call.caller_number].filter(Boolean).join(" · ") : "";
  setText(field(element, "doing"), doing || (agent.cause ? word("cause", agent.cause) : reason(agent)));
  setText(field(element, "after"), doing ? after(agent) : "");
  drawSpent(element, agent.state === "on_break" ? agent.spent_at : 0);
}

function reason(agent) {
  return agent.state === "on_break" && agent.reason ? word("reason", agent.reason) : after(agent);
}

// What an agent will do once the call is over.
function after(agent) {
  if (agent.leaves) return say("desk", "sign_off_asked", {});
  return agent.reason ? say("desk", "break_asked", { reason: word("reason", agent.reason) }) : "";
}

function drawCallback(element, call) {
  setText(field(element, "place"), call.place ? String(call.place) : "");
  setText(field(element, "number"), call.caller_number || word("desk", "withheld"));
  setText(field(element, "name"), call.caller_name ?? "");
  setText(field(element, "queue"), live.view.queues[call.queue]?.title || call.queue || "");
  setText(field(element, "attempt"), say("desk", "attempt", { attempt: call.attempt, attempts: call.attempts ?? call.attempt }));
  setText(field(element, "next"), word("next", call.next ?? ""));
  show(field(element, "at"), Boolean(call.next_at) && call.next === "later");
  field(element, "at").dataset.until = String(call.next_at || 0);
  timed(field(element, "timer"), call.entered_at || call.began);
  show(field(element, "expires"), Boolean(call.expires_at));
  field(element, "expires").dataset.until = String(call.expires_at || 0);
}

function drawCall(element, call) {
  const place = call.place ?? 0;
  setText(field(element, "place"), place ? String(place) : "");
  setText(field(element, "number"), call.caller_number || word("desk", "withheld"));
  setText(field(element, "name"), call.caller_name ?? "");
  setText(field(element, "queue"), live.view.queues[call.queue]?.title || call.queue || "");
  setText(field(element, "word"), word("call", call.state));
  timed(field(element, "timer"), call.entered_at || call.began);
}

function draw(root) {
  const { queues, agents, calls } = live.view;
  const mine = Object.entries(queues).sort(by("title"));
  keyed(field(root, "queues"), root.querySelector("#floor-queue"), mine, drawQueue);
  keyed(field(root, "agents"), root.querySelector("#floor-agent"), Object.entries(agents).sort(by("name")), drawAgent);
  const waiting = Object.entries(calls)
    .filter(([, call]) => (call.state === "waiting" || call.state === "offered") && !call.next)
    .sort(([, a], [, b]) => (a.queue ?? "").localeCompare(b.queue ?? "") || (a.place ?? 0) - (b.place ?? 0) || (a.entered_at ?? 0) - (b.entered_at ?? 0));
  const callers = field(root, "callers");
  if (callers) {
    keyed(callers, root.querySelector("#floor-call"), waiting, drawCall);
    show(field(root, "no-callers"), waiting.length === 0);
  }
  const callbacks = field(root, "callbacks-promised");
  if (callbacks) {
    const promised = Object.entries(calls).filter(([, call]) => call.next);
    promised.sort(([, a], [, b]) => (a.queue ?? "").localeCompare(b.queue ?? "") || (a.entered_at ?? 0) - (b.entered_at ?? 0));
    keyed(callbacks, root.querySelector("#floor-callback"), promised, drawCallback);
    show(field(root, "no-promised"), promised.length === 0);
  }
  show(field(root, "no-queues"), mine.length === 0);
  show(field(root, "no-agents"), Object.keys(agents).length === 0);
  show(field(root, "first"), false);
}

export function startFloor() {
  const root = document.querySelector("#floor");
  if (!root) return;
  live.addEventListener("change", () => draw(root));
  root.querySelector("[data-do=full-screen]")?.addEventListener("click", () => document.documentElement.requestFullscreen());
}
