"""Updates of a machine on plain folders, killed and cut off at random: the old release or the new one, never neither.

The real `boot.update` walks its plan as a process of its own; the machine is what RAUC and the image's GRUB make of
`ORDER`, `OK` and `TRY` (RAUC's manual, "GRUB", without `activate-installed`; `images/disk/grub.cfg`), written as they
write it. A kill ends the program alone; a power cut starts the machine anew from its boot loader.

`python -m tests.boot.updating FOLDER KILLS SEED` plays updates until so many kills and cuts have struck.
"""

import enum
import json
import os
import random
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from appliance import root_work as words
from boot.kept import write_whole
from boot.update import OVER, Box, Phase, Plan, Plans, settle, walk

OLD, NEW, TORN = "old", "new", "torn"
TRIES = 3
"As the image's GRUB counts them."
LIVES_MAX = 60
STRIKES_MAX = 5
"In one update; then it is left in peace, and must end."
EVENTS = frozenset({"open", "os.rename", "os.remove", "os.chmod", "os.kill"})
REBOOTED = 77
STEPS_MAX = 70
"System calls that change something, in one life of the program, about."


class Release(enum.StrEnum):
    """What the new release is like."""

    WELL = "well"
    NO_CALLS = "no_calls"
    SELF_TEST = "self_test"
    NO_START = "no_start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Two slots, a boot loader, and which slot runs."""

    folder: Path

    def lay_out(self) -> None:
        """Make it as it comes from the image."""
        self.folder.mkdir(parents=True)
        (self.folder / "A").write_text(OLD)
        (self.folder / "B").write_text("")
        self.write(ORDER="A B", A_OK="1", A_TRY="0", B_OK="0", B_TRY="0")

    @property
    def environment(self) -> dict[str, str]:
        """Give GRUB's environment."""
        return dict(json.loads((self.folder / "grubenv").read_text()))

    def write(self, **values: str) -> None:
        """Change GRUB's environment; it is one block, written at once."""
        path = self.folder / "grubenv"
        known = self.environment if path.exists() else {}
        write_whole(path, json.dumps({**known, **values}).encode())

    @property
    def booted(self) -> str:
        """Name the slot that runs."""
        return (self.folder / "booted").read_text()

    def content(self, slot: str) -> str:
        """Tell what lies in a slot."""
        return (self.folder / slot).read_text()

    def boot(self, release: Release) -> None:
        """Start it, as often as it takes until a kernel runs."""
        for _ in range(TRIES * 2 + 1):
            values = self.environment
            ways = [slot for slot in values["ORDER"].split() if values[f"{slot}_OK"] == "1"]
            fresh = [slot for slot in ways if int(values[f"{slot}_TRY"]) < TRIES]
            if not fresh:
                values |= {"A_TRY": "0", "B_TRY": "0"}
            slot = (fresh or ways or ["A"])[0]
            self.write(**{**values, f"{slot}_TRY": str(int(values[f"{slot}_TRY"]) + 1)})
            assert self.content(slot) in {OLD, NEW}, f"slot {slot} holds {self.content(slot)!r}"
            if self.content(slot) == OLD or release is not Release.NO_START:
                (self.folder / "booted").write_text(slot)
                return
        raise AssertionError(f"no slot starts: {self.environment}")


