"""Several of a list in an order that counts: boxes to tick, each with a way up and a way down.

A browser sends the ticked boxes in the order in which they stand. So the buttons need no script: each sends the form to
be shown again with one box moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from webadmin.setup.fields import Choices, Form, Several
from webadmin.texts import Texts

STEPS = {"up": -1, "down": 1}
"What the buttons say, and where to."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """Several of a list; its value is a tuple in the chosen order."""

    name: str
    label: str
    help: str = ""
    default: object = ()
    kind: str = "ordered"

    def read(self, typed: Sequence[str], choices: Choices, say: Texts) -> object:
        """Take what is on the list, each once, as it stands."""
        return self._several.read(typed, choices, say)

    def show(self, _value: object) -> str:
        """Write nothing: each box shows itself."""
        return ""

    def word(self, value: object, choices: Choices, say: Texts) -> str:
        """Say the titles in their order."""
        return self._several.word(value, choices, say)

    def lines(self, value: object, choices: Choices) -> Choices:
        """Give the chosen ones in their order, and behind them the others as they stand on the list."""
        titles = dict(choices)
        chosen = [one for one in _strings(value) if one in titles]
        return [(one, titles[one]) for one in chosen] + [(one, title) for one, title in choices if one not in chosen]

    @property
    def _several(self) -> Several:
        return Several(name=self.name, label=self.label)


def moved(form: Form, step: str) -> bool:
    """Do what a button says (`up:agents:li-wei`); False if it is none of these."""
    what, _, rest = step.partition(":")
    name, _, value = rest.partition(":")
    if what not in STEPS or all(one.name != name or one.kind != "ordered" for one in form.fields):
        return False
    chosen = list(_strings(form.values.get(name)))
    if value in chosen:
        place = chosen.index(value)
        other = place + STEPS[what]
        if 0 <= other < len(chosen):
            chosen[place], chosen[other] = chosen[other], chosen[place]
            form.values[name] = tuple(chosen)
    return True


def _strings(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one) for one in value)) if isinstance(value, tuple | list) else ()
