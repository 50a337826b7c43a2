"""Text messages: what came in, what is to go out, and where each part of it stands. They live with the people.

Numbers are parties here too, so that erasing a person erases the texts. The rules of sending are in `appliance.sms`.
"""

from collections.abc import Iterable, Iterator

import msgspec

from appliance.sms import Arrived, Job, State, Told
from appliance.store import people as people_of
from appliance.store.schema import PeopleTables
from appliance.store.sms_record import ENCODER, RECORDS, Part, Record, Sms, series_of

TEXT_CHARACTERS_MAX = 40_000
"Of a text that came in: 255 parts of 153 characters."
GIVE_UP_US = 24 * 3600 * 1_000_000
"A text that the network did not want for so long has failed."
FORGET_US = 7 * GIVE_UP_US
"No report is expected any more."
LATE_US = 3600 * 1_000_000
"A modem's own late word is about what was handed to it lately."
OPEN_MAX = 5_000
"Texts that wait to be sent."
_LIKE_DIGITS = 8
"Numbers that end in so many same digits are the same: one may be national."


def listed(people: PeopleTables, before: int, count: int) -> tuple[Sms, ...]:
    """Give texts, the newest first, with numbers below `before` if that is not 0."""
    numbers = people.sms.keys(max=before, excludemax=True) if before else people.sms.keys()
    found: list[tuple[int, Record]] = []
    for number in reversed(numbers):
        if len(found) == count:
            break
        found.append((number, RECORDS.decode(people.sms[number])))
    labels = people_of.labels_of(people, {record.party for _number, record in found})
    return tuple(_shown(number, record, labels.get(record.party)) for number, record in found)


def _shown(number: int, record: Record, label: people_of.Label | None) -> Sms:
    parts = [part for part in record.parts if part is not None]
    return Sms(
        id=number,
        line=record.line,
        number=label.number if label else "",
        name=label.name if label else "",
        at=record.at,
        outgoing=record.outgoing,
        by=record.by,
        text=record.whole,
        state=record.state,
        parts=len(record.parts),
        done=sum(part.state in {State.DELIVERED, State.RECEIVED} for part in parts),
        why=next((part.why for part in parts if part.why and part.state is record.state), ""),
        readable=record.readable,
    )


def _number(people: PeopleTables) -> int:
    number = people.sms_index.get("next", 0) + 1
    people.sms_index["next"] = number
    return number


def _record(people: PeopleTables, number: int) -> Record | None:
    data = people.sms.get(number)
    return None if data is None else RECORDS.decode(data)


def _write(people: PeopleTables, number: int, record: Record) -> None:
    """Keep a record, and what is to be found by its state."""
    people.sms[number] = ENCODER.encode(record)
    if not record.outgoing:
        return
    states = {part.state for part in record.parts if part is not None}
    for found, where in (
        (bool(states & {State.WAITING, State.HANDED}), people.sms_open),
        (bool(states & {State.SENT, State.DOUBTFUL}), people.sms_sent),
    ):
        if found:
            where.add((record.line, number))
        else:
            where.discard((record.line, number))


def _with(record: Record, index: int, part: Part) -> Record:
    return msgspec.structs.replace(record, parts=(*record.parts[:index], part, *record.parts[index + 1 :]))


def accept(people: PeopleTables, record: Record, token: str) -> int:
    """See `Messages.accept`."""
    if token and (known := people.sms_index.get(f"token/{token}")) is not None:
        return known
    if len(people.sms_open) >= OPEN_MAX:
        return 0
    number = _number(people)
    party = people_of.party_of(people, record.party, "", record.at).party
    _write(people, number, msgspec.structs.replace(record, party=party, reference=number & 0xFF))
    people.belongings.add((party, "sms", str(number)))
    if token:
        people.sms_index[f"token/{token}"] = number
    return number


def _of_line(where: Iterable[tuple[str, int]], line: str) -> list[int]:
    return [number for name, number in where if name == line]


def begin(people: PeopleTables, line: str, now_us: int) -> None:
    """See `Messages.begin`."""
    for number in _of_line(people.sms_open, line):
        record = _record(people, number)
        if record is None:
            people.sms_open.discard((line, number))
            continue
        for index, part in enumerate(record.parts):
            if part is not None and part.state is State.HANDED:
                record = _with(record, index, msgspec.structs.replace(part, state=State.DOUBTFUL))
        _write(people, number, record)
    for number in _of_line(people.sms_sent, line):
        record = _record(people, number)
        if record is None or now_us - record.at > FORGET_US:
            people.sms_sent.discard((line, number))


