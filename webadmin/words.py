"""The words of states, reasons and problems, with their signs: never a colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance import api, live
from appliance.core import model
from appliance.core.figures import Formula, Measure
from webadmin.texts import Texts, marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of the page for a word of the system."""

    text: str
    sign: str = ""


STATES: Mapping[str, Word] = {
    "available": Word(text=marked("Available"), sign="●"),
    "ringing": Word(text=marked("Ringing"), sign="◉"),
    "talking": Word(text=marked("Talking"), sign="▶"),
    "wrap_up": Word(text=marked("Wrap-up"), sign="◔"),
    "on_break": Word(text=marked("On break"), sign="‖"),
    "missed": Word(text=marked("Missed"), sign="!"),
    "unreachable": Word(text=marked("Phone unreachable"), sign="⚠"),
    "signed_out": Word(text=marked("Signed out"), sign="○"),
}
CALLS: Mapping[str, Word] = {
    "flow": Word(text=marked("In the menu"), sign="☰"),
    "waiting": Word(text=marked("Waiting"), sign="◷"),
    "offered": Word(text=marked("Ringing at an agent"), sign="◉"),
    "talking": Word(text=marked("Talking"), sign="▶"),
    "forwarded": Word(text=marked("Forwarded"), sign="↪"),
    "callback": Word(text=marked("To be called back"), sign="↩"),
    "calling": Word(text=marked("Called back"), sign="◉"),
}
OUTCOMES: Mapping[str, Word] = {
    "answered": Word(text=marked("Answered"), sign="✓"),
    "abandoned": Word(text=marked("Abandoned"), sign="✕"),
    "flowed_out": Word(text=marked("Left the workgroup"), sign="↪"),
    "callback": Word(text=marked("Callback"), sign="↩"),
    "self_served": Word(text=marked("Served by the menu"), sign="☰"),
    "failed": Word(text=marked("Failed"), sign="!"),
}
STRETCHES: Mapping[str, str] = {
    "flow": marked("In the menu"),
    "waiting": marked("Waiting"),
    "talking": marked("Talking"),
    "forwarded": marked("Forwarded"),
    "callback": marked("To be called back"),
    "calling": marked("Called back"),
}
CAUSES: Mapping[str, str] = {
    "caller": marked("The caller hung up"),
    "agent": marked("The agent hung up"),
    "flow": marked("The menu ended the call"),
    "exchange": marked("The exchange ended the call by itself"),
    "switch_failure": marked("The exchange failed"),
    "internal_error": marked("An internal error; the fall-back took the call"),
    "unknown_number": marked("The dialled number is none of ours"),
    "flow_loop": marked("The menu went in circles and was ended"),
    "blocked": marked("The caller is blocked"),
    "callback_expired": marked("Too late to call back"),
    "callback_no_answer": marked("Called back, nobody answered"),
    "callback_busy": marked("Called back, the line was busy"),
    "callback_refused": marked("Called back, the call was refused"),
    "callback_unreachable": marked("Called back, the number could not be reached"),
    "callback_no_number": marked("There was no number to call back"),
    "callback_failed": marked("Called back, the call failed"),
    "callback_not_confirmed": marked("Called back, nobody pressed 1"),
}
UNRECORDED: Mapping[str, str] = {
    "policy": marked("Calls of this workgroup are not recorded."),
    "disk": marked("The disk had too little room when the call began to wait."),
    "cut": marked("The disk ran out of room in the middle: what was said after that is not recorded."),
    "late": marked("An agent picked up before the exchange could be told to record."),
    "failed": marked("The exchange did not record, although it was told to."),
}
"Why a call was not recorded, or not to its end."
OFFER_CAUSES: Mapping[str, str] = {
    "no_answer": marked("nobody picked up"),
    "busy": marked("the phone was busy"),
    "refused": marked("the agent refused"),
    "unreachable": marked("the phone could not be reached"),
    "failed": marked("the call to the phone failed"),
}
MISSED: Mapping[str, str] = {
    "no_answer": marked("Your phone rang and nobody picked up."),
    "busy": marked("A call came for you, and your phone was busy."),
    "refused": marked("A call was refused at your phone."),
    "unreachable": marked("A call came for you, and your phone could not be reached."),
    "failed": marked("A call came for you, and the way to your phone failed."),
}
"What an agent is told who missed an offer."
NEXT: Mapping[str, str] = {
    "line": marked("still on the line"),
    "later": marked("next attempt in"),
    "turn": marked("when an agent is free"),
    "pick_up": marked("an agent's phone rings"),
    "customer": marked("the customer's phone rings"),
    "customer_first": marked("the customer's phone rings first"),
    "confirm": marked("is asked to press 1"),
    "waits": marked("on the line, an agent's phone rings"),
}
"What happens next to somebody who is called back."
NEXT_AT_DESK: Mapping[str, str] = {
    "pick_up": marked("Pick up your phone: then the customer is called."),
    "customer": marked("The customer's phone rings. Stay on the line."),
    "customer_first": marked("The customer's phone rings. Yours rings once somebody has picked up there."),
    "confirm": marked("Somebody picked up and is asked to press 1."),
    "waits": marked("The customer is on the line: pick up your phone."),
}
"The same, said to the agent who serves it."
ROLES: Mapping[str, str] = {
    "administrator": marked("Administrator"),
    "supervisor": marked("Supervisor"),
    "agent": marked("Agent"),
}
FORMULAS: Mapping[str, str] = {
    "all_counted": marked("answered in time / (answered + abandoned)"),
    "within_left_out": marked("answered in time / (answered + abandoned), early abandons left out"),
    "within_met": marked("(answered in time + early abandons) / (answered + abandoned)"),
    "answered_only": marked("answered in time / answered"),
}


