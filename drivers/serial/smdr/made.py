"""The layouts, found by file name, and a call as they print it."""

import importlib
import pkgutil
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Protocol, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from appliance.core import model
from appliance.core.cdr import CDR, Outcome
from drivers.serial.smdr import layouts
from drivers.serial.smdr.finished import FinishedCall, Sheet

SECOND_US = 1_000_000
CALLBACK = "callback"
"A medium: the customer was to be called."


class Layout(Protocol):
    """What a module in `layouts` defines."""

    LABEL: str
    "Whose it is, as a menu names it."

    def opening(self, sheet: Sheet, /) -> bytes:
        """Print what stands before the first call of a day; empty if nothing does."""

    def line(self, call: FinishedCall, /) -> bytes:
        """Print a call."""


@cache
def all_layouts() -> Mapping[str, Layout]:
    """All layouts by name; a test holds each against the protocol."""
    names = sorted(info.name for info in pkgutil.iter_modules(layouts.__path__))
    found = {name: importlib.import_module(f"{layouts.__name__}.{name}") for name in names}
    return cast("Mapping[str, Layout]", found)  # cast: a module is its own instance of the protocol


def zone_of(name: str) -> ZoneInfo:
    """Give the company's zone; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def finished(
    cdr: CDR, *, ordinal: int, number: str, trunks: Mapping[str, int], extensions: Mapping[str, str], zone: ZoneInfo
) -> FinishedCall:
    """Make what is printed of a call's record; `number` is the caller's, empty if there is none to print.

    `trunks` has the place of each trunk, `extensions` the telephone of each agent.
    """
    answered = cdr.outcome is Outcome.ANSWERED
    whole_us = max(0, cdr.ended - cdr.began)
    return FinishedCall(
        ordinal=ordinal,
        began=_local(cdr.began, zone),
        ended=_local(cdr.ended, zone),
        outgoing=cdr.medium == CALLBACK and answered,
        answered=answered,
        ring_s=(cdr.wait_us if answered else whole_us) // SECOND_US,
        talk_s=cdr.talk_us // SECOND_US if answered else 0,
        number=number,
        dialled=cdr.number,
        extension=extensions.get(cdr.agent, "") if answered else "",
        trunk=trunks.get(cdr.trunk, 0),
    )


def places_of_trunks(configuration: model.Configuration) -> Mapping[str, int]:
    """Give the trunks their places, in the company's list, from 1."""
    return {trunk.slug: place for place, trunk in enumerate(configuration.trunks, 1)}


def telephones(configuration: model.Configuration) -> Mapping[str, str]:
    """Give the extension of each agent."""
    return {agent.slug: agent.extension for agent in configuration.agents}


def _local(at_us: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at_us / SECOND_US, UTC).astimezone(zone)
