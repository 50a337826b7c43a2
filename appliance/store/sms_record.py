"""What is kept of a text message, and how it is forgotten."""

import msgspec

from appliance.sms import State
from appliance.store.schema import PeopleTables


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One part on the air."""

    state: State
    text: str = ""
    "Of a part that came in."
    digest: str = ""
    "Of what came in, or of the last report on it."
    reference: int = -1
    "Under which the network reports on it."
    at: int = 0
    "When it was handed over, microseconds UTC."
    why: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One text."""

    line: str
    party: str
    at: int
    "When we took it, microseconds UTC."
    outgoing: bool = False
    by: str = ""
    "Who sent it."
    text: str = ""
    "Of a text that goes out."
    reference: int = 0
    sent_at: int = 0
    "Of a text that came in: the service centre's time; 0 if unknown."
    series: str = ""
    readable: bool = True
    parts: tuple[Part | None, ...] = ()
    "None is a part that has not come yet."

    @property
    def state(self) -> State:
        """Where the whole of it stands: the worst that is true of a part."""
        states = {part.state for part in self.parts if part is not None}
        return next((state for state in _WORST_FIRST if state in states), State.RECEIVED)

    @property
    def whole(self) -> str:
        """The text, with a sign for each part that has not come yet."""
        if self.outgoing:
            return self.text
        return "".join(part.text if part is not None else " […] " for part in self.parts)


_WORST_FIRST = (State.FAILED, State.DOUBTFUL, State.HANDED, State.WAITING, State.SENT, State.DELIVERED, State.RECEIVED)


class Sms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A text as people see it."""

    id: int
    line: str
    number: str
    name: str
    at: int
    outgoing: bool
    by: str
    text: str
    state: State
    parts: int
    done: int
    "Parts that have come, or have been delivered."
    why: str = ""
    readable: bool = True


ENCODER = msgspec.msgpack.Encoder()
RECORDS = msgspec.msgpack.Decoder(Record)


def series_of(party: str, series: str) -> str:
    """Name what the parts of a text have in common, in the index."""
    return f"series/{party}/{series}"


def forget(people: PeopleTables, number: int) -> None:
    """Drop a text of an erased person, and all that leads to it."""
    data = people.sms.pop(number, None)
    if data is None:
        return
    record = RECORDS.decode(data)
    people.sms_open.discard((record.line, number))
    people.sms_sent.discard((record.line, number))
    people.sms_index.pop(series_of(record.party, record.series), None)
    for part in record.parts:
        if part is not None and part.digest:
            people.sms_index.pop(f"digest/{part.digest}", None)
