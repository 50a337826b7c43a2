"""The words of text messages at the process border: what a modem brings, what it is to send, and how it is.

A text is cut into parts for the air; each part is handed to the modem once. The rule, in order:

1. `WAITING`: nothing of it has been said to a modem. It is sent as soon as one can.
2. `HANDED`: committed *before* the first octet of the message leaves for the modem.
3. The modem's word settles it: `SENT` with the reference under which reports come, or `FAILED`. A refusal that says
   "not now" puts it back to `WAITING`, for a day.
4. No word (unplugged, hanging, we were killed): `DOUBTFUL`. It may be on the air, so it is not sent again by itself. A
   late word of the modem settles it as sent, and so does the network's report on a text to this number whose reference
   belongs to no other part, if no other part to this number is in doubt. Else it stays in doubt, is shown so, and a
   person decides.
"""

from enum import StrEnum

import msgspec


class State(StrEnum):
    """Where a part, or a whole text, stands."""

    WAITING = "waiting"
    HANDED = "handed"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    DOUBTFUL = "doubtful"
    RECEIVED = "received"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One part that is to be sent."""

    message: int
    part: int
    "From 0."
    number: str
    text: str
    "The whole text; its parts follow from it and from the reference."
    reference: int
    "Holds the parts together, 0 to 255."


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A text that came in, or a part of one."""

    digest: str
    "Of all that the modem gave: the same again is the same message, however often it is read."
    sender: str
    text: str
    at: int = 0
    "The service centre's time, microseconds UTC; 0 if it gave none."
    series: str = ""
    "What its parts have in common beside the sender; empty for a text of one part."
    part: int = 1
    parts: int = 1
    readable: bool = True


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The network's report on a part that was sent."""

    digest: str
    "As of what arrived: a report that is read twice is one report."
    reference: int
    recipient: str
    status: int
    delivered: bool
    final: bool


class Fitness(StrEnum):
    """How a modem is."""

    READY = "ready"
    UNPLUGGED = "unplugged"
    SILENT = "silent"
    "It does not answer."
    NO_CARD = "no_card"
    PIN = "pin"
    "The card asks for a PIN that we do not have, or that was wrong."
    PUK = "puk"
    SEARCHING = "searching"
    DENIED = "denied"
    "The network does not want it."
    UNFIT = "unfit"
    "It refuses what is needed."


class Modem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a line's modem is."""

    line: str
    fitness: Fitness = Fitness.UNPLUGGED
    why: str = ""
    operator: str = ""
    signal_percent: int = -1
    "-1 where it is not known."
