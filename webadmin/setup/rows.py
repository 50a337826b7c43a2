"""Rows of a form: several values of some columns each, such as the steps of what a workgroup requires."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webadmin.setup.fields import LINES_MAX, NOTHING, Check, Choice, Choices, Field, FieldError
from webadmin.texts import Texts

SPARE = 2
"Empty rows that are shown behind those that are filled."
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One of a few words that are always the same."""

    name: str
    label: str
    words: tuple[tuple[str, str], ...]
    "Value and its word, marked for translation."
    help: str = ""
    default: object = ""
    kind: str = "pick"

    def read(self, typed: Sequence[str], _choices: Choices, say: Texts) -> object:
        """Take what is among them."""
        return Choice(name=self.name, label=self.label).read(typed, list(self.words), say)

    def show(self, value: object) -> str:
        """Write it."""
        return str(value)

    def word(self, value: object, _choices: Choices, say: Texts) -> str:
        """Say its word."""
        words = dict(self.words)
        return say(words[str(value)]) if str(value) in words else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of columns; its value is a tuple of what each row says, by the columns' names.

    A browser sends all cells under one name, row by row. A row whose first cell is empty is none. Of the columns only
    those of kind `choice` choose from the field's own list; boxes to tick cannot stand in a row, for an empty one is
    not sent.
    """

    name: str
    label: str
    columns: tuple[Field, ...]
    help: str = ""
    alone: bool = False
    "Whether the value has the first column's value in place of a row."
    most: int = LINES_MAX
    default: object = ()
    kind: str = "rows"

    def __post_init__(self) -> None:
        """Refuse a column that a row cannot have."""
        if any(isinstance(column, Check | Rows) for column in self.columns):
            raise TypeError(self.name)

    def read(self, typed: Sequence[str], choices: Choices, say: Texts) -> object:
        """Take every row that is not empty."""
        found: list[object] = []
        for cells in self._chunks(typed):
            if not cells[0].strip():
                continue
            row = {
                column.name: column.read([cell], _some(column, choices), say)
                for column, cell in zip(self.columns, cells, strict=True)
            }
            found.append(row[self.columns[0].name] if self.alone else row)
        if len(found) > self.most:
            raise FieldError(say("There are too many: {detail} at most.", detail=self.most))
        return tuple(found)

    def show(self, _value: object) -> str:
        """Write nothing: each cell shows itself."""
        return ""

    def word(self, value: object, choices: Choices, say: Texts) -> str:
        """Say the rows, one behind the other."""
        said = [
            " · ".join(
                column.word(_of(item, column, alone=self.alone), _some(column, choices), say) for column in self.columns
            )
            for item in _items(value)
        ]
        return "; ".join(said) or NOTHING

    def cells(self, value: object) -> list[Cells]:
        """Write the rows as they would be typed, with some empty ones; what could not be taken is shown again."""
        items = _items(value)
        if not self.alone and items and all(isinstance(item, str) for item in items):
            rows = self._chunks([str(item) for item in items])
        else:
            rows = [
                tuple(column.show(_of(item, column, alone=self.alone)) for column in self.columns) for item in items
            ]
        empty = ("", *(column.show(column.default) for column in self.columns[1:]))
        return rows + [empty] * SPARE

    def _chunks(self, typed: Sequence[str]) -> list[Cells]:
        width = len(self.columns)
        whole = list(typed) + [""] * (-len(typed) % width)
        return [tuple(whole[place : place + width]) for place in range(0, len(whole), width)]


def _some(column: Field, choices: Choices) -> Choices:
    return choices if column.kind == "choice" else []


def _items(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, tuple | list) else ()


def _of(item: object, column: Field, *, alone: bool) -> object:
    if alone:
        return item
    found = item.get(column.name) if isinstance(item, Mapping) else getattr(item, column.name, None)
    return column.default if found is None else found


def of_table(table: object, key: str, value: str) -> tuple[dict[str, object], ...]:
    """Give a table of names and numbers as rows."""
    return tuple({key: name, value: number} for name, number in table.items()) if isinstance(table, Mapping) else ()


def table_of(rows: object, key: str, value: str) -> dict[str, object]:
    """Give rows as a table; of two rows of one name the later holds."""
    return {str(row[key]): row[value] for row in _items(rows) if isinstance(row, Mapping)}
