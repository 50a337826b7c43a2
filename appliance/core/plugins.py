"""The nodes and strategies, found by file name.

Each module has an `Options` class of its own that only it reads; to everybody else options are an `object`.
"""

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Protocol, cast

import msgspec

from appliance.core import nodes, strategies
from appliance.core.model import OptionValues
from appliance.core.steps import Heard, Step, Visit
from appliance.core.views import AgentView, MemberView, Scope


class NodeKind(Protocol):
    """What a module in `nodes` defines."""

    Options: type

    def exits(self, options: object, /) -> tuple[str, ...]:
        """Name the ways out."""

    def enter(self, options: object, visit: Visit, /) -> Step:
        """Take the first step."""

    def hear(self, options: object, heard: Heard, /) -> Step:
        """Take the next step."""


class Strategy(Protocol):
    """What a module in `strategies` defines."""

    Options: type
    SCOPE: Scope

    def rank(self, options: object, agent: AgentView, member: MemberView, /) -> tuple[int | str, ...]:
        """Key of an agent; the smallest is chosen."""

    def width(self, options: object, /) -> int:
        """How many phones ring at once; 0 for all that may."""


class Drawing(Strategy, Protocol):
    """What a strategy of scope `INTERACTION` defines too."""

    def draw(self, options: object, turn: int, free: int, /) -> int:
        """Where in the order of so many free agents to begin at the queue's so-manieth offer."""


class Sharing(Strategy, Protocol):
    """What a strategy of scope `SHARE` defines too."""

    def begins_at(self, options: object, agent: str, others: Mapping[str, int], /) -> int:
        """Offers that an agent who signs on is taken to have had, where the others at work have had so many."""


def _modules(package: ModuleType) -> Mapping[str, ModuleType]:
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    return {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}


@cache
def node_kinds() -> Mapping[str, NodeKind]:
    """All nodes by name; a test holds each against the protocol."""
    return cast("Mapping[str, NodeKind]", _modules(nodes))  # cast: a module is its own instance of the protocol


@cache
def all_strategies() -> Mapping[str, Strategy]:
    """All strategies by name; a test holds each against the protocol."""
    return cast("Mapping[str, Strategy]", _modules(strategies))  # cast: as above


def drawing(strategy: Strategy) -> Drawing | None:
    """Tell what a strategy draws with; None if it draws nothing."""
    return cast("Drawing", strategy) if strategy.SCOPE is Scope.INTERACTION else None  # cast: its scope says so


def sharing(strategy: Strategy) -> Sharing | None:
    """Tell what a strategy shares out with; None if it does not."""
    return cast("Sharing", strategy) if strategy.SCOPE is Scope.SHARE else None  # cast: as above


def options_of(kind: NodeKind | Strategy, values: OptionValues) -> object:
    """Make a module's options of what the configuration says; raises `msgspec.ValidationError` that names the place."""
    unknown = sorted(set(values) - {field.name for field in dataclasses.fields(kind.Options)})
    if unknown:
        raise msgspec.ValidationError(f"Object contains unknown field `{unknown[0]}`")
    made: object = msgspec.convert(values, kind.Options)
    return made
