"""The readable text of a configuration: TOML that a person can read, edit and compare.

The text is stable: reading and writing it again changes nothing. A list of the configuration is a table keyed by
slugs, so that two versions differ in few lines; the order of a list is the order in the text. The calendar that a
published configuration carries is left out, and passwords never were in it.
"""

import math
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any  # any: the values of a text are whatever it says, until msgspec has checked them

import msgspec
import tomli_w

from appliance import api
from appliance.core import model
from appliance.records.opening import unexpanded

CHARACTERS_MAX = 2_000_000
INTEGER_MAX = 2**53
"Larger numbers do not survive a browser."
DEPTH_MAX = 20
"How deep values may be nested."

Values = dict[str, Any]  # any: see above
_LINE = re.compile(r"at line (\d+)")
_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_PATH_LIKE = re.compile(r'[."]')
_LISTS = (*api.PARTS, "people")
_PUBLISHED_FORMAT = 1


class DocumentError(Exception):
    """A text is not a configuration."""

    def __init__(self, path: str, detail: str, line: int = 0) -> None:
        """Say which value (`queues.support.ring_s`) or which line (from 1) is wrong, and why."""
        super().__init__(": ".join(filter(None, (f"line {line}" if line else "", path, detail))))
        self.path = path
        self.detail = detail
        self.line = line


class DiffLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One value that differs between two documents."""

    path: str
    "Such as `queues.support.ring_s`."
    before: str = ""
    "Empty if it was absent."
    after: str = ""


def write(document: api.Document) -> str:
    """Give the text of a document; raises `DocumentError` if a slug stands twice in a list."""
    values: Values = {"format": document.format}
    configuration = unexpanded(document.configuration)
    if company := msgspec.to_builtins(configuration.company):
        values["company"] = company
    for name in _LISTS:
        parts = document.people if name == "people" else getattr(configuration, name)
        if parts:
            values[name] = _keyed(name, parts)
    return tomli_w.dumps(values, multiline_strings=True)


def read(text: str) -> api.Document:
    """Read a document back; raises `DocumentError`. Whether the configuration makes sense is not asked here."""
    values = _parsed(text)
    check_values(values)
    if values.pop("format", _PUBLISHED_FORMAT) != _PUBLISHED_FORMAT:
        raise DocumentError("format", f"this release reads format {_PUBLISHED_FORMAT}")
    lists: dict[str, tuple[Any, ...]] = {name: _read_list(name, values.pop(name, {})) for name in _LISTS}  # any: parts
    people: tuple[api.Person, ...] = lists.pop("people")
    company = _converted("company", values.pop("company", {}), model.Company)
    if values:
        raise DocumentError(next(iter(values)), "unknown")
    return api.Document(configuration=unexpanded(model.Configuration(company=company, **lists)), people=people)


def check_values(value: object, path: str = "", depth: int = 0) -> None:
    """Raise `DocumentError` at a value that cannot be kept: a date, a number too large, a control character."""
    if depth > DEPTH_MAX:
        raise DocumentError(path, "nested too deep")
    match value:
        case dict():
            for key, item in value.items():
                check_values(key, path, depth + 1)
                check_values(item, f"{path}.{key}" if path else str(key), depth + 1)
        case list() | tuple():
            for index, item in enumerate(value):
                check_values(item, f"{path}.{index}", depth + 1)
        case _:
            if detail := _fault_of(value):
                raise DocumentError(path, detail)


def _fault_of(value: object) -> str:
    """Tell why a value cannot be kept, empty if it can."""
    match value:
        case str():
            return "holds control characters" if any(_forbidden(character) for character in value) else ""
        case int():
            return "too large" if abs(value) > INTEGER_MAX else ""
        case float():
            return "" if math.isfinite(value) else "not a number"
        case _:
            return f"a {type(value).__name__} stands where a text or a number should"


def differences(before: api.Document, after: api.Document) -> tuple[DiffLine, ...]:
    """List what differs, in the order of the newer document; the calendar is left out."""
    old, new = _parts(before), _parts(after)
    lines: list[DiffLine] = []
    for name in [*new, *(name for name in old if name not in new)]:
        both = name in old and name in new
        lines += _lines(_leaves(old, name, full=both), _leaves(new, name, full=both))
    return tuple(lines)


def _lines(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[DiffLine]:
    for path in [*new, *(path for path in old if path not in new)]:
        line = DiffLine(path=path, before=old.get(path, ""), after=new.get(path, ""))
        if line.before != line.after:
            yield line


def _forbidden(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in {"Cc", "Cs"}


def _parsed(text: str) -> Values:
    if len(text) > CHARACTERS_MAX:
        raise DocumentError("", f"longer than {CHARACTERS_MAX} characters")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        raise DocumentError("", str(error), int(found[1]) if found else 0) from None
    except RecursionError:
        raise DocumentError("", "nested too deep") from None


def _keyed(name: str, parts: Sequence[model.Part | api.Person]) -> Values:
    keyed: Values = {}
    for part in parts:
        values: Values = msgspec.to_builtins(part)
        slug = values.pop("slug")
        if slug in keyed:
            raise DocumentError(f"{name}.{slug}", "stands twice")
        keyed[slug] = values
    return keyed


def _read_list(name: str, values: object) -> tuple[model.Part | api.Person, ...]:
    kind = api.Person if name == "people" else api.PARTS[name]
    if not isinstance(values, dict):
        raise DocumentError(name, "should be a table")
    parts: list[model.Part | api.Person] = []
    for slug, part in values.items():
        path = f"{name}.{slug}"
        if not isinstance(part, dict):
            raise DocumentError(path, "should be a table")
        if "slug" in part:
            raise DocumentError(f"{path}.slug", "the table's name is the slug")
        parts.append(_converted(path, part | {"slug": slug}, kind))
    return tuple(parts)


def _converted(path: str, values: object, kind: type[Any]) -> Any:  # noqa: ANN401 # any: the kind given
    try:
        return msgspec.convert(values, type=kind)
    except msgspec.ValidationError as error:
        detail = str(error)
        place = _PLACE.search(detail)
        inner = re.sub(r"\[(.*?)\]", r".\1", place[1]).strip(".") if place else ""
        raise DocumentError(".".join(filter(None, (path, inner))), _PLACE.sub("", detail)) from None


def _parts(document: api.Document) -> Mapping[str, object]:
    """Give everything that may differ by its path: the company, each list's order, each part."""
    configuration = unexpanded(document.configuration)
    parts: dict[str, object] = {"company": configuration.company}
    for name in _LISTS:
        items = document.people if name == "people" else getattr(configuration, name)
        if items:
            parts[name] = tuple(item.slug for item in items)
            parts |= {f"{name}.{item.slug}": item for item in items}
    return parts