def formula_text(say: Texts, measure: Measure) -> str:
    """Say what the service level counts."""
    formula = say(FORMULAS[measure.formula])
    if not measure.flow_outs:
        return formula
    return say("{formula}, those who left otherwise counted as not met", formula=formula)


def formula_texts(say: Texts) -> Mapping[str, str]:
    """Give the same for each name that a figure may come with."""
    measures = [Measure(formula=formula, flow_outs=flow_outs) for formula in Formula for flow_outs in (False, True)]
    return {measure.name: formula_text(say, measure) for measure in measures}


AMBER = " ".join(sorted(live.AMBER))
"For the lamp's script."
HEALTH: Mapping[str, str] = {
    "ok": marked("All is well"),
    "amber": marked("Look at this soon"),
    "bad": marked("Needs attention"),
    "unknown": marked("No news"),
}
PARTS: Mapping[str, str] = {
    "exchange": marked("Exchange (Asterisk)"),
    "store": marked("Database"),
    "journal": marked("Journal"),
    "recordings": marked("Recordings"),
    "disk": marked("Disk"),
    "daemon": marked("Daemon"),
    "web": marked("Pages"),
    "prompts": marked("Prompts"),
    "centre": marked("Centre"),
    "clock": marked("Clock"),
    "invariants": marked("Invariants of the routing"),
}
PART_STATES: Mapping[str, str] = {
    "ok": marked("Well"),
    "quarantined": marked("Something could not be digested and was set aside"),
    "broken": marked("Something that must always hold did not; see the log"),
    "not_believed": marked("The wall clock leapt and is not believed"),
    "sealer_down": marked("Recordings are not being sealed"),
    "no_space": marked("The disk is full"),
    "halted": marked("No call begins to be recorded: the disk has too little room"),
    "over_80": marked("More than 80 % full"),
    "over_90": marked("More than 90 % full"),
    "over_95": marked("More than 95 % full"),
    "files_over_80": marked("More than 80 % of its files (inodes) are used"),
    "files_over_90": marked("More than 90 % of its files (inodes) are used"),
    "files_over_95": marked("More than 95 % of its files (inodes) are used"),
    "damaged": marked("Damaged"),
    "down": marked("Down"),
    "lost": marked("Connection lost"),
    "refused": marked("The configuration was refused; the last good one is in use"),
    "waiting": marked("Waiting"),
    "failed": marked("Failed"),
    "connecting": marked("Connecting"),
    "unreachable": marked("Cannot be reached"),
    "away": marked("Not running"),
}
PROBLEMS: Mapping[str, str] = {
    "not_signed_in": marked("Please sign in again."),
    "not_allowed": marked("Your role does not allow this."),
    "csrf": marked("This page has expired; reload it and try again."),
    "invalid": marked("This value is not understood."),
    "stale": marked("Somebody else has changed this in the meantime. Look at it again and repeat your change."),
    "in_use": marked("This still uses it."),
    "busy": marked("The box is busy just now; try again in a moment."),
    "locked_out": marked("Too many failed attempts. Wait 15 minutes, or ask an administrator."),
    "wrong": marked("The name or the password is wrong."),
    "too_long": marked("This is too long."),
    "too_short": marked("This is too short."),
    "too_many": marked("There are too many: {detail} at most."),
    "out_of_range": marked("This must lie within {detail}."),
    "empty": marked("Something is needed here."),
    "twice": marked("This is there twice: {detail}"),
    "missing": marked("Something it names does not exist: {detail}"),
    "unknown": marked("There is nothing of that name: {detail}"),
    "taken": marked("This name is taken: {detail}"),
    "unchanged": marked("Nothing was changed."),
    "unknown_agent": marked("There is no such agent any more."),
    "unknown_reason": marked("There is no such break reason any more; reload the page."),
    "unknown_interaction": marked("This call is over."),
    "unknown_disposition": marked("There is no such result any more; reload the page."),
    "not_signed_on": marked("Sign on first."),
    "already_signed_on": marked("You are signed on already."),
    "not_on_break": marked("You are not on a break."),
    "not_in_wrap_up": marked("The wrap-up is over."),
    "not_your_call": marked("This is not your call."),
    "no_call": marked("There is no call."),
    "unknown_target": marked("There is no such workgroup, agent or number to send the call to."),
    "agent_not_free": marked("This agent is not free just now."),
    "queue_not_open": marked("This workgroup takes no calls just now."),
    "not_outside": marked("Your phone may not call outside numbers."),
    "too_many_away": marked("Too many are away for this reason already; try again later."),
    "break_used_up": marked("Today's time for this break is used up."),
    "internal_error": marked("Something went wrong inside; nothing was changed."),
    "daemon_gone": marked(
        "The box does not answer just now, so nothing can be changed. Pages can still be read; try again in a moment."
    ),
    "daemon_away": marked("The box is restarting. This is tried again by itself…"),
    "not_kept": marked("The box cannot keep this just now. This is tried again by itself…"),
    "last_administrator": marked("Somebody must remain who may set up: this is the last administrator."),
    "stopping": marked("The box is stopping."),
    "unavailable": marked("The box cannot do this just now; try again in a moment."),
    "other": marked("The box refused this."),
}
DESK: Mapping[str, str] = {
    "withheld": marked("Number withheld"),
    "waiting": marked("{count} waiting"),
    "seconds": marked("s"),
    "break_asked": marked("After this call: {reason}"),
    "sign_off_asked": marked("After this call: sign off"),
    "attempt": marked("attempt {attempt} of {attempts}"),
    "spent_in": marked("today's minutes end in"),
    "spent": marked("today's minutes are used up"),
    "no_data": marked("no data yet"),
    "came_true": marked("{percent} % of {told} today"),
    "came_true_lately": marked("{percent} % of {told} in 30 days"),
    "note_writing": marked("not saved yet"),
    "note_saved": marked("saved"),
    "note_unsaved": marked("not saved: try again"),
}

SEND_ON: Mapping[str, str] = {
    "queue": marked("{waiting} waiting · {free} free"),
    "number": marked("Number {number}"),
    "connecting": marked("Asking who is there…"),
    "none": marked("No colleague and no workgroup of that name. A number can be typed in full."),
    "more": marked("{count} more: type some letters of the name."),
}
"What the menu says in which an agent chooses who is to get the call."


def problem_text(say: Texts, problem: api.Problem) -> str:
    """Say a problem as a sentence."""
    return say(PROBLEMS.get(problem.code, PROBLEMS["other"]), detail=problem.detail, field=problem.field)


def title_of(reason: model.Reason, language: str) -> str:
    """Give a reason's words in a language, in another one, or its name."""
    return reason.title.get(language) or next((text for text in reason.title.values() if text), reason.slug)
