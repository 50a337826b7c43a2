"""The rules that the watch holds, and what it says of one that is broken."""

import enum
from dataclasses import dataclass


class Rule(enum.StrEnum):
    """What must hold."""

    ONE_PLACE = "one_place"
    "A caller is in exactly one place, and all who take part in it agree."
    KEPT_PLACE = "kept_place"
    "A place that arrival gave is kept until the caller leaves the queue."
    ONE_OFFER = "one_offer"
    "An agent has at most one live offer."
    CAPACITY = "capacity"
    "Nobody is offered a call that does not fit beside what is in hand."
    SKILLED = "skilled"
    "Nobody is offered a call without the skills that are still required."
    NOT_PASSED = "not_passed"
    "The oldest eligible caller of equal priority is served first by whoever is free."
    NOBODY_IDLE = "nobody_idle"
    "No eligible agent is idle while a caller waits."
    WRAP_UP = "wrap_up"
    "Nobody is offered anything before the wrap-up is over, unless the agent said so."
    ONE_RECORD = "one_record"
    "Each call leaves one record, whose segments touch and add up."
    SAME_WAIT = "same_wait"
    "The announced wait never grows while nobody has left and nobody came to stand ahead."
    POSITION = "position"
    "A caller is never told a worse position than before, unless the queue says so."
    IN_HOURS = "in_hours"
    "Nobody is called back outside the hours of the queue."
    CALLBACK = "callback"
    "Who is called back has an agent, is called once at a time, and is never ahead of an older live caller."
    DEADLINE = "deadline"
    "Whatever holds somebody has a deadline."
    TOLD = "told"
    "A fact names every interaction that it changes."


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that does not hold; nothing in it is personal."""

    rule: Rule
    about: str
    "An interaction or an agent."
    detail: str
