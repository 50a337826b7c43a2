"""Who they are: the writing side of numbers, names, notes and the keys of recordings.

The core knows a party by an opaque id and the attributes that routing may use. Text from outside is stored cleaned:
what a caller sends as a name is a name, whatever it looks like.
"""

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import msgspec

from appliance.core.facts import PartyView
from appliance.store import media, sms_record
from appliance.store.orders import Sealed, SealOrder
from appliance.store.schema import PeopleTables, Root, tables
from appliance.store.writer import Writer

LABEL_CHARACTERS_MAX = 128
NOTE_CHARACTERS_MAX = 10_000
NUMBER = re.compile(r"\+?[0-9]{2,20}")
"What may become a party without having called."
NOTES_MAX = 50
"Notes of one interaction."
WITHHELD = frozenset({"", "anonymous", "private", "restricted", "s", "unavailable", "unknown", "withheld"})
"What exchanges put where a number is withheld."


class PartyRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One party."""

    number: str = ""
    "Empty if it was withheld."
    name: str = ""
    view: PartyView = PartyView()
    since: int = 0
    "When it was first seen, microseconds UTC."
    talked: int = 0
    "When an agent last talked with it."


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a party is shown."""

    number: str = ""
    name: str = ""


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an agent wrote about an interaction."""

    agent: str
    at: int
    "Microseconds UTC."
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A party as it is met."""

    party: str
    view: PartyView
    number: str
    name: str


_encoder = msgspec.msgpack.Encoder()
_parties = msgspec.msgpack.Decoder(PartyRecord)
_notes = msgspec.msgpack.Decoder(tuple[Note, ...])


def cleaned(text: str, characters_max: int = LABEL_CHARACTERS_MAX, *, lines: bool = False) -> str:
    """Take out what is not text (control, formatting, surrogates), and what is too much; `lines` keeps line ends."""
    normal = unicodedata.normalize("NFC", text[: characters_max * 4].encode("utf-8", "replace").decode())
    kept = "".join(
        character if not unicodedata.category(character).startswith("C") or (lines and character == "\n") else " "
        for character in normal.replace("\r\n", "\n")
    )
    whole = "\n".join(" ".join(line.split()) for line in kept.split("\n")) if lines else " ".join(kept.split())
    return whole[:characters_max].strip()


