"""The strategies as forms: each one's settings out of its `Options`, each text out of what its module says of itself.

A new strategy needs nothing here: its label is the first line of its docstring, the label of a setting the string under
it. The Chinese of both stands in the catalogue like that of every other text.
"""

import ast
import dataclasses
import inspect
import itertools
from collections.abc import Iterator, Mapping
from functools import cache
from typing import get_type_hints

from appliance.core.model import OptionValues
from appliance.core.plugins import Strategy, all_strategies
from webadmin.setup.fields import Check, Choice, Field, Form, Number, Text
from webadmin.setup.rows import Rows, of_table, table_of
from webadmin.texts import Texts, marked

NUMBER_MAX = 1_000_000
PERCENT_MAX = 100
AGENT = Choice(name="agent", label=marked("Agent"))
SHARE = Number(name="share", label=marked("Percent"), low=1, high=PERCENT_MAX, default=1, unit="%")


def label(say: Texts, name: str) -> str:
    """Say what a strategy does; its name if it is none of this release."""
    strategy = all_strategies().get(name)
    return say(_sentence(strategy)) if strategy is not None else name


@cache
def fields(name: str) -> tuple[Field, ...]:
    """Give the settings of a strategy as fields of a form."""
    options = all_strategies()[name].Options
    hints, labels = get_type_hints(options), _labels(options)
    return tuple(
        _field(f"option_{name}_{option.name}", labels.get(option.name, option.name), hints[option.name], option)
        for option in dataclasses.fields(options)
    )


@cache
def all_fields() -> tuple[Field, ...]:
    """Give the settings of all strategies; a form shows those of the one that is chosen."""
    return tuple(field for name in all_strategies() for field in fields(name))


def data(name: str, options: OptionValues) -> dict[str, object]:
    """Give what the form shows of a workgroup's strategy."""
    known = {f"option_{name}_{option}": value for option, value in options.items()}
    return {
        at: of_table(value, "agent", "share") if isinstance(value, Mapping) else value for at, value in known.items()
    }


def values(form: Form, name: str) -> dict[str, object]:
    """Give what the form says of the strategy's settings; what is as it would be anyhow is left out."""
    found: dict[str, object] = {}
    for field in fields(name) if name in all_strategies() else ():
        value = form.values.get(field.name, field.default)
        if value != field.default:
            option = field.name.removeprefix(f"option_{name}_")
            found[option] = table_of(value, "agent", "share") if field.kind == "rows" else value
    return found


def sentences() -> Iterator[str]:
    """Give every text that strategies say of themselves, for the catalogue."""
    for strategy in all_strategies().values():
        yield _sentence(strategy)
        yield from _labels(strategy.Options).values()


def _sentence(strategy: Strategy) -> str:
    return (inspect.getdoc(strategy) or "").split("\n")[0].removesuffix(".")


def _field(name: str, words: str, hint: object, option: "dataclasses.Field[object]") -> Field:
    if hint is bool:
        return Check(name=name, label=words, default=option.default)
    if hint is int:
        return Number(name=name, label=words, low=0, high=NUMBER_MAX, default=option.default)
    if hint == dict[str, int]:
        return Rows(name=name, label=words, columns=(AGENT, SHARE))
    return Text(name=name, label=words, default=option.default)


def _labels(options: type) -> dict[str, str]:
    """Read the strings under a dataclass's fields."""
    tree = ast.parse(inspect.getsource(options)).body[0]
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    return {
        before.target.id: str(after.value.value).removesuffix(".")
        for before, after in itertools.pairwise(body)
        if isinstance(before, ast.AnnAssign)
        and isinstance(before.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    }
