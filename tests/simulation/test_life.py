"""Days drawn by seed: whatever happens, every invariant holds, everybody is served, and the day replays."""

import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.box import WrongError
from tests.simulation.life import live
from tests.simulation.tally import FAULTS, SEEN

ROOT = Path(__file__).parents[2]
DAYS = range(12)
PROOF_S = 300
"How long the whole proof may take on a machine of its own."
BUSY = 3
"How many times as long a machine may take that does other things beside it."


@pytest.mark.parametrize("seed", range(10))
def test_a_day_holds_together(seed: int) -> None:
    """Faults on, then healed: a short day of each of a few companies."""
    life = live(seed, calls=100)
    assert len(life.box.disk.records) > 30


@pytest.mark.slow
@pytest.mark.alone
def test_two_hundred_days_of_five_hundred_calls() -> None:
    """The whole proof, on all cores, within five minutes."""
    argv = [sys.executable, "-m", "tests.simulation", "--seeds", "200", "--calls", "500"]
    began = time.monotonic()
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=BUSY * PROOF_S)
    print(f"{time.monotonic() - began:.0f} s; promised are {PROOF_S}")  # noqa: T201  a figure
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert re.search(r"^200 seeds, 9\d{4} calls, .* 0 failed$", done.stdout, re.MULTILINE), done.stdout
    assert "everything happened at least once" in done.stdout


def test_a_seed_gives_one_day_under_every_hash_seed() -> None:
    """Nothing is decided by the order of a set or by an object's hash."""
    code = (
        "import hashlib; from tests.simulation.life import live; l = live(3, 60); "
        "print(l.box.handled, hashlib.sha256(b''.join(e.digest for e in l.box.disk.entries)).hexdigest())"
    )
    traces = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert traces[0] == traces[1] != ""


def test_a_difference_in_replay_is_seen() -> None:
    """A journal that says something else than what happened does not replay."""
    life = live(2, calls=40)
    life.box.replay()
    life.box.disk.entries[100].digest = b"otherwise"
    with pytest.raises(WrongError, match="entry 100"):
        life.box.replay()


def test_every_trouble_really_happens() -> None:
    """Among a few days each fault is felt, each strategy chooses and callers are called back: seen, not only drawn."""
    seen: Counter[str] = Counter()
    for seed in DAYS:
        seen += live(seed, calls=100).tally.counts
    often = (*FAULTS, *(what for what in SEEN if what.startswith(("strategy", "overflow to", "callback"))))
    assert [what for what in often if not seen[what]] == []
