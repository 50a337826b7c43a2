"""From a request to a new version: what it asks for, and everything that is written with it in one commit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

import msgspec

from appliance import api
from appliance.core import model
from appliance.document import differences
from appliance.records.opening import expanded, unexpanded
from appliance.store import edits, passwords, sessions
from appliance.store.edits import Edited, EditError
from appliance.store.roster import drop_person, put_person
from appliance.store.schema import SettingsTables
from appliance.store.standing import (
    ROSTER,
    VERSION,
    ChangeRecord,
    Standing,
    configuration_of,
    document_of,
    documents_of,
    keep_configuration,
    keep_roster,
    note_change,
    note_unversioned,
    record_of,
    standing_of,
)

PIN = re.compile(r"[0-9]{4,8}")
"Of a SIM card: 3GPP TS 31.101, 9.3."
SECRET = re.compile(r"[!-~]{8,64}")
"A SIP password: printable, without blanks."
CALENDAR_DAYS_MIN = 60
"A published calendar that ends sooner is made anew."
_DAY_US = 24 * 3600 * 1_000_000
LINES_SHOWN = 200
"Of a dry run's differences."

EditRequest = api.TakeBox | api.Put | api.Drop | api.PutPerson | api.DropPerson | api.Revert | api.Import


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a request."""

    reply: api.Reply
    version: str = ""
    "A version to publish; empty if there is none."
    people: bool = False
    "Whether roster or sessions changed."
    equipment: bool = False
    "Whether drivers have to configure anew."


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Who asks, when, and the password if one has to be made (the same if the commit has to be tried again)."""

    by: str
    now_us: int
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a request asks to be written."""

    edited: Edited
    names: Mapping[str, str] = field(default_factory=dict)
    "Person to name."
    password: str = ""
    "New one of `person`."
    person: str = ""
    made: bool = False
    "Whether that password was made, so that the answer gives it."
    reverts: int = 0


def edit(  # noqa: PLR0911  one line a request
    settings: SettingsTables, standing: Standing, request: EditRequest, turn: Turn
) -> Outcome:
    """Work out what a request makes of what holds now; changes nothing; raises `EditError`."""
    document = document_of(standing.configuration, standing.people, {})
    match request:
        case api.Put():
            return Outcome(edited=edits.put(document, _base(settings, standing, request.base), request))
        case api.Drop():
            return Outcome(edited=edits.drop(document, _base(settings, standing, request.base), request))
        case api.PutPerson():
            return _person(document, request, turn)
        case api.TakeBox():
            return _first(document, request, turn)
        case api.DropPerson(slug=slug):
            return Outcome(edited=drop_person(document, slug))
        case api.Revert(change=number):
            record = record_of(settings, number)
            if record is None:
                raise EditError(api.Problem(code="unknown", field="change", detail=str(number)))
            before, after = documents_of(settings, record, {})
            return Outcome(edited=edits.take_back(document, before, after, number), reverts=number)
        case api.Import(text=text):
            edited = edits.replace_all(document, text)
            names = {person.slug: person.name for person in edited.document.people if person.name}
            return Outcome(edited=edited, names=names)
        case _:
            assert_never(request)


def dry_run(standing: Standing, outcome: Outcome, names: Mapping[str, str]) -> Applied:
    """Tell what an import would change, a line a value."""
    before = document_of(standing.configuration, standing.people, names)
    lines = differences(before, outcome.edited.document)
    shown = [f"{line.path}: {line.before or '-'} → {line.after or '-'}" for line in lines[:LINES_SHOWN]]
    if len(lines) > LINES_SHOWN:
        shown.append(f"… {len(lines) - LINES_SHOWN}")
    return Applied(reply=api.Reply(version=standing.version, summary="\n".join(shown)))


