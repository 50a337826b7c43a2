"""Columns: many values of one kind in few bytes, each column readable alone.

Whole numbers are kept as what they are above a base, in the narrowest width that holds them all; the base is the
least value, the value before, or another column of the same row, whatever costs least. A row that hangs on another
one (a segment on its call) may count from the row before it, and the first one from its owner. Texts are numbers
too: their place in a list of the different ones, or the numbers that stand in them; long hexadecimal ids are bytes.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from appliance.core.columns import Ints, Text

WIDTHS: Mapping[int, str] = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}
DIFFERENT_MAX = 4_096
"Different texts that a list of them may hold."
SHAPES_MAX = 64
"Different shapes of texts with numbers in them."
SECOND_US = 1_000_000
SAMPLE = 512
"Rows by which the best way to write a column is found, where finding it by all would take long."

_NUMBER = re.compile(r"\d+")
_HEX = re.compile(r"(?:[0-9a-f]{2}){4,32}")
_SLOT = re.compile(r"%0?\d*d")
_DIGITS_MAX = 18


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """How a column of numbers is written; its bytes stand elsewhere."""

    name: str
    rows: int
    start: int
    "Where its bytes begin in the body."
    length: int
    "Bytes as they stand there."
    width: int
    "Bytes a number; 0 if all are the base."
    base: int
    how: str = "plain"
    "`plain`, `delta` (from the row before), `minus` or `seconds` (from another column), or `chain` (see the module)."
    other: str = ""
    owner: str = ""
    "Of a chain: the column of the owner that the first row counts from."
    squeezed: bool = False
    first: int = 0
    "The first value, where each counts from the one before."


class Worded(msgspec.Struct, frozen=True, array_like=True):
    """How a column of texts is written."""

    name: str
    rows: int
    how: str
    "`listed`, `shaped`, `hex` or `plain`."
    values: tuple[Text, ...] = ()
    "The different texts, or the shapes."
    start: int = 0
    length: int = 0
    width: int = 0
    "Bytes a hexadecimal id."


class Head(msgspec.Struct, frozen=True, array_like=True):
    """What stands in a body."""

    packed: tuple[Packed, ...]
    worded: tuple[Worded, ...]


Look: TypeAlias = Callable[[str], Ints]
"Gives a column of numbers by its name."

_heads = msgspec.msgpack.Decoder(Head)
_texts: msgspec.msgpack.Decoder[tuple[Text, ...]] = msgspec.msgpack.Decoder(tuple[Text, ...])


class Body:
    """Columns being written, one after the other."""

    def __init__(self, look: Look, *, squeeze: bool) -> None:
        """Begin empty; `look` gives columns that stand elsewhere, `squeeze` spends time to save bytes."""
        self._look = look
        self._squeeze = squeeze
        self._own: dict[str, Ints] = {}
        self._packed: list[Packed] = []
        self._worded: list[Worded] = []
        self._bytes = bytearray()

    def look(self, name: str) -> Ints:
        """Give a column of numbers, this body's or another's."""
        found = self._own.get(name)
        return found if found is not None else self._look(name)

    def put(self, name: str, values: Sequence[int], *, beside: Iterable[str] = (), owners: Iterable[str] = ()) -> None:
        """Write numbers. `beside` names columns of the same rows, `owners` columns of the rows that they hang on.

        With owners, `<table>#` (the name up to its last point) says how many rows hang on each.
        """
        given = np.array(values, dtype=np.int64)
        ways = list(self._ways(name, given, tuple(beside), tuple(owners)))
        middle = slice(len(given) // 2, len(given) // 2 + SAMPLE) if self._squeeze else slice(None)
        tried = [self._tried(name, given[middle], *way[:3], way[3][middle]) for way in ways]
        best = min(range(len(ways)), key=lambda way: (len(tried[way][1]), way))
        self._add(*self._tried(name, given, *ways[best]))
        self._own[name] = given

    def put_texts(self, name: str, values: Sequence[Text], *, beside: Iterable[str] = ()) -> None:
        """Write texts."""
        different = tuple(dict.fromkeys(values))
        if len(different) <= min(DIFFERENT_MAX, max(256, len(values) // 8)):
            places = {text: place for place, text in enumerate(different)}
            self._worded.append(Worded(name, len(values), "listed", different))
            self.put(f"{name}#", [places[text] for text in values])
        elif hexes := _hexes(values):
            self._worded.append(
                Worded(name, len(values), "hex", (), len(self._bytes), len(hexes), len(hexes) // len(values))
            )
            self._bytes += hexes
        elif shaped := _shaped(values):
            shapes, places_of, numbers = shaped
            self._worded.append(Worded(name, len(values), "shaped", shapes))
            self.put(f"{name}#", places_of)
            for place, column in enumerate(numbers):
                self.put(f"{name}#{place}", column, beside=beside)
        else:
            data = zlib.compress(msgspec.msgpack.encode(tuple(values)), 9)
            self._worded.append(Worded(name, len(values), "plain", (), len(self._bytes), len(data)))
            self._bytes += data

    def done(self) -> bytes:
        """Give everything that was written, with its head."""
        head = msgspec.msgpack.encode(Head(tuple(self._packed), tuple(self._worded)))
        if self._squeeze:
            head = zlib.compress(head, 9)
        return len(head).to_bytes(4, "big") + bytes((self._squeeze,)) + head + self._bytes

    def _ways(
        self, name: str, given: Ints, beside: tuple[str, ...], owners: tuple[str, ...]
    ) -> Iterable[tuple[str, str, str, Ints]]:
        yield "plain", "", "", given
        yield "delta", "", "", np.diff(given, prepend=given[:1])
        for other in beside:
            yield "minus", other, "", given - self.look(other)
            yield "seconds", other, "", given - self.look(other) // SECOND_US
        if owners:
            counts = self.look(f"{name.rpartition('.')[0]}#")
            for owner in owners:
                for other in (name, *beside):
                    before = _before(given if other == name else self.look(other), counts, self.look(owner))
                    yield "chain", other, owner, given - before

    def _tried(self, name: str, given: Ints, how: str, other: str, owner: str, rest: Ints) -> tuple[Packed, bytes]:
        base = int(rest.min()) if len(rest) else 0
        above = rest - base
        most = int(above.max()) if len(rest) else 0
        width = next(width for width in (0, *WIDTHS) if most < 1 << 8 * width)
        data = above.astype(WIDTHS[width]).tobytes() if width else b""
        squeezed = b""
        if self._squeeze and data:
            squeezed = zlib.compress(np.frombuffer(data, np.uint8).reshape(-1, width).T.tobytes(), 6)
        short = 0 < len(squeezed) < len(data)
        first = int(given[0]) if len(given) else 0
        packed = Packed(name, len(given), 0, 0, width, base, how, other, owner, short, first)
        return packed, squeezed if short else data

    def _add(self, packed: Packed, data: bytes) -> None:
        self._packed.append(msgspec.structs.replace(packed, start=len(self._bytes), length=len(data)))
        self._bytes += data


class Columns:
    """Columns being read; each is decoded when it is first asked for."""

    def __init__(self, data: bytes, look: Look) -> None:
        """Read the head; `look` gives columns that stand elsewhere."""
        length = int.from_bytes(data[:4], "big")
        head = data[5 : 5 + length]
        read = _heads.decode(zlib.decompress(head) if data[4] else head)
        self._body = memoryview(data)[5 + length :]
        self._packed = {packed.name: packed for packed in read.packed}
        self._worded = {worded.name: worded for worded in read.worded}
        self._look = look
        self._known: dict[str, Ints] = {}

    def names(self) -> Iterable[str]:
        """Tell which columns stand here."""
        return (*self._packed, *self._worded)

    def ints(self, name: str) -> Ints:
        """Give numbers; KeyError if there is no such column."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._read(self._packed[name])
        return found

    def worded(self, name: str) -> Worded:
        """Tell how texts are written; KeyError if there is no such column."""
        return self._worded[name]

    def texts(self, name: str, rows: Ints) -> list[Text]:
        """Give the texts of some rows."""
        worded = self._worded[name]
        match worded.how:
            case "listed":
                return [worded.values[place] for place in self.ints(f"{name}#")[rows].tolist()]
            case "hex":
                data, width = bytes(self._body[worded.start : worded.start + worded.length]), worded.width
                return [data[row * width : (row + 1) * width].hex() for row in rows.tolist()]
            case "shaped":
                slots = [len(_SLOT.findall(str(shape).replace("%%", ""))) for shape in worded.values]
                columns = [self.ints(f"{name}#{place}")[rows].tolist() for place in range(max(slots))]
                return [
                    str(worded.values[shape]) % numbers[: slots[shape]]
                    for shape, numbers in zip(
                        self.ints(f"{name}#")[rows].tolist(), zip(*columns, strict=True), strict=True
                    )
                ]
            case _:
                every = _texts.decode(zlib.decompress(self._body[worded.start : worded.start + worded.length]))
                return [every[row] for row in rows.tolist()]

    def raw(self, name: str) -> NDArray[np.uint8]:
        """Give hexadecimal ids as bytes, a row each."""
        worded = self._worded[name]
        body = self._body[worded.start : worded.start + worded.length]
        return np.frombuffer(body, np.uint8).reshape(worded.rows, worded.width)

    def _read(self, packed: Packed) -> Ints:
        data: bytes | memoryview = self._body[packed.start : packed.start + packed.length]
        if packed.squeezed:
            planes = np.frombuffer(zlib.decompress(data), np.uint8).reshape(packed.width, packed.rows)
            data = planes.T.tobytes()
        if packed.width:
            rest = np.frombuffer(data, WIDTHS[packed.width]).astype(np.int64)
            if packed.base:
                rest += packed.base
        else:
            rest = np.full(packed.rows, packed.base, np.int64)
        match packed.how:
            case "delta":
                np.cumsum(rest, out=rest)
                rest += packed.first
                return rest
            case "minus":
                return rest + self._look(packed.other)
            case "seconds":
                return rest + self._look(packed.other) // SECOND_US
            case "chain":
                counts = self._look(f"{packed.name.rpartition('.')[0]}#")
                owner = self._look(packed.owner)
                if packed.other != packed.name:
                    return rest + _before(self._look(packed.other), counts, owner)
                sums: Ints = np.cumsum(rest, dtype=np.int64)
                starts = np.cumsum(counts) - counts
                offsets: Ints = owner - np.concatenate([[0], sums])[starts]
                return sums + np.repeat(offsets, counts)
            case _:
                return rest


