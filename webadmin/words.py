"""The words of states, reasons and problems, with their signs: never a colour alone."""

from collections.abc import Mapping

from appliance import live
from appliance.core import model
from appliance.texts import marked
from appliance.words import (
    FORMULAS,
    MODEMS,
    OUTCOMES,
    PART_STATES,
    PARTS,
    PROBLEMS,
    ROLES,
    STATES,
    TEXTS,
    Word,
    formula_text,
    formula_texts,
    problem_text,
)

__all__ = [
    "AMBER",
    "CALLS",
    "CAUSES",
    "DESK",
    "FORMULAS",
    "HEALTH",
    "MISSED",
    "MODEMS",
    "NEXT",
    "NEXT_AT_DESK",
    "OFFER_CAUSES",
    "OUTCOMES",
    "PARTS",
    "PART_STATES",
    "PROBLEMS",
    "ROLES",
    "SEND_ON",
    "STATES",
    "STRETCHES",
    "TEXTS",
    "Word",
    "formula_text",
    "formula_texts",
    "problem_text",
    "title_of",
]
"With the words that the command line says too (`appliance.words`)."
CALLS: Mapping[str, Word] = {
    "flow": Word(text=marked("In the menu"), sign="☰"),
    "waiting": Word(text=marked("Waiting"), sign="◷"),
    "offered": Word(text=marked("Ringing at an agent"), sign="◉"),
    "talking": Word(text=marked("Talking"), sign="▶"),
    "forwarded": Word(text=marked("Forwarded"), sign="↪"),
    "callback": Word(text=marked("To be called back"), sign="↩"),
    "calling": Word(text=marked("Called back"), sign="◉"),
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
AMBER = " ".join(sorted(live.AMBER))
"For the lamp's script."
HEALTH: Mapping[str, str] = {
    "ok": marked("All is well"),
    "amber": marked("Look at this soon"),
    "bad": marked("Needs attention"),
    "unknown": marked("No news"),
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


def title_of(reason: model.Reason, language: str) -> str:
    """Give a reason's words in a language, in another one, or its name."""
    return reason.title.get(language) or next((text for text in reason.title.values() if text), reason.slug)