def publish(settings: SettingsTables, standing: Standing, outcome: Outcome, turn: Turn) -> Applied:
    """Write a new version with all that goes with it; names are kept already."""
    document, before = outcome.edited.document, unexpanded(standing.configuration)
    configured = document.configuration != before or not standing.version
    version = keep_configuration(settings, _expanded(document, turn.now_us)) if configured else standing.version
    old_roster = settings.standing.get(ROSTER, "")
    roster = keep_roster(settings, document.people)
    reply = api.Reply(version=version, summary=outcome.edited.summary)
    if not configured and roster == old_roster and not outcome.password and not outcome.names:
        return Applied(reply=reply)
    settings.standing[VERSION], settings.standing[ROSTER] = version, roster
    _keep_secrets(settings, before, document.configuration, renew=not outcome.reverts)
    _keep_accounts(settings, standing, outcome)
    change = note_change(
        settings,
        ChangeRecord(
            change=api.Change(
                id=0,
                at=turn.now_us,
                by=turn.by,
                before=standing.version,
                after=version,
                summary=outcome.edited.summary,
                reverts=outcome.reverts,
            ),
            roster_before=old_roster,
            roster_after=roster,
        ),
    )
    shown = outcome.password if outcome.made else ""
    return Applied(
        reply=msgspec.structs.replace(reply, change=change.id, password=shown),
        version=version if configured else "",
        people=roster != old_roster or bool(outcome.password),
        equipment=configured or bool(outcome.names),
    )


def set_language(settings: SettingsTables, request: api.SetLanguage, standing: Standing, turn: Turn) -> Applied:
    """Keep the language that somebody chose; raises `EditError`."""
    if request.language not in edits.LANGUAGES:
        raise EditError(api.Problem(code="unknown", field="language", detail=request.language))
    if all(person.slug != turn.by for person in standing.people):
        raise EditError(api.Problem(code="not_allowed", field="language", detail=turn.by))
    account = passwords.account_of(settings, turn.by)
    passwords.keep_account(settings, turn.by, msgspec.structs.replace(account, language=request.language))
    return Applied(reply=api.Reply(version=standing.version), people=True)


def set_secret(settings: SettingsTables, request: api.SetSecret, standing: Standing, turn: Turn) -> Applied:
    """Keep the SIP password of an extension or a trunk; raises `EditError`."""
    configuration = standing.configuration
    known = {f"extension/{part.slug}" for part in configuration.extensions}
    known |= {f"trunk/{part.slug}" for part in configuration.trunks}
    if request.of in {f"line/{part.slug}" for part in configuration.lines}:
        return _set_pin(settings, request, standing, turn)
    if request.of not in known:
        raise EditError(api.Problem(code="unknown", field="of", detail=request.of))
    if request.secret and not SECRET.fullmatch(request.secret):
        raise EditError(api.Problem(code="invalid", field="secret"))
    settings.secrets[request.of] = request.secret or turn.password
    change = note_unversioned(settings, f"set-secret {request.of}", turn.by, turn.now_us)
    shown = "" if request.secret else turn.password
    return Applied(
        reply=api.Reply(version=standing.version, change=change.id, summary=change.summary, password=shown),
        equipment=True,
    )


def _set_pin(settings: SettingsTables, request: api.SetSecret, standing: Standing, turn: Turn) -> Applied:
    """Keep the PIN of the card in a modem, or forget it; raises `EditError`."""
    if request.secret and not PIN.fullmatch(request.secret):
        raise EditError(api.Problem(code="invalid", field="secret"))
    if request.secret:
        settings.secrets[request.of] = request.secret
    else:
        settings.secrets.pop(request.of, None)
    change = note_unversioned(settings, f"set-secret {request.of}", turn.by, turn.now_us)
    return Applied(reply=api.Reply(version=standing.version, change=change.id, summary=change.summary), equipment=True)


def recalendar(settings: SettingsTables, standing: Standing, now_us: int) -> Applied:
    """Publish the calendar anew if it ends soon; also a first version if there is none."""
    ends = max(standing.configuration.company.midnights, default=0)
    if standing.version and ends - now_us > CALENDAR_DAYS_MIN * _DAY_US:
        return Applied(reply=api.Reply(version=standing.version))
    version = keep_configuration(settings, expanded(unexpanded(standing.configuration), now_us))
    settings.standing[VERSION] = version
    return Applied(reply=api.Reply(version=version), version=version, equipment=True)