def _leaves(parts: Mapping[str, object], path: str, *, full: bool) -> Mapping[str, str]:
    return dict(_leaves_of(path, parts[path], full=full)) if path in parts else {}


def _leaves_of(path: str, value: object, *, full: bool) -> Iterator[tuple[str, str]]:
    """Give the values below a path; defaults too if full, so that a change away from one shows it."""
    match value:
        case msgspec.Struct():
            for field in msgspec.structs.fields(value):
                item = getattr(value, field.name)
                if field.name not in {"slug", "id"} and (full or item != field.default):
                    yield from _leaves_of(f"{path}.{field.name}", item, full=full)
        case dict():
            for key, item in value.items():
                yield from _leaves_of(_below(path, key), item, full=full)
        case list() | tuple():
            nodes = [node for node in value if isinstance(node, model.Node)]
            for node in nodes:
                yield from _leaves_of(_below(path, node.id), node, full=full)
            yield path, ", ".join([node.id for node in nodes] or [_shown(item) for item in value])
        case _:
            yield path, _shown(value)


def _below(path: str, key: str) -> str:
    """Name what stands in a table; a key that looks like a path is quoted, so that no two values share one."""
    return f"{path}.{msgspec.json.encode(key).decode() if not key or _PATH_LIKE.search(key) else key}"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, order="deterministic").decode()
