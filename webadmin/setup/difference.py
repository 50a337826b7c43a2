"""What a change differs in, as the configuration's own text; and a part as the configuration writes it."""

import difflib
from typing import TypeVar

import msgspec

StructT = TypeVar("StructT", bound=msgspec.Struct)


def plain(part: StructT) -> StructT:
    """Give a part with every value that is its default as that very default, so that a document leaves it out.

    A form says them all; written out they would be differences where nothing differs.
    """
    values: dict[str, object] = {}
    for one in msgspec.structs.fields(part):
        value = getattr(part, one.name)
        if isinstance(value, msgspec.Struct):
            value = plain(value)
        elif isinstance(value, tuple):
            value = tuple(plain(item) if isinstance(item, msgspec.Struct) else item for item in value)
        if one.default is msgspec.NODEFAULT or value != one.default:
            values[one.name] = value
    return type(part)(**values)


def differing(before: object, after: object) -> tuple[str, ...]:
    """Give the difference of two values' readable texts as a unified diff without its head."""
    texts = [_text(value) for value in (before, after)]
    lines = difflib.unified_diff(texts[0], texts[1], lineterm="", n=2)
    return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))


def _text(value: object) -> list[str]:
    if value is None:
        return []
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode().splitlines()