class TriedBox(Box):
    """The box that runs on such a machine."""

    def __init__(self, machine: Machine, release: Release, calls: random.Random) -> None:
        """Run what is booted."""
        self._machine = machine
        self._release = release
        self._calls = calls

    @property
    def _other(self) -> str:
        return "B" if self._machine.booted == "A" else "A"

    @override
    def ask(self, question: words.AnyQuestion) -> words.Answer:
        machine = self._machine
        match question:
            case words.Look():
                values = machine.environment
                slots = tuple(
                    words.Slot(
                        name=name,
                        booted=name == machine.booted,
                        good=values[f"{name}_OK"] == "1",
                        active=values["ORDER"].startswith(name),
                    )
                    for name in "AB"
                )
                return words.Answer(seen=words.Seen(slots=slots))
            case words.InstallUpdate():
                self._install()
            case words.MarkSlot(slot=which, state=state):
                self._mark(machine.booted if which == "booted" else self._other, state)
            case words.Reboot():
                os._exit(REBOOTED)
            case _:
                raise AssertionError(question)
        return words.Answer()

    def _install(self) -> None:
        other = self._other
        self._machine.write(**{f"{other}_OK": "0"})
        for content in ("", TORN, TORN, NEW):
            (self._machine.folder / other).write_text(content)

    def _mark(self, slot: str, state: str) -> None:
        match state:
            case "good":
                self._machine.write(**{f"{slot}_OK": "1", f"{slot}_TRY": "0"})
            case "bad":
                self._machine.write(**{f"{slot}_OK": "0", f"{slot}_TRY": "0"})
            case _:
                order = "A B" if slot == "A" else "B A"
                self._machine.write(ORDER=order, **{f"{slot}_OK": "1", f"{slot}_TRY": "0"})

    @override
    def is_quiet(self) -> bool:
        return self._calls.random() < 0.5

    @property
    def _runs_new(self) -> bool:
        return self._machine.content(self._machine.booted) == NEW

    @override
    def takes_calls(self) -> bool:
        return not (self._runs_new and self._release is Release.NO_CALLS)

    @override
    def passes(self) -> bool:
        return not (self._runs_new and self._release is Release.SELF_TEST)


def live(machine: Machine, release: Release, seed: int, steps: int) -> NoReturn:
    """Be the program for one life, which ends by itself, by a restart of the machine, or before step `steps`."""
    left = steps

    def strike(event: str, _: object) -> None:
        nonlocal left
        if event in EVENTS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(strike)
    box, plans = TriedBox(machine, release, random.Random(seed)), Plans(machine.folder / "update.json")  # noqa: S311  a seed makes the day
    walk(box, plans)
    settled, plan = settle(box, plans), plans.read()
    os._exit(0 if settled and plan is not None and plan.phase in OVER else 1)


def update(folder: Path, dice: random.Random) -> tuple[int, Plan, Release]:
    """Play one update to its end; how often it was struck, the plan at its end, and what the release was like."""
    machine, release, strikes = Machine(folder=folder), dice.choice(list(Release)), 0
    machine.lay_out()
    machine.boot(release)
    plans = Plans(folder / "update.json")
    plans.write(Plan(bundle="new.raucb"))
    cuts = 0
    for _ in range(LIVES_MAX):
        steps = dice.randint(1, STEPS_MAX) if strikes < STRIKES_MAX else 0
        seed = dice.randint(0, 10**9)
        pid = os.fork()
        if pid == 0:
            live(machine, release, seed, steps)
        _, status = os.waitpid(pid, 0)
        struck = os.WIFSIGNALED(status)
        strikes += struck
        cut = struck and dice.random() < 0.5
        cuts += cut
        if cut or (not struck and os.WEXITSTATUS(status) == REBOOTED):
            machine.boot(release)
        elif not struck and os.WEXITSTATUS(status) == 0:
            break
    plan = plans.read()
    assert plan is not None
    assert plan.phase in OVER, plan
    judge(machine, release, plan, cuts)
    return strikes, plan, release


def judge(machine: Machine, release: Release, plan: Plan, cuts: int) -> None:
    """Hold the end against what it must be: what runs is what the plan says, and stays so over further starts."""
    runs = machine.content(machine.booted)
    assert runs == (NEW if plan.phase is Phase.GOOD else OLD), (plan, machine.environment)
    if release is not Release.WELL:
        assert plan.phase is Phase.BACK, plan
    elif not cuts:
        assert plan.phase is Phase.GOOD, plan
    for _ in range(TRIES - 1):
        machine.boot(release)
        assert machine.content(machine.booted) == runs, (plan, machine.environment)


def main(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Play until so many kills have struck; what was counted."""
    dice = random.Random(seed)  # noqa: S311  a seed makes the day
    told: dict[str, int] = {
        "updates": 0,
        "kills": 0,
        **dict.fromkeys(OVER, 0),
        **{f"release {kind}": 0 for kind in Release},
    }
    while told["kills"] < kills:
        own = folder / f"update-{told['updates']}"
        strikes, plan, release = update(own, dice)
        told["updates"] += 1
        told["kills"] += strikes
        told[plan.phase] += 1
        told[f"release {release}"] += 1
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))) + "\n")
