"""Form fields of the set-up pages: each reads what was typed, shows a value again, and says it in words.

A field checks only what keeps a value from being stored at all; `appliance.core.check` says what a box can live with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from webadmin.texts import Texts

TEXT_MAX = 200
LINES_MAX = 1_000
DIGITS_MAX = 11
Choices = list[tuple[str, str]]
NOTHING = "—"


class FieldError(ValueError):
    """What was typed cannot be taken; the message is a sentence for the person."""


class Field(Protocol):
    """One field of a form; its name is that of the part's attribute."""

    @property
    def name(self) -> str:
        """Name in the form and in the part."""

    @property
    def label(self) -> str:
        """What stands over it, marked for translation."""

    @property
    def help(self) -> str:
        """What stands under it, marked for translation."""

    @property
    def kind(self) -> str:
        """How the template draws it."""

    @property
    def default(self) -> object:
        """The value that a new part begins with."""

    def read(self, typed: Sequence[str], choices: Choices, say: Texts) -> object:
        """Give the value of what was typed; raises `FieldError`."""

    def show(self, value: object) -> str:
        """Write the value as it would be typed."""

    def word(self, value: object, choices: Choices, say: Texts) -> str:
        """Say the value in a review."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line of text."""

    name: str
    label: str
    help: str = ""
    needed: bool = False
    longest: int = TEXT_MAX
    default: object = ""
    kind: str = "text"

    def read(self, typed: Sequence[str], _choices: Choices, say: Texts) -> object:
        """Take it without the blanks round it."""
        text = typed[0].strip() if typed else ""
        if self.needed and not text:
            raise FieldError(say("Something is needed here."))
        return _plain(text, self.longest, say)

    def show(self, value: object) -> str:
        """Write it."""
        return str(value)

    def word(self, value: object, _choices: Choices, _say: Texts) -> str:
        """Say it."""
        return str(value) or NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A password: never shown again."""

    name: str
    label: str
    help: str = ""
    longest: int = 1024
    default: object = ""
    kind: str = "secret"

    def read(self, typed: Sequence[str], _choices: Choices, say: Texts) -> object:
        """Take it as it is."""
        return _plain(typed[0] if typed else "", self.longest, say)

    def show(self, _value: object) -> str:
        """Write nothing."""
        return ""

    def word(self, value: object, _choices: Choices, say: Texts) -> str:
        """Say that there is one."""
        return say("a new one") if value else NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Some lines of text that are one."""

    name: str
    label: str
    help: str = ""
    longest: int = 2000
    default: object = ""
    kind: str = "paragraph"

    def read(self, typed: Sequence[str], _choices: Choices, say: Texts) -> object:
        """Take it, with single blanks."""
        return _plain(" ".join(typed[0].split()) if typed else "", self.longest, say)

    def show(self, value: object) -> str:
        """Write it."""
        return str(value)

    def word(self, value: object, _choices: Choices, _say: Texts) -> str:
        """Say it."""
        return str(value) or NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A whole number within limits, both included."""

    name: str
    label: str
    low: int
    high: int
    unit: str = ""
    "Stands behind it, marked for translation."
    help: str = ""
    default: object = 0
    kind: str = "number"

    def read(self, typed: Sequence[str], _choices: Choices, say: Texts) -> object:
        """Take ASCII digits alone; Python would read others and underscores too."""
        text = typed[0].strip() if typed else ""
        if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
            raise FieldError(say("A whole number, please."))
        number = int(text)
        if not self.low <= number <= self.high:
            raise FieldError(say("This must lie within {detail}.", detail=f"{self.low}–{self.high}"))
        return number

    def show(self, value: object) -> str:
        """Write it."""
        return str(value)

    def word(self, value: object, _choices: Choices, say: Texts) -> str:
        """Say it with its unit."""
        return f"{value} {say(self.unit)}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A whole number within limits, or nothing for no limit; its value is None then."""

    name: str
    label: str
    low: int
    high: int
    help: str = ""
    default: object = None
    kind: str = "text"

    def read(self, typed: Sequence[str], choices: Choices, say: Texts) -> object:
        """Take digits or nothing."""
        if not typed or not typed[0].strip():
            return None
        return Number(name=self.name, label=self.label, low=self.low, high=self.high).read(typed, choices, say)

    def show(self, value: object) -> str:
        """Write it."""
        return "" if value is None else str(value)

    def word(self, value: object, _choices: Choices, _say: Texts) -> str:
        """Say it."""
        return NOTHING if value is None else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Yes or no."""

    name: str
    label: str
    help: str = ""
    default: object = False
    kind: str = "check"

    def read(self, typed: Sequence[str], _choices: Choices, _say: Texts) -> object:
        """Take a tick for yes."""
        return bool(typed and typed[0])

    def show(self, value: object) -> str:
        """Write a tick."""
        return "y" if value else ""

    def word(self, value: object, _choices: Choices, say: Texts) -> str:
        """Say it."""
        return say("yes") if value else say("no")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a list."""

    name: str
    label: str
    help: str = ""
    default: object = ""
    kind: str = "choice"

    def read(self, typed: Sequence[str], choices: Choices, say: Texts) -> object:
        """Take what is on the list."""
        text = typed[0] if typed else ""
        if all(text != value for value, _ in choices):
            raise FieldError(say("Choose one of the list."))
        return text

    def show(self, value: object) -> str:
        """Write it."""
        return str(value)

    def word(self, value: object, choices: Choices, _say: Texts) -> str:
        """Say its title."""
        return dict(choices).get(str(value), str(value)) or NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Several of a list, as boxes to tick; its value is a tuple."""

    name: str
    label: str
    help: str = ""
    default: object = ()
    kind: str = "several"

    def read(self, typed: Sequence[str], choices: Choices, say: Texts) -> object:
        """Take what is on the list, each once."""
        known = {value for value, _ in choices}
        if any(text not in known for text in typed):
            raise FieldError(say("Choose of the list alone."))
        return tuple(dict.fromkeys(typed))

    def show(self, _value: object) -> str:
        """Write nothing: each box shows itself."""
        return ""

    def word(self, value: object, choices: Choices, _say: Texts) -> str:
        """Say the titles."""
        titles = dict(choices)
        return ", ".join(titles.get(one, one) for one in _strings(value)) or NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Several values, one a line; its value is a tuple."""

    name: str
    label: str
    help: str = ""
    default: object = ()
    kind: str = "lines"

    def read(self, typed: Sequence[str], _choices: Choices, say: Texts) -> object:
        """Take every line that is not empty."""
        lines = tuple(line.strip() for line in typed[0].splitlines() if line.strip()) if typed else ()
        if len(lines) > LINES_MAX:
            raise FieldError(say("There are too many: {detail} at most.", detail=LINES_MAX))
        return tuple(_plain(line, TEXT_MAX, say) for line in lines)

    def show(self, value: object) -> str:
        """Write one a line."""
        return "\n".join(_strings(value))

    def word(self, value: object, _choices: Choices, _say: Texts) -> str:
        """Say them in a row."""
        return ", ".join(_strings(value)) or NOTHING