class People:
    """Reads and writes the people's storage through its writer; every answer is a future."""

    def __init__(self, writer: Writer) -> None:
        """Use a writer of the people's storage."""
        self._writer = writer
        self.erased: Callable[[], None] = lambda: None
        "Called in the writer's thread when somebody was erased."

    def party_of(self, number: str, name: str, now_us: int, fresh: str = "") -> Future[Known]:
        """Tell which party a number belongs to, making one for a new number and a fresh one for a withheld number.

        `fresh` is the id of a party that has to be made; a random one if empty.
        """
        return self._writer.submit(
            lambda root: party_of(tables(root, PeopleTables), number, name, now_us, fresh), "party", shared=True
        )

    def recognise(self, callers: Sequence[tuple[str, str]], now_us: int) -> Future[tuple[Known, ...]]:
        """Tell the parties of many callers, by number and name, in one commit; each as `party_of` would."""
        return self._writer.submit(
            lambda root: tuple(party_of(tables(root, PeopleTables), number, name, now_us) for number, name in callers),
            "parties",
        )

    def keep_late(self, fresh: str, number: str, name: str, now_us: int) -> Future[None]:
        """Keep number and name of a caller who went on as `fresh` because recognising took too long."""
        return self._writer.submit(
            lambda root: _keep_late(tables(root, PeopleTables), fresh, number, name, now_us), "party", patient=True
        )

    def labels(self, parties: Iterable[str]) -> Future[dict[str, Label]]:
        """Tell numbers and names; an unknown or erased party is left out."""
        wanted = tuple(parties)
        return self._writer.submit(lambda root: labels_of(tables(root, PeopleTables), wanted))

    def talked(self, party: str, agent: str, now_us: int) -> Future[None]:
        """Remember the agent who talked with a party last."""
        return self._writer.submit(
            lambda root: _talked(tables(root, PeopleTables), party, agent, now_us), "talked", patient=True
        )

    def set_view(self, named: str, known: Mapping[str, object], now_us: int) -> Future[bool]:
        """Change what routing may know of a party, named by its id or number; a number that is new becomes a party.

        False if it is neither. `known` are fields of `PartyView` with their values.
        """
        fields = dict(known)
        return self._writer.submit(lambda root: _set_view(tables(root, PeopleTables), named, fields, now_us), "view")

    def names(self) -> Future[dict[str, str]]:
        """Tell the name of every person who ever signed in here, by sign-in name."""
        return self._writer.submit(lambda root: dict(tables(root, PeopleTables).names.items()))

    def set_names(self, names: Mapping[str, str]) -> Future[None]:
        """Set names of persons."""
        kept = dict(names)
        return self._writer.submit(lambda root: set_names(tables(root, PeopleTables), kept), "names")

    def write_note(self, interaction: str, party: str, agent: str, text: str, now_us: int) -> Future[None]:
        """Keep a note; the last one of an agent about an interaction stands, an empty one removes it."""
        note = Note(agent=agent, at=now_us, text=cleaned(text, NOTE_CHARACTERS_MAX, lines=True))
        return self._writer.submit(
            lambda root: _write_note(tables(root, PeopleTables), interaction, party, note), "note"
        )

    def notes(self, interactions: Iterable[str]) -> Future[dict[str, tuple[Note, ...]]]:
        """Tell the notes of interactions that have any."""
        wanted = tuple(interactions)
        return self._writer.submit(lambda root: notes_of(tables(root, PeopleTables), wanted))

    def erase(self, party: str, now_us: int) -> Future[bool]:
        """Forget a party, named by its id or number: label, notes, recordings and their keys. False if unknown.

        The upkeep then removes the files and packs the storage, so that no trace is left on the disk.
        """

        def work(root: Root) -> bool:
            known = erase_now(tables(root, PeopleTables), party, now_us)
            if known:
                self.erased()
            return known

        return self._writer.submit(work, "erase")

    def begin_recording(
        self, recording: str, *, exchange: str, interaction: str, party: str, now_us: int
    ) -> Future[SealOrder | None]:
        """Give a recording its key and its file before the first sound; they stay. None: see `media.begin`."""
        return self._writer.submit(
            lambda root: media.begin(
                tables(root, PeopleTables),
                recording,
                exchange=exchange,
                interaction=interaction,
                party=party,
                now_us=now_us,
            ),
            "recording",
            patient=True,
        )

    def seal_order(
        self, recording: str, now_us: int, *, interaction: str = "", party: str = ""
    ) -> Future[SealOrder | None]:
        """Tell how a recording is to be sealed, of an unknown left-over too; None if its party was erased."""
        return self._writer.submit(
            lambda root: media.begin(
                tables(root, PeopleTables), recording, interaction=interaction, party=party, now_us=now_us
            ),
            "left-over",
            patient=True,
        )

    def sealed(self, outcome: Sealed, now_us: int) -> Future[None]:
        """Note that a recording is sealed; afterwards the raw file may go. If it was erased, its file goes too."""

        def work(root: Root) -> None:
            if not media.keep(tables(root, PeopleTables), outcome, now_us):
                self.erased()

        return self._writer.submit(work, "sealed", patient=True)

    def recordings_unsealed(self) -> Future[tuple[str, ...]]:
        """List the recordings that have a key and no sealed file."""
        return self._writer.submit(lambda root: tuple(tables(root, PeopleTables).unsealed))


def party_of(people: PeopleTables, number: str, name: str, now_us: int, fresh: str = "") -> Known:
    """See `People.party_of`."""
    number, name = cleaned(number), cleaned(name)
    withheld = number.casefold() in WITHHELD
    party = "" if withheld else people.numbers.get(number, "")
    record = _record(people, party)
    if record is None:
        party = fresh or secrets.token_hex(8)
        record = PartyRecord(number="" if withheld else number, name=name, since=now_us)
        people.parties[party] = _encoder.encode(record)
        if not withheld:
            people.numbers[number] = party
    elif name and name != record.name:
        record = msgspec.structs.replace(record, name=name)
        people.parties[party] = _encoder.encode(record)
    return Known(party=party, view=record.view, number=record.number, name=record.name)


