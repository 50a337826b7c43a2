"""What holds now, and how it came to: configuration versions, the people who work with them, changes."""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from appliance import api
from appliance.core import model
from appliance.document import DiffLine, differences
from appliance.records.opening import unexpanded
from appliance.store.schema import SettingsTables, Sheet

VERSION = "version"
ROSTER = "roster"
CHANGES_A_PAGE = 50

Roster = tuple[api.Person, ...]
"People without their names, which live elsewhere."


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What holds at a moment."""

    version: str
    "Empty before the first publication."
    configuration: model.Configuration
    "As it is published, with its calendar."
    people: Roster


class ChangeRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A change, with the rosters round it."""

    change: api.Change
    roster_before: str
    roster_after: str


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A change, and every value that it changed."""

    change: api.Change
    lines: tuple[DiffLine, ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some changes, newest first."""

    items: tuple[api.Change, ...]
    page: int
    more: bool


_rosters = msgspec.json.Decoder(Roster)
_records = msgspec.msgpack.Decoder(ChangeRecord)
_encoder = msgspec.msgpack.Encoder()


def standing_of(settings: SettingsTables) -> Standing:
    """Tell what holds now."""
    version = settings.standing.get(VERSION, "")
    configuration = configuration_of(settings, version) if version else model.Configuration()
    return Standing(version=version, configuration=configuration, people=roster_of(settings))


def configuration_of(settings: SettingsTables, version: str) -> model.Configuration:
    """Give a version as it was published; KeyError if it never was."""
    return model.decode(settings.documents[version].data)


def roster_of(settings: SettingsTables, roster: str | None = None) -> Roster:
    """Give the people of now, or those of a roster's hash."""
    name = settings.standing.get(ROSTER, "") if roster is None else roster
    return _rosters.decode(settings.rosters[name].data) if name else ()


def document_of(configuration: model.Configuration, people: Roster, names: Mapping[str, str]) -> api.Document:
    """Join what people edit and compare: without the calendar, with the names."""
    return api.Document(
        configuration=unexpanded(configuration),
        people=tuple(msgspec.structs.replace(person, name=names.get(person.slug, "")) for person in people),
    )


def keep_configuration(settings: SettingsTables, configuration: model.Configuration) -> str:
    """Keep a version for as long as there is a store; tells its name."""
    version = model.version_of(configuration)
    if version not in settings.documents:
        settings.documents[version] = Sheet(model.encode(configuration))
    return version


def keep_roster(settings: SettingsTables, people: Iterable[api.Person]) -> str:
    """Keep the people, names left out; tells the roster's hash."""
    data = msgspec.json.encode(
        tuple(msgspec.structs.replace(person, name="") for person in people), order="deterministic"
    )
    roster = hashlib.sha256(data).hexdigest()[:32]
    if roster not in settings.rosters:
        settings.rosters[roster] = Sheet(data)
    return roster


def note_change(settings: SettingsTables, record: ChangeRecord) -> api.Change:
    """Keep a change under the next number."""
    number = settings.changes.maxKey() + 1 if settings.changes else 1
    change = msgspec.structs.replace(record.change, id=number)
    settings.changes[number] = _encoder.encode(msgspec.structs.replace(record, change=change))
    return change


def note_unversioned(settings: SettingsTables, summary: str, by: str, now_us: int) -> api.Change:
    """Keep that somebody changed what is in no version, such as a password."""
    version, roster = settings.standing.get(VERSION, ""), settings.standing.get(ROSTER, "")
    change = api.Change(id=0, at=now_us, by=by, before=version, after=version, summary=summary)
    return note_change(settings, ChangeRecord(change=change, roster_before=roster, roster_after=roster))


def record_of(settings: SettingsTables, number: int) -> ChangeRecord | None:
    """Look a change up."""
    data = settings.changes.get(number)
    return None if data is None else _records.decode(data)


def changed(settings: SettingsTables, number: int, names: Mapping[str, str]) -> Changed | None:
    """Tell a change with its difference; None if there is no such change."""
    record = record_of(settings, number)
    if record is None:
        return None
    before, after = documents_of(settings, record, names)
    return Changed(change=record.change, lines=differences(before, after))


def documents_of(
    settings: SettingsTables, record: ChangeRecord, names: Mapping[str, str]
) -> tuple[api.Document, api.Document]:
    """Give the documents before and after a change; names are those of now."""
    change = record.change
    before, after = (
        document_of(
            configuration_of(settings, version) if version else model.Configuration(),
            roster_of(settings, roster),
            names,
        )
        for version, roster in ((change.before, record.roster_before), (change.after, record.roster_after))
    )
    return before, after


def page_of_changes(settings: SettingsTables, page: int) -> Page:
    """Give a page of changes, newest first."""
    last = settings.changes.maxKey() if settings.changes else 0
    top = last - page * CHANGES_A_PAGE
    records = settings.changes.values(min=max(1, top - CHANGES_A_PAGE + 1), max=top) if top > 0 else ()
    changes = tuple(_records.decode(data).change for data in records)[::-1]
    return Page(items=changes, page=page, more=top > CHANGES_A_PAGE)