def _before(column: Ints, counts: Ints, owner: Ints) -> Ints:
    """Give the value of the row before, and for the first row of each owner the owner's."""
    before = np.concatenate([column[:1], column[:-1]])
    starts = (np.cumsum(counts) - counts)[counts > 0]
    before[starts] = owner[counts > 0]
    return before


def _hexes(values: Sequence[Text]) -> bytes:
    """Give the bytes of hexadecimal ids of one length; empty if they are not that."""
    first = values[0] if values else None
    if first is None or not all(
        text is not None and len(text) == len(first) and _HEX.fullmatch(text) for text in values
    ):
        return b""
    return bytes.fromhex("".join(text for text in values if text))


def _shaped(values: Sequence[Text]) -> tuple[tuple[str, ...], list[int], list[list[int]]] | None:
    """Take numbers out of texts: the shapes that are left, which one each text has, and the numbers by their place."""
    shapes: dict[str, int] = {}
    places: list[int] = []
    rows: list[list[int]] = []
    for text in values:
        numbers = _NUMBER.findall(text) if text is not None and text.isascii() else []
        if not numbers or text is None or any(len(number) > _DIGITS_MAX for number in numbers):
            return None
        shape = _NUMBER.sub(_slot, text.replace("%", "%%"))
        places.append(shapes.setdefault(shape, len(shapes)))
        rows.append([int(number) for number in numbers])
        if len(shapes) > SHAPES_MAX:
            return None
    most = max(map(len, rows))
    columns = [[row[place] if place < len(row) else 0 for row in rows] for place in range(most)]
    return tuple(shapes), places, columns


def _slot(found: re.Match[str]) -> str:
    return f"%0{len(found[0])}d" if found[0].startswith("0") and len(found[0]) > 1 else "%d"
