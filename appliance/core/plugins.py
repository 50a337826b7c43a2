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
from appliance.core.views import AgentView, InteractionView, QueueView, Scope


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

    def rank(
        self,
        options: object,
        agent: AgentView,
        queue: QueueView,
        interaction: InteractionView,
        /,
    ) -> tuple[int | str, ...]:
        """Key of an agent; the smallest is chosen."""


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


def options_of(kind: NodeKind | Strategy, values: OptionValues) -> object:
    """Make a module's options of what the configuration says; raises `msgspec.ValidationError` that names the place."""
    unknown = sorted(set(values) - {field.name for field in dataclasses.fields(kind.Options)})
    if unknown:
        raise msgspec.ValidationError(f"Object contains unknown field `{unknown[0]}`")
    made: object = msgspec.convert(values, kind.Options)
    return made
