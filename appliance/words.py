"""The words of states, outcomes, parts and problems, with their signs: what pages and command line both say."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance import api
from appliance.core.figures import Formula, Measure
from appliance.texts import Texts, marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word for people for a word of the system."""

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
OUTCOMES: Mapping[str, Word] = {
    "answered": Word(text=marked("Answered"), sign="✓"),
    "abandoned": Word(text=marked("Abandoned"), sign="✕"),
    "flowed_out": Word(text=marked("Left the workgroup"), sign="↪"),
    "callback": Word(text=marked("Callback"), sign="↩"),
    "self_served": Word(text=marked("Served by the menu"), sign="☰"),
    "failed": Word(text=marked("Failed"), sign="!"),
}
ROLES: Mapping[str, str] = {
    "administrator": marked("Administrator"),
    "supervisor": marked("Supervisor"),
    "agent": marked("Agent"),
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
    "configuration": marked("Configuration of the exchange"),
    "backup": marked("Backup"),
}
PART_STATES: Mapping[str, str] = {
    "ok": marked("Well"),
    "modem_unplugged": marked("Not plugged in"),
    "modem_silent": marked("Does not answer"),
    "modem_no_card": marked("No SIM card, or one that is broken"),
    "modem_pin": marked("The SIM card asks for its PIN"),
    "modem_puk": marked("The SIM card is locked and asks for its PUK"),
    "modem_searching": marked("Looks for a network"),
    "modem_denied": marked("The network does not let it in"),
    "modem_unfit": marked("Cannot send and receive in PDU mode"),
    "unusable": marked("Its settings cannot be used; see the log"),
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
    "red": marked("Red alarm: no signal comes in"),
    "yellow": marked("Yellow alarm: the other side does not hear us"),
    "blue": marked("Blue alarm: the other side has no signal to send"),
    "loopback": marked("In a loop for a test"),
    "not_open": marked("Not in use by the exchange"),
    "recovering": marked("Recovering from an alarm"),
    "absent": marked("Its card is not here"),
    "damaged": marked("Damaged"),
    "down": marked("Down"),
    "starting": marked("Starting"),
    "unregistered": marked("Not registered"),
    "lost": marked("Connection lost"),
    "refused": marked("The configuration was refused; the last good one is in use"),
    "waiting": marked("Waiting"),
    "failed": marked("Failed"),
    "connecting": marked("Connecting"),
    "unreachable": marked("Cannot be reached"),
    "away": marked("Not running"),
    "backup_failed": marked("The last backup failed"),
    "backup_old": marked("The last good backup is older than two days"),
    "proof_failed": marked("The last backup could not be restored and called into"),
    "proof_old": marked("For more than two days no backup was restored on trial"),
}
FORMULAS: Mapping[str, str] = {
    "all_counted": marked("answered in time / (answered + abandoned)"),
    "within_left_out": marked("answered in time / (answered + abandoned), early abandons left out"),
    "within_met": marked("(answered in time + early abandons) / (answered + abandoned)"),
    "answered_only": marked("answered in time / answered"),
}
PROBLEMS: Mapping[str, str] = {
    "not_signed_in": marked("Please sign in again."),
    "no_root_part": marked("This computer is set by its owner: no root part of Switchroom runs on it."),
    "on_trial": marked("Another change is on trial: keep it or take it back first."),
    "unknown_change": marked("This change is no longer on trial; it was taken back."),
    "unknown_zone": marked("The machine knows no such time zone."),
    "not_applied": marked("The machine refused it, and all is as it was: {detail}"),
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
    "no_slots": marked("This machine has no two slots, so it cannot be updated like this."),
    "update_runs": marked("Another update is under way."),
    "too_late": marked("It is too late for that: nothing waits any more."),
    "nothing_before": marked("There is no other release in reserve that is known to be good."),
    "box_taken": marked("Somebody has set this box up already. Sign in, or ask who did."),
    "wrong_code": marked("This is not the set-up code that the box shows."),
    "too_soon": marked("Too many wrong codes. Try again in {detail} s."),
    "last_administrator": marked("Somebody must remain who may set up: this is the last administrator."),
    "stopping": marked("The box is stopping."),
    "unavailable": marked("The box cannot do this just now; try again in a moment."),
    "root_died": marked(
        "The root part of the box stopped in the middle and takes back what it began. Look again in a moment."
    ),
    "not_taken_back": marked(
        "The cards' drivers refused it, and then what they had before, too. Lines may be out of order: {detail}"
    ),
    "no_dahdi": marked(
        "There are no drivers of telephone cards (DAHDI) on this machine, so nobody could be told of spans."
    ),
    "no_modem": marked("No modem for text messages is set up."),
    "other": marked("The box refused this."),
}


PHASES: Mapping[str, Word] = {
    "install": Word(text=marked("The bundle is checked and written beside what runs"), sign="◌"),
    "quiet": Word(text=marked("Waits until nobody calls"), sign="◷"),
    "switch": Word(text=marked("The machine starts the other slot"), sign="↻"),
    "try": Word(text=marked("The new release is tried: calls, then the self-test"), sign="◔"),
    "leave": Word(text=marked("It failed; the machine goes back to the slot before"), sign="↩"),
    "good": Word(text=marked("It takes calls and was taken for good"), sign="✓"),
    "back": Word(text=marked("It was not well: the release before runs again"), sign="!"),
    "failed": Word(text=marked("Nothing was switched"), sign="!"),
}
"Where an update is."
UPDATE_WHYS: Mapping[str, str] = {
    "stopped": marked("Somebody gave it up."),
    "no_slots": marked("This machine has no two slots, so it cannot be updated like this."),
    "not_started": marked("The other slot did not start."),
    "takes_no_calls": marked("It could not take calls in time."),
    "self_test": marked("Its self-test failed."),
}
"Why an update came to nothing; anything else is what the machine said."


TEXTS: Mapping[str, Word] = {
    "waiting": Word(text=marked("Waits to be sent"), sign="◷"),
    "handed": Word(text=marked("Is being sent"), sign="◌"),
    "sent": Word(text=marked("Sent"), sign="→"),
    "delivered": Word(text=marked("Delivered"), sign="✓"),
    "failed": Word(text=marked("Failed"), sign="✕"),
    "doubtful": Word(text=marked("In doubt"), sign="?"),
    "received": Word(text=marked("Received"), sign="←"),
}
"Where a text message stands."
MODEMS: Mapping[str, Word] = {
    "ready": Word(text=marked("Ready"), sign="●"),
    "unplugged": Word(text=marked("Not plugged in"), sign="!"),
    "silent": Word(text=marked("Does not answer"), sign="!"),
    "no_card": Word(text=marked("No SIM card, or one that is broken"), sign="!"),
    "pin": Word(text=marked("The SIM card asks for its PIN"), sign="!"),
    "puk": Word(text=marked("The SIM card is locked and asks for its PUK"), sign="!"),
    "searching": Word(text=marked("Looks for a network"), sign="!"),
    "denied": Word(text=marked("The network does not let it in"), sign="!"),
    "unfit": Word(text=marked("Cannot send and receive in PDU mode"), sign="!"),
}
"How a modem for text messages is."


def problem_text(say: Texts, problem: api.Problem) -> str:
    """Say a problem as a sentence."""
    return say(PROBLEMS.get(problem.code, PROBLEMS["other"]), detail=problem.detail, field=problem.field)


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