def equipment_of(settings: SettingsTables, names: Mapping[str, str]) -> api.Equipment:
    """Give all that drivers need; `names` are those of persons."""
    standing = standing_of(settings)
    return api.Equipment(
        configuration=standing.configuration,
        names={person.agent: names.get(person.slug, "") for person in standing.people if person.agent},
        secrets=dict(settings.secrets.items()),
    )


def _base(settings: SettingsTables, standing: Standing, base: str) -> api.Document | None:
    """Give what the asker saw, None if that is what holds (or the asker does not say)."""
    if base in {"", standing.version}:
        return None
    try:
        seen = configuration_of(settings, base)
    except KeyError:
        raise EditError(api.Problem(code="unknown", field="base", detail=base)) from None
    return document_of(seen, standing.people, {})


def _person(document: api.Document, request: api.PutPerson, turn: Turn) -> Outcome:
    if request.password and (code := passwords.fault_of(request.password)):
        raise EditError(api.Problem(code=code, field="password", detail=str(passwords.CHARACTERS_MIN)))
    new = all(person.slug != request.person.slug for person in document.people)
    nameless = msgspec.structs.replace(request, person=msgspec.structs.replace(request.person, name=""))
    return Outcome(
        edited=put_person(document, nameless),
        names={request.person.slug: request.person.name} if request.person.name else {},
        password=request.password or (turn.password if new else ""),
        person=request.person.slug,
        made=new and not request.password,
    )


def _first(document: api.Document, request: api.TakeBox, turn: Turn) -> Outcome:
    """Make the first administrator; of several who try it, the commit that comes first has done it."""
    if edits.is_administered(document.people):
        raise EditError(api.Problem(code="box_taken"))
    if any(person.slug == request.person for person in document.people):
        raise EditError(api.Problem(code="taken", field="person", detail=request.person))
    if code := passwords.fault_of(request.password):
        raise EditError(api.Problem(code=code, field="password", detail=str(passwords.CHARACTERS_MIN)))
    person = api.Person(slug=request.person, name=request.name, role=edits.ADMINISTRATOR, language=request.language)
    return _person(document, api.PutPerson(person=person, password=request.password), turn)


def _expanded(document: api.Document, now_us: int) -> model.Configuration:
    try:
        return expanded(document.configuration, now_us)
    except ValueError as error:
        raise EditError(api.Problem(code="invalid", field="hours", detail=str(error))) from None


def _keep_secrets(
    settings: SettingsTables, before: model.Configuration, after: model.Configuration, *, renew: bool
) -> None:
    """Give every phone a SIP password; a new phone a new one, unless it comes back by taking a change back."""
    old = {phone.slug for phone in before.extensions}
    for phone in after.extensions:
        name = f"extension/{phone.slug}"
        if name not in settings.secrets or (renew and phone.slug not in old):
            settings.secrets[name] = passwords.made()


def _keep_accounts(settings: SettingsTables, standing: Standing, outcome: Outcome) -> None:
    """Bring accounts and sessions in line with the roster; nobody new signs in with a former namesake's password."""
    after = {person.slug: person for person in outcome.edited.document.people}
    old = {person.slug for person in standing.people}
    if not outcome.reverts:
        for slug in after.keys() - old:
            settings.accounts.pop(slug, None)
    for slug in sorted(old):
        if slug not in after or after[slug].disabled:
            sessions.end_all(settings, slug)
    if outcome.password:
        account = passwords.account_of(settings, outcome.person)
        hashed = passwords.hashed(outcome.password)
        passwords.keep_account(settings, outcome.person, msgspec.structs.replace(account, password=hashed))
        sessions.end_all(settings, outcome.person)
