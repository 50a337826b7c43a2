"""An update of the box: written beside what runs, switched to when it is quiet, tried, kept if calls go through.

One step at a time, each of which may be cut off and done again: what stands in the plan is written before the step that
it names, so that after a kill or a power cut at any moment the box runs the old release or the new one, and the plan
goes on. The boot loader tries a slot once; one that does not come up, or that fails its self-test, gives way to the
other. `python -m boot.update` is the program that walks the plan.
"""

import contextlib
import enum
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

import msgspec
from typing_extensions import override

from appliance import root_work as words
from appliance.client import Client, DoorClosedError
from appliance.places import Places, PlacesError, places_of
from boot.kept import DOCUMENT_BYTES_MAX, write_whole

TRIES_MAX = 2
"A power cut in the wrong moment costs a try; a slot that does not start is not tried for ever."
LOOK_S = 2.0
COME_UP_S = 900.0
"Within which a new release has to take calls."
SELF_TEST_S = 300.0
INSTALL_S = 1900.0
REFUSED = 64


class Phase(enum.StrEnum):
    """Where an update is."""

    INSTALL = "install"
    "The bundle is to be written into the slot that does not run."
    QUIET = "quiet"
    "It is written; the box waits until nobody calls."
    SWITCH = "switch"
    "The machine is to start the other slot."
    TRY = "try"
    "It runs, and has to show that it takes calls."
    LEAVE = "leave"
    "It failed; the machine is to start the slot before."
    GOOD = "good"
    BACK = "back"
    FAILED = "failed"
    "Nothing was switched."


