"""What an administrator's request makes of a document. Pure: documents in, documents or problems out.

A request is refused whole or done whole. Somebody who edits what another has changed meanwhile is told so (`stale`)
and loses nothing; edits of different parts do not disturb each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from appliance import api
from appliance.core import model
from appliance.core.check import SLUG, check
from appliance.document import DocumentError, check_values, read

COMPANY = "company"
PEOPLE = "people"
ADMINISTRATOR = "administrator"
ROLES = frozenset({ADMINISTRATOR, "supervisor", "agent"})
LANGUAGES = frozenset({"", "en", "zh"})

Part = model.Part | model.Company | api.Person
Parts = Mapping[str, Part]
"Path (`queues.support`, `company`, `people.ann`) to what stands there."


class EditError(Exception):
    """A request is refused."""

    def __init__(self, *problems: api.Problem) -> None:
        """Say why."""
        super().__init__(", ".join(f"{problem.code} {problem.field}".strip() for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What a request makes of a document."""

    document: api.Document
    summary: str
    "Stable words: what was asked and of what, such as `put queues.support`."


def put(document: api.Document, base: api.Document | None, request: api.Put) -> Edited:
    """Add or replace one part; raises `EditError`."""
    kind: type[model.Part | model.Company] | None
    kind = model.Company if request.list == COMPANY else api.PARTS.get(request.list)
    if kind is None:
        raise EditError(api.Problem(code="unknown", field="list", detail=request.list))
    try:
        part = msgspec.json.decode(request.value, type=kind)
        check_values(msgspec.to_builtins(part))
    except msgspec.DecodeError as error:
        raise EditError(api.Problem(code="invalid", field=request.list, detail=str(error))) from None
    except DocumentError as error:
        raise EditError(
            api.Problem(code="invalid", field=f"{request.list}.{error.path}", detail=error.detail)
        ) from None
    path = COMPANY if isinstance(part, model.Company) else f"{request.list}.{part.slug}"
    _refuse_stale(document, base, path)
    return Edited(document=checked(with_part(document, path, part)), summary=f"put {path}")


def drop(document: api.Document, base: api.Document | None, request: api.Drop) -> Edited:
    """Remove one part; raises `EditError` with `in_use` at every place that names it."""
    path = f"{request.list}.{request.slug}"
    if request.list not in api.PARTS or path not in parts_of(document):
        raise EditError(api.Problem(code="unknown", field="slug", detail=path))
    _refuse_stale(document, base, path)
    without = with_part(document, path, None)
    if faults := check(without.configuration):
        raise EditError(*(api.Problem(code="in_use", field=fault.path, detail=request.slug) for fault in faults))
    return Edited(document=without, summary=f"drop {path}")


def replace_all(document: api.Document, text: str) -> Edited:
    """Put a text in the place of the whole document; raises `EditError`."""
    try:
        imported = read(text)
    except DocumentError as error:
        detail = f"line {error.line}: {error.detail}" if error.line else error.detail
        raise EditError(api.Problem(code="invalid", field=error.path, detail=detail)) from None
    for person in imported.people:
        check_person(person)
    refuse_without_administrator(document, imported)
    return Edited(document=checked(imported), summary="import")


def take_back(document: api.Document, before: api.Document, after: api.Document, number: int) -> Edited:
    """Take one change back where nothing was changed since; raises `EditError` with `stale` at what was."""
    now, old, new = parts_of(document), parts_of(before), parts_of(after)
    paths = [path for path in {**old, **new} if old.get(path) != new.get(path)]
    stale = [path for path in paths if now.get(path) != new.get(path)]
    if stale:
        raise EditError(*(api.Problem(code="stale", field=path) for path in stale))
    result = document
    for path in paths:
        result = with_part(result, path, old.get(path), _place(old, path))
    refuse_without_administrator(document, result)
    return Edited(document=checked(result), summary=f"revert {number}")


def checked(document: api.Document) -> api.Document:
    """Give the document if it can be published; raises `EditError`."""
    people = {person.slug for person in document.people}
    agents = {agent.slug for agent in document.configuration.agents}
    problems = [
        api.Problem(code=fault.code, field=fault.path, detail=fault.detail) for fault in check(document.configuration)
    ]
    problems += [
        api.Problem(code="unknown", field=f"{PEOPLE}.{person.slug}.agent", detail=person.agent)
        for person in document.people
        if person.agent and person.agent not in agents
    ]
    if len(people) != len(document.people):
        problems.append(api.Problem(code="twice", field=PEOPLE))
    if problems:
        raise EditError(*problems)
    return document


def check_person(person: api.Person) -> None:
    """Raise `EditError` if somebody cannot sign in under this name, role or language."""
    path = f"{PEOPLE}.{person.slug}"
    if not SLUG.fullmatch(person.slug):
        raise EditError(api.Problem(code="invalid", field="slug", detail=person.slug))
    if person.role not in ROLES:
        raise EditError(api.Problem(code="unknown", field=f"{path}.role", detail=person.role))
    if person.language not in LANGUAGES:
        raise EditError(api.Problem(code="unknown", field=f"{path}.language", detail=person.language))


def refuse_without_administrator(before: api.Document, after: api.Document) -> None:
    """Raise `EditError` if nobody could administer the box any more."""
    if is_administered(before.people) and not is_administered(after.people):
        raise EditError(api.Problem(code="last_administrator", field=PEOPLE))


def parts_of(document: api.Document) -> Parts:
    """Give every part by its path, in order."""
    parts: dict[str, Part] = {COMPANY: document.configuration.company}
    for name in api.PARTS:
        parts |= {f"{name}.{part.slug}": part for part in getattr(document.configuration, name)}
    return parts | {f"{PEOPLE}.{person.slug}": person for person in document.people}


def with_part(document: api.Document, path: str, part: Part | None, index: int = 1 << 30) -> api.Document:
    """Give the document with one part replaced, added or (None) removed; a new one goes after those of its list."""
    configuration = document.configuration
    if path == COMPANY:
        company = part if isinstance(part, model.Company) else model.Company()
        return msgspec.structs.replace(document, configuration=msgspec.structs.replace(configuration, company=company))
    name, _dot, slug = path.partition(".")
    parts = document.people if name == PEOPLE else getattr(configuration, name)
    if part is None:
        parts = tuple(other for other in parts if other.slug != slug)
    elif any(other.slug == slug for other in parts):
        parts = tuple(part if other.slug == slug else other for other in parts)
    else:
        parts = (*parts[:index], part, *parts[index:])
    if name == PEOPLE:
        return msgspec.structs.replace(document, people=parts)
    return msgspec.structs.replace(document, configuration=msgspec.structs.replace(configuration, **{name: parts}))


def _place(parts: Parts, path: str) -> int:
    """Tell where a part stands in its list."""
    name = path.partition(".")[0]
    mates = [other for other in parts if other.partition(".")[0] == name]
    return mates.index(path) if path in mates else len(mates)


def _refuse_stale(document: api.Document, base: api.Document | None, path: str) -> None:
    """Raise `EditError` if a part is no longer what the asker saw."""
    if base is not None and parts_of(base).get(path) != parts_of(document).get(path):
        raise EditError(api.Problem(code="stale", field=path))


def is_administered(people: Iterable[api.Person]) -> bool:
    """Tell whether somebody may administer the box."""
    return any(person.role == ADMINISTRATOR and not person.disabled for person in people)