def _keep_late(people: PeopleTables, fresh: str, number: str, name: str, now_us: int) -> None:
    number, name = cleaned(number), cleaned(name)
    if _record(people, fresh) is not None:
        return
    withheld = number.casefold() in WITHHELD
    record = PartyRecord(number="" if withheld else number, name=name, since=now_us)
    people.parties[fresh] = _encoder.encode(record)
    if not withheld and number not in people.numbers:
        people.numbers[number] = fresh


def labels_of(people: PeopleTables, parties: Iterable[str]) -> dict[str, Label]:
    """See `People.labels`."""
    records = {party: record for party in sorted(parties) if (record := _record(people, party)) is not None}
    return {party: Label(number=record.number, name=record.name) for party, record in records.items()}


def party_named(people: PeopleTables, named: str) -> str:
    """Tell the party of an id or a number; empty if nobody is known by it."""
    return named if named in people.parties else people.numbers.get(cleaned(named), "")


def view_of(people: PeopleTables, party: str) -> PartyView:
    """Tell what routing may know of a party; nothing of an unknown or erased one."""
    record = _record(people, party)
    return PartyView() if record is None else record.view


def since_of(people: PeopleTables, party: str) -> int:
    """Tell when a party was first seen, microseconds UTC; 0 of an unknown or erased one, which may be of any time."""
    record = _record(people, party)
    return 0 if record is None else record.since


def parties_like(people: PeopleTables, text: str, scanned_max: int) -> frozenset[str]:
    """Find the parties whose number or name holds a text, among the first so many."""
    wanted = text.casefold()
    found: set[str] = set()
    for index, (party, data) in enumerate(people.parties.items()):
        if index >= scanned_max:
            break
        record = _parties.decode(data)
        if wanted in record.number.casefold() or wanted in record.name.casefold():
            found.add(party)
    return frozenset(found)


def notes_of(people: PeopleTables, interactions: Iterable[str]) -> dict[str, tuple[Note, ...]]:
    """See `People.notes`."""
    return {name: _notes.decode(data) for name in interactions if (data := people.notes.get(name)) is not None}


def set_names(people: PeopleTables, names: Mapping[str, str]) -> None:
    """See `People.set_names`."""
    for person, name in names.items():
        if people.names.get(person) != (shown := cleaned(name)):
            people.names[person] = shown


def _record(people: PeopleTables, party: str) -> PartyRecord | None:
    data = people.parties.get(party) if party else None
    return None if data is None else _parties.decode(data)


def _talked(people: PeopleTables, party: str, agent: str, now_us: int) -> None:
    record = _record(people, party)
    if record is not None and record.number:
        view = msgspec.structs.replace(record.view, last_agent=agent)
        people.parties[party] = _encoder.encode(msgspec.structs.replace(record, view=view, talked=now_us))


def _set_view(people: PeopleTables, named: str, known: dict[str, object], now_us: int) -> bool:
    party = party_named(people, named)
    if not party and NUMBER.fullmatch(cleaned(named)):
        party = party_of(people, named, "", now_us).party
    record = _record(people, party)
    if record is None:
        return False
    view = msgspec.convert({**msgspec.structs.asdict(record.view), **known}, PartyView)
    people.parties[party] = _encoder.encode(msgspec.structs.replace(record, view=view))
    return True


def _write_note(people: PeopleTables, interaction: str, party: str, note: Note) -> None:
    others = [kept for kept in notes_of(people, (interaction,)).get(interaction, ()) if kept.agent != note.agent]
    notes = [*others, note][-NOTES_MAX:] if note.text else others
    if notes:
        people.notes[interaction] = _encoder.encode(notes)
        people.belongings.add((party, "note", interaction))
    else:
        people.notes.pop(interaction, None)


def erase_now(people: PeopleTables, named: str, now_us: int) -> bool:
    """See `People.erase`; the files of `doomed` recordings are left to whoever has them."""
    party = party_named(people, named) or named
    record = _record(people, party)
    belongings = list(people.belongings.keys(min=(party, "", ""), max=(party, "\uffff", ""))) if party else []
    for _party, kind, name in belongings:
        match kind:
            case "media":
                media.forget(people, name)
            case "sms":
                sms_record.forget(people, int(name))
            case _:
                people.notes.pop(name, None)
        people.belongings.discard((party, kind, name))
    if record is not None:
        del people.parties[party]
        if people.numbers.get(record.number) == party:
            del people.numbers[record.number]
    known = record is not None or bool(belongings)
    if known:
        people.erased[party] = now_us
    return known