def following(people: PeopleTables, line: str) -> Job | None:
    """See `Messages.next`."""
    for number in _of_line(people.sms_open, line):
        record = _record(people, number)
        label = people_of.labels_of(people, (record.party,)).get(record.party) if record else None
        if record is None or label is None:
            continue
        for index, part in enumerate(record.parts):
            if part is not None and part.state is State.WAITING:
                return Job(
                    message=number, part=index, number=label.number, text=record.text, reference=record.reference
                )
    return None


def settle(people: PeopleTables, line: str, job: Job, part: Part) -> None:
    """See `Messages.settle`."""
    record = _record(people, job.message)
    if record is None or record.line != line:
        return  # erased meanwhile
    if part.state is State.WAITING and part.why and part.at - record.at > GIVE_UP_US:
        part = msgspec.structs.replace(part, state=State.FAILED)
    _write(people, job.message, _with(record, job.part, part))


def keep(people: PeopleTables, line: str, arrived: Arrived, now_us: int) -> bool:
    """See `Messages.keep`."""
    if f"digest/{arrived.digest}" in people.sms_index:
        return False
    party = people_of.party_of(people, arrived.sender, "", now_us).party
    text = people_of.cleaned(arrived.text, TEXT_CHARACTERS_MAX, lines=True) if arrived.parts == 1 else arrived.text
    part = Part(state=State.RECEIVED, text=text, digest=arrived.digest)
    index = arrived.part - 1
    begun = people.sms_index.get(series_of(party, arrived.series)) if arrived.series else None
    record = _record(people, begun) if begun is not None else None
    if begun is None or record is None or len(record.parts) != arrived.parts or record.parts[index] is not None:
        begun = _number(people)
        record = Record(
            line=line,
            party=party,
            at=now_us,
            sent_at=arrived.at,
            series=arrived.series,
            readable=arrived.readable,
            parts=(None,) * arrived.parts,
        )
        people.belongings.add((party, "sms", str(begun)))
    record = _with(record, index, part)
    _write(people, begun, record)
    people.sms_index[f"digest/{arrived.digest}"] = begun
    if arrived.series:
        people.sms_index[series_of(party, arrived.series)] = begun
        if None not in record.parts:
            del people.sms_index[series_of(party, arrived.series)]
    return True


def _expecting(people: PeopleTables, line: str) -> Iterator[tuple[int, Record, int, Part]]:
    """Give the parts about which a report or a late word may come, those handed over last first."""
    found = []
    for number in _of_line(people.sms_sent, line):
        record = _record(people, number)
        if record is not None:
            found += [
                (number, record, index, part)
                for index, part in enumerate(record.parts)
                if part is not None and part.state in {State.SENT, State.DOUBTFUL}
            ]
    yield from sorted(found, key=lambda one: (-one[3].at, -one[0], -one[2]))


def told(people: PeopleTables, line: str, told: Told) -> bool:
    """See `Messages.told`."""
    if f"digest/{told.digest}" in people.sms_index:
        return False
    matching = [
        one
        for one in _expecting(people, line)
        if _same_number(people_of.labels_of(people, (one[1].party,)).get(one[1].party), told.recipient)
    ]
    known = [one for one in matching if one[3].state is State.SENT and one[3].reference == told.reference]
    doubtful = [one for one in matching if one[3].state is State.DOUBTFUL]
    chosen = known[0] if known else doubtful[0] if len(doubtful) == 1 else None
    if chosen is None:
        return False
    number, record, index, part = chosen
    state = State.SENT if not told.final else State.DELIVERED if told.delivered else State.FAILED
    why = "" if state is not State.FAILED else f"report {told.status}"
    settled = msgspec.structs.replace(part, state=state, reference=told.reference, why=why, digest=told.digest)
    people.sms_index[f"digest/{told.digest}"] = number
    _write(people, number, _with(record, index, settled))
    return True


def late(people: PeopleTables, line: str, reference: int, now_us: int) -> None:
    """See `Messages.late`."""
    for number, record, index, part in _expecting(people, line):
        if part.state is State.DOUBTFUL and now_us - part.at <= LATE_US:
            sent = msgspec.structs.replace(part, state=State.SENT, reference=reference, why="")
            _write(people, number, _with(record, index, sent))
            return


def _same_number(label: people_of.Label | None, recipient: str) -> bool:
    if label is None:
        return False
    ours, theirs = label.number.lstrip("+"), recipient.lstrip("+")
    return bool(theirs) and (
        ours == theirs or (len(theirs) >= _LIKE_DIGITS and ours[-_LIKE_DIGITS:] == theirs[-_LIKE_DIGITS:])
    )


def may_try_pin(people: PeopleTables, line: str, fingerprint: str) -> bool:
    """See `Messages.may_try_pin`."""
    tried = people.sms_pins.get(line) == fingerprint
    people.sms_pins[line] = fingerprint
    return not tried