def _plain(text: str, longest: int, say: Texts) -> str:
    if len(text) > longest:
        raise FieldError(say("At most {count} characters, please.", count=longest))
    if not text.isprintable():
        raise FieldError(say("There is a character in it that cannot be shown."))
    return text


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, tuple | list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A field as the template draws it."""

    field: Field
    typed: str
    value: object
    choices: Choices
    error: str


@dataclass(slots=True, kw_only=True)
class Form:
    """A form with what stands in it."""

    fields: tuple[Field, ...]
    say: Texts
    choices: Mapping[str, Choices]
    values: dict[str, object] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Shown]:
        """Give the fields as the template draws them."""
        for one in self.fields:
            yield Shown(
                field=one,
                typed=self.typed.get(one.name, ""),
                value=self.values.get(one.name, one.default),
                choices=self.choices.get(one.name, []),
                error=self.errors.get(one.name, ""),
            )

    def text(self, name: str) -> str:
        """Give a value that is text."""
        return str(self.values.get(name, ""))

    def strings(self, name: str) -> tuple[str, ...]:
        """Give a value that is several texts."""
        return _strings(self.values.get(name, ()))

    def word(self, one: Field) -> str:
        """Say a field's value in a review."""
        return one.word(self.values.get(one.name, one.default), self.choices.get(one.name, []), self.say)


def shown(fields: tuple[Field, ...], say: Texts, choices: Mapping[str, Choices], values: Mapping[str, object]) -> Form:
    """Make a form that shows values; what is not given shows its default."""
    known = {one.name: values.get(one.name, one.default) for one in fields}
    typed = {one.name: one.show(known[one.name]) for one in fields}
    return Form(fields=fields, say=say, choices=choices, values=known, typed=typed)


def typed(
    fields: tuple[Field, ...], say: Texts, choices: Mapping[str, Choices], posted: Mapping[str, Sequence[str]]
) -> Form:
    """Make a form of what was typed; its errors say what cannot be taken."""
    form = Form(fields=fields, say=say, choices=choices)
    for one in fields:
        said = posted.get(one.name, ())
        form.typed[one.name] = said[0] if said else ""
        try:
            form.values[one.name] = one.read(said, choices.get(one.name, []), say)
        except FieldError as error:
            form.errors[one.name] = str(error)
            form.values[one.name] = tuple(said) if one.kind in {"several", "ordered", "rows"} else one.default
    return form


def differences(before: Form | None, after: Form) -> tuple[tuple[str, str, str], ...]:
    """Give label, old and new words of every field that differs."""
    found = []
    for one in after.fields:
        old = before.word(one) if before is not None else ""
        new = after.word(one)
        if old != new and not (before is None and new == NOTHING):
            found.append((after.say(one.label), old, new))
    return tuple(found)
