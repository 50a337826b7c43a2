"""A backup, a rotation, a restore, its undoing, each killed at a step drawn by seed: old or new, never neither.

`python -m tests.store.backup_kills --kills 1000 --seed 11`. A step is a line of the store's backup modules, or a call
to the system that changes a file; the killed process is a fork with no thread beside.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from appliance.store import backup_restore
from appliance.store.backup_lists import manifests, names, rotate
from appliance.store.backup_restore import Reading, finish, prepare, undo, verify
from appliance.store.backup_words import BackupHome
from tests.store.boxes import NUMBER, ABox, a_box, tree

EVENTS = frozenset(
    {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "shutil.rmtree"}
)
OURS = "/appliance/store/backup"
Tree = dict[str, bytes]


class Steps:
    """Counts the steps of a process, and kills it at one of them."""

    def __init__(self, fatal: int) -> None:
        """Kill at this step, the first being 1; 0 for none."""
        self._fatal = fatal
        self.count = 0

    def watch(self) -> None:
        """Begin to count."""
        sys.addaudithook(lambda event, _arguments: self._step() if event in EVENTS else None)
        sys.settrace(self._trace)  # type: ignore[arg-type]  # its type is recursive

    def _step(self) -> None:
        self.count += 1
        if self.count == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def _trace(self, frame: FrameType, event: str, _argument: object) -> "Callable[..., object] | None":
        if OURS not in frame.f_code.co_filename:
            return None
        if event == "line":
            self._step()
        return self._trace


def steps_of(work: Callable[[], object], fatal: int) -> tuple[bool, int]:
    """Do something in a fork; whether it was killed, and how many steps it took if not."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            steps = Steps(fatal)
            steps.watch()
            work()
            sys.settrace(None)
            os.write(writing, str(steps.count).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    _pid, status = os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        count = told.read()
    if os.WIFSIGNALED(status):
        return True, 0
    assert os.WEXITSTATUS(status) == 0, "it failed by itself"
    return False, int(count)


def a_world(folder: Path) -> ABox:
    """Lay out a box that has been backed up twice, and has changed since."""
    box = a_box(folder)
    box.write("first", bytes(3_000))
    box.call(NUMBER, "r1")
    box.take()
    box.write("second", bytes(2_000))
    box.call("13900139000", "r2")
    box.take()
    box.write("third", bytes(1_000))
    box.call("13700137000", "r3")
    return box


def reading_of(box: ABox, name: str = "") -> Reading:
    """Choose a backup."""
    return Reading(box.place, box.backup.key, name, lambda *_: None)


def back_up(box: ABox) -> None:
    """Back up, as the night does."""
    box.take()
    rotate(box.place, box.backup.key, 2)


def back_up_whole(box: ABox) -> None:
    """Back up whole, so that what older ones alone needed goes."""
    box.take(full=True)
    rotate(box.place, box.backup.key, 1)


def restore(box: ABox) -> None:
    """Restore the newest backup, as the console does."""
    prepare(reading_of(box), box.backup)
    backup_restore.commit(box.backup)
    finish(box.home)


def take_back(box: ABox) -> None:
    """Undo a restore."""
    undo(box.backup)
    finish(box.home)


WORKS: tuple[Callable[[ABox], None], ...] = (back_up, back_up_whole, restore, take_back)


def begin(work: Callable[[ABox], None], box: ABox) -> tuple[Tree, Tree]:
    """Give the home as it is, and as it will be once the work is done."""
    old = tree(box.home)
    if work is take_back:
        restore(box)
        return tree(box.home), old
    if work is restore:
        copy = BackupHome(box.home.parent / "copy")
        copy.home.mkdir()
        prepare(reading_of(box), copy)
        backup_restore.commit(copy)
        finish(copy.home)
        return old, tree(copy.home)
    return old, old


def judge(work: Callable[[ABox], None], box: ABox, before: list[str], trees: tuple[Tree, Tree]) -> None:
    """Hold what a kill has left against what was and what was to be."""
    finish(box.home)
    after = tree(box.home)
    assert _same(after, trees[0]) or _same(after, trees[1]), "the home is neither the old one nor the new one"
    present = names(box.place)
    assert len(manifests(box.place, box.backup.key)) == len(present), "a backup that is there cannot be read"
    assert max(present) >= max(before), "the newest backup is gone"
    for name in present:
        verify(reading_of(box, name), box.backup.scratch)
    if work in (back_up, back_up_whole):
        back_up(box)
        verify(reading_of(box), box.backup.scratch)
        assert len(names(box.place)) == 2 - (len(present) == 0), "the next backup does not go on"


def _same(one: Tree, other: Tree) -> bool:
    """Whether two homes are the same; a packed database of people is written anew each time."""
    return one.keys() == other.keys() and all(
        one[name] == other[name] for name in one if name not in {"store/people.fs", "backup/settings/known_hosts"}
    )


def run(kills: int, seed: int, folder: Path) -> Counter[str]:
    """Kill so often; gives how many kills each work took."""
    dice = random.Random(seed)  # noqa: S311  one seed makes a world
    template = a_world(folder / "template")
    totals: dict[str, int] = {}
    taken: Counter[str] = Counter()
    while sum(taken.values()) < kills:
        work = WORKS[sum(taken.values()) % len(WORKS)]
        place = folder / "world"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder / "template", place)
        box = ABox(home=place / "a home", disk=place / "disk", now=template.now, passphrase=template.passphrase)
        trees, before = begin(work, box), names(box.place)
        if work.__name__ not in totals:
            killed, totals[work.__name__] = steps_of(lambda work=work, box=box: work(box), 0)  # type: ignore[misc]  # its defaults are their types
            assert not killed
            judge(work, box, before, trees)
            continue
        fatal = dice.randint(1, totals[work.__name__])
        killed, _count = steps_of(lambda work=work, box=box: work(box), fatal)  # type: ignore[misc]  # as above
        try:
            judge(work, box, before, trees)
        except Exception as error:
            raise AssertionError(f"{work.__name__} killed at step {fatal} (seed {seed})") from error
        taken[work.__name__] += killed
    return taken


def main() -> None:
    """Kill as often as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backup-kills-") as folder:
        taken = run(options.kills, options.seed, Path(folder))
    sys.stdout.write(f"{sum(taken.values())} kills: {dict(sorted(taken.items()))}; each left the old or the new\n")


if __name__ == "__main__":
    main()
