"""Settings of telephone cards applied on plain folders, killed and cut off at random: old or new, never neither.

The real `boot.wiring` applies as a process of its own; what takes the files is `tests/boot/taking.py`, which says what
it is. A kill ends the root part alone, or what takes the files alone; a power cut empties the kernel's folder, and the
machine starts anew as its units do: `early`, what takes the files, the root part.

`python -m tests.boot.applying FOLDER KILLS SEED` applies until so many kills and cuts have struck.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from appliance import root_work as words
from appliance.core import model
from boot.cards import FILES, SETS
from boot.wiring import Wiring, take_back_early
from drivers.dahdi import system
from tests.boot.root_part import cards_in, machine_in
from tests.drivers.dahdi.office import SPANS, a_span

EVENTS = frozenset(
    {"open", "os.rename", "os.remove", "os.symlink", "os.mkdir", "os.chmod", "os.rmdir", "subprocess.Popen"}
)
STEPS_MAX = 110
"System calls that change something, in one life, about."
DONE, REFUSED = 10, 11
SUBREAPER = 36
"PR_SET_CHILD_SUBREAPER (prctl(2)): the children of a killed child become ours."
ALL = words.wiring(SPANS)
CHOICES: tuple[tuple[model.Span, ...], ...] = (
    (),
    ALL,
    ALL[:3],
    ALL[2:],
    words.wiring(a_span(network=True) if span.slug == "pri" else span for span in SPANS),
)


def texts(spans: tuple[model.Span, ...]) -> dict[str, str]:
    """Give what the files of spans say."""
    return dict(system.files(model.Configuration(spans=spans)))


@dataclass(kw_only=True)
class Box:
    """One machine, and what it was last known to have."""

    folder: Path
    good: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def read(self) -> dict[str, str]:
        """Read the files as the drivers do."""
        places = {file: self.folder / "dahdi" / file for file in FILES}
        return {file: place.read_text() for file, place in places.items() if place.exists()}

    def kernel(self) -> str:
        """Tell what the kernel has taken of span assignments; each set of spans has its own."""
        taken = self.folder / "kernel/channels"
        return taken.read_text() if taken.exists() else ""

    def count(self, what: str) -> None:
        """Count."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def settle(self, *, cut: bool) -> None:
        """Start what a kill left: the root part, or after a power cut the machine."""
        files = cards_in(self.folder)
        if cut:
            shutil.rmtree(self.folder / "kernel", ignore_errors=True)
            take_back_early(files)
            if (self.folder / "dahdi/system.conf").exists():
                programs = self.folder / "programs"
                subprocess.run([programs / "systemctl", "restart", "dahdi.service"], check=True)
        asyncio.run(self._begin())

    async def _begin(self) -> None:
        wiring = Wiring(cards_in(self.folder), machine_in(self.folder), lambda _: None)
        wiring.begin()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others)


def live(folder: Path, question: words.ApplyCards, steps: int) -> NoReturn:
    """Be the root part for one question, killed before step `steps`."""
    left = steps

    def strike(event: str, _: object) -> None:
        nonlocal left
        if event in EVENTS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    wiring = Wiring(cards_in(folder), machine_in(folder), lambda _: None)
    sys.addaudithook(strike)
    answer = asyncio.run(wiring.answer(question))
    os._exit({"": DONE, "not_applied": REFUSED}.get(answer.problem, 1))


def apply(box: Box, dice: random.Random) -> int:
    """Apply something once; how often it was struck."""
    wanted, folder = dice.choice(CHOICES), box.folder
    fresh = any(span.number == 2 for span in wanted) and "span=2," not in box.good.get(system.SYSTEM, "")
    absent = dice.random() < 0.5 and fresh  # a card that was there before would be missed by the old files, too
    if absent:
        (folder / "absent").write_text("2")
    if stricken := dice.random() < 0.2:
        (folder / "strike").write_text(str(dice.randint(0, 6)))
    question = words.ApplyCards(spans=wanted, seen=cards_in(folder).seen().digest)
    steps = dice.randint(1, STEPS_MAX)
    pid = os.fork()
    if pid == 0:
        live(folder, question, steps)
    _, status = os.waitpid(pid, 0)
    _wait_for_orphans()
    struck, new = os.WIFSIGNALED(status), texts(wanted)
    assert box.read() in ({}, box.good, new), "the files are not of one set"
    for name in ("absent", "strike"):
        (folder / name).unlink(missing_ok=True)
    if struck:
        cut = dice.random() < 0.5
        box.count("cuts" if cut else "kills")
        box.settle(cut=cut)
    else:
        assert os.WEXITSTATUS(status) in {DONE, REFUSED}, status
        box.count("applied" if os.WEXITSTATUS(status) == DONE else "refused")
        if not stricken:
            assert (os.WEXITSTATUS(status) == REFUSED) == absent
        assert box.read() == (new if os.WEXITSTATUS(status) == DONE else box.good)
    judge(box, new)
    return struck + (stricken and not struck)


def _wait_for_orphans() -> None:
    """Wait for what a killed root part had begun: systemd, too, ends one start of a unit before the next."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def judge(box: Box, new: dict[str, str]) -> None:
    """Hold what is there against what it must be: old or new, whole, and in the kernel too."""
    files, found = cards_in(box.folder), box.read()
    assert found in (box.good, new)
    assert files.settled
    assert dict(files.seen().files) == found
    if found:
        assert files.seen().spans in [spans for spans in CHOICES if texts(spans) == found]
        assert len(list((box.folder / "dahdi" / SETS).iterdir())) <= 2
    kernel = box.kernel()
    if found:
        reference = box.folder.parent / "reference"
        shutil.rmtree(reference, ignore_errors=True)
        (reference / "dahdi").mkdir(parents=True)
        for name, text in found.items():
            (reference / "dahdi" / name).write_text(text)
        subprocess.run([sys.executable, "-S", "-E", "tests/boot/taking.py", str(reference)], check=True)
        assert (reference / "kernel/channels").read_text() == kernel
    box.good = found


def main(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Apply until so many kills and cuts have struck; what was counted."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    dice, struck = random.Random(seed), 0  # noqa: S311  a seed makes the day
    box = Box(folder=folder / "machine")
    box.folder.mkdir(parents=True)
    machine_in(box.folder)
    cards_in(box.folder)
    while struck < kills:
        struck += apply(box, dice)
    return {"struck": struck, **box.counts}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))) + "\n")