OVER = frozenset({Phase.GOOD, Phase.BACK, Phase.FAILED})
BEFORE = frozenset({Phase.INSTALL, Phase.QUIET})
"While the release before runs, as it would without an update."


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One update. Fields are only added: the release before reads it too."""

    bundle: str
    phase: Phase = Phase.INSTALL
    at_once: bool = False
    "Whether it switches without waiting for quiet; calls are lost."
    before: str = ""
    "The slot that ran when it began."
    tested: bool = False
    "Whether the self-test passed before: only then can it tell that the new release is worse."
    tries: int = 0
    why: str = ""
    "What it failed for: a stable word, or what root said."


class Box(Protocol):
    """What an update asks of the box that it changes."""

    def ask(self, question: words.AnyQuestion) -> words.Answer:
        """Ask root; raises `RootAwayError`."""

    def is_quiet(self) -> bool:
        """Tell whether nobody calls."""

    def takes_calls(self) -> bool:
        """Wait until calls can be taken; false if that takes too long."""

    def passes(self) -> bool:
        """Call the box by itself, end to end."""


class Plans:
    """Where the plan is written down."""

    def __init__(self, path: Path) -> None:
        """Keep it in this file."""
        self._path = path

    def read(self) -> Plan | None:
        """Read it; None if there is none that can be read."""
        with contextlib.suppress(OSError, msgspec.DecodeError), self._path.open("rb") as file:
            return msgspec.json.decode(file.read(DOCUMENT_BYTES_MAX), type=Plan)
        return None

    def write(self, plan: Plan) -> None:
        """Write it down before what it says is done."""
        write_whole(self._path, msgspec.json.encode(plan), mode=0o600)


def step(plan: Plan, box: Box, plans: Plans) -> Plan:  # noqa: PLR0911  one line a phase
    """Take the plan one step on; raises `RootAwayError`. The same plan comes back where there is nothing to do yet."""
    slots = _slots(box)
    if not slots:
        return _to(plans, plan, Phase.FAILED, "no_slots")
    booted = next(slot.name for slot in slots if slot.booted)
    if plan.phase in {Phase.INSTALL, Phase.QUIET} and plan.before not in {"", booted}:
        return _to(plans, plan, Phase.TRY)  # the machine was started anew, and the boot loader took the new release
    if plan.phase is Phase.INSTALL:
        return _install(plan, box, plans, booted)
    if plan.phase is Phase.QUIET:
        return _await_quiet(plan, box, plans)
    if plan.phase is Phase.SWITCH:
        return _switch(plan, box, plans, booted)
    if plan.phase is Phase.TRY:
        return _try(plan, box, plans, booted)
    return _leave(plan, box, plans, booted) if plan.phase is Phase.LEAVE else plan


def _slots(box: Box) -> tuple[words.Slot, ...]:
    seen = box.ask(words.Look()).seen
    slots = seen.slots if seen is not None else ()
    return slots if any(slot.booted for slot in slots) else ()


def _to(plans: Plans, plan: Plan, phase: Phase, why: str = "", **more: object) -> Plan:
    fresh = msgspec.structs.replace(plan, phase=phase, why=why or plan.why, **more)
    plans.write(fresh)
    return fresh


def _install(plan: Plan, box: Box, plans: Plans, booted: str) -> Plan:
    if not plan.before:
        plan = _to(plans, plan, Phase.INSTALL, before=booted, tested=box.passes())
    answer = box.ask(words.InstallUpdate(bundle=plan.bundle))
    if answer.problem == "busy":
        return plan
    if answer.problem:
        return _to(plans, plan, Phase.FAILED, answer.detail or answer.problem)
    return _to(plans, plan, Phase.QUIET)


def _await_quiet(plan: Plan, box: Box, plans: Plans) -> Plan:
    if plan.at_once or box.is_quiet():
        return _to(plans, plan, Phase.SWITCH)
    return plan


def _switch(plan: Plan, box: Box, plans: Plans, booted: str) -> Plan:
    if booted != plan.before:
        return _to(plans, plan, Phase.TRY)
    if plan.tries >= TRIES_MAX:
        return _came_back(plan, box, plans, "not_started")
    plan = _to(plans, plan, Phase.SWITCH, tries=plan.tries + 1)
    _done(box, words.MarkSlot(slot="other", state="active"))
    _done(box, words.Reboot())
    return plan


def _try(plan: Plan, box: Box, plans: Plans, booted: str) -> Plan:
    if booted == plan.before:
        return _came_back(plan, box, plans, "not_started")
    if not box.takes_calls():
        return _to(plans, plan, Phase.LEAVE, "takes_no_calls")
    if plan.tested and not box.passes():
        return _to(plans, plan, Phase.LEAVE, "self_test")
    _done(box, words.MarkSlot(slot="booted", state="good"))
    return _to(plans, plan, Phase.GOOD)


def _leave(plan: Plan, box: Box, plans: Plans, booted: str) -> Plan:
    if booted == plan.before:
        return _came_back(plan, box, plans, plan.why)
    _done(box, words.MarkSlot(slot="other", state="active"))
    _done(box, words.MarkSlot(slot="booted", state="bad"))
    _done(box, words.Reboot())
    return plan


def _came_back(plan: Plan, box: Box, plans: Plans, why: str) -> Plan:
    """See that the boot loader stays with the slot before; at no moment is there none for it."""
    _done(box, words.MarkSlot(slot="booted", state="active"))
    _done(box, words.MarkSlot(slot="other", state="bad"))
    return _to(plans, plan, Phase.BACK, why)


def _done(box: Box, question: words.AnyQuestion) -> None:
    answer = box.ask(question)
    if answer.problem:
        raise words.RootAwayError(f"the root part refused: {answer.problem} {answer.detail}".rstrip())


class ThisBox(Box):
    """The box that we run on."""

    def __init__(self, places: Places) -> None:
        """Ask it where it lies."""
        self._places = places

    @override
    def ask(self, question: words.AnyQuestion) -> words.Answer:
        timeout_s = INSTALL_S if isinstance(question, words.InstallUpdate) else 60.0
        return words.ask(self._places.privileged, question, timeout_s=timeout_s)

    @override
    def is_quiet(self) -> bool:
        """Tell whether nobody calls; a box whose daemon is away is not known to be quiet."""
        try:
            for _, view in Client(self._places.console_socket).live():
                return not any(view.calls.values())
        except DoorClosedError:
            return False
        return False

    @override
    def takes_calls(self) -> bool:
        return self._switchroom("status", f"--wait={COME_UP_S:.0f}", within_s=COME_UP_S + 60)

    @override
    def passes(self) -> bool:
        return self._switchroom("selftest", within_s=SELF_TEST_S)

    def _switchroom(self, *arguments: str, within_s: float) -> bool:
        argv = [sys.executable, "-m", "appliance.commands", *arguments]
        try:
            return subprocess.run(argv, stdout=subprocess.DEVNULL, timeout=within_s, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False


def walk(box: Box, plans: Plans) -> None:
    """Take the plan as far as it goes now; a machine that starts anew goes on from there."""
    while (plan := plans.read()) is not None and plan.phase not in OVER:
        after = step(plan, box, plans)
        if after.phase != plan.phase:
            sys.stderr.write(f"update {plan.bundle}: {plan.phase} -> {after.phase} {after.why}\n")
        if after.phase == plan.phase:
            return


def settle(box: Box, plans: Plans) -> bool:
    """Take a slot that was started without an update for good, once it takes calls; false if that must be asked again.

    The boot loader notes each start as a try, and a power cut may leave both slots tried.
    """
    plan = plans.read()
    if plan is not None and plan.phase not in OVER | BEFORE:
        return False
    if not box.takes_calls():
        return False
    _done(box, words.MarkSlot(slot="booted", state="good"))
    return True


def main() -> int:
    """Walk the plan of this box, for ever."""
    try:
        places = places_of(os.environ)
    except PlacesError as error:
        sys.stderr.write(f"boot.update: {error}\n")
        return REFUSED
    box, plans = ThisBox(places), Plans(places.update)
    settled = False
    while True:
        try:
            walk(box, plans)
            settled = settled or settle(box, plans)
        except words.RootAwayError as error:
            sys.stderr.write(f"boot.update: {error}\n")
        time.sleep(LOOK_S)


if __name__ == "__main__":
    sys.exit(main())
