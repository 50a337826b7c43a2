"""The figures of a run and its verdict: green, red, or void where the load itself fell behind."""

import enum
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from drivers.asterisk.link import LinkError
from drivers.robot.waits import RobotError
from tests.unkillable.company import Crowd
from tests.unkillable.load import Cpu, cpu
from tests.unkillable.rounds import Death, Rounds, Tally, cores
from tests.unkillable.row import Row
from tests.unkillable.stage import Stage, opened

BACK_MS_MAX = 2_000
"Within which all waiting calls are re-attached after a kill, 99 times in 100."
HANG_MS_MAX = 6_000
"The same after a hang, as often."
HARM_MAX = 40
"Lines of harm that are shown."


class Verdict(enum.Enum):
    """What a run has proved."""

    GREEN = "nobody was harmed"
    RED = "somebody was harmed"
    VOID = "void: the load fell behind, so nothing is proved"


async def prove(
    reactor: AsyncioSelectorReactor,
    folder: Path,
    base: int,
    crowd: Crowd,
    *,
    kills: int,
    seed: int,
    patience: int = 1,
) -> Verdict:
    """Fill a box with calls, kill its daemon so often, and say what came of it.

    `patience` is how many times over the limits that people feel may be passed: more than once them is said only.
    """
    say = _say
    say(f"{crowd.waiting} waiting, {crowd.talking} talking ({crowd.robots} by robots who listen), seed {seed}")
    try:
        async with opened(reactor, folder, base, crowd) as stage:
            verdict = await _prove(stage, kills=kills, seed=seed, patience=patience)
    except LinkError as error:
        say(f"void: Asterisk does not answer the witness: {error}")
        verdict = Verdict.VOID
    say(verdict.value)
    return verdict


async def _prove(stage: Stage, *, kills: int, seed: int, patience: int) -> Verdict:
    rounds = Rounds(stage, seed)
    row = Row(stage=stage, rounds=rounds, say=_say)
    tally = rounds.tally
    before = cpu(stage)
    try:
        sound = await row.go(kills)
    finally:
        _figures(tally, _say)
        _cost(before, cpu(stage), _say)
    _say(f"of the audio of the worst standing call Asterisk received {row.said_least:.1%}")
    _say(f"of the robots' packets {row.late / max(1, row.beats):.1%} were sent more than 10 ms late")
    try:
        await rounds.finish()
        _say(f"{tally.calls} calls, each to have one record")
    except RobotError as error:
        tally.harm.append(f"nobody was served: {error}")
    for line in (*tally.harm[:HARM_MAX], *slowness(tally.deaths)):
        _say(line)
    if not sound:
        return Verdict.VOID
    return Verdict.RED if tally.harm or slowness(tally.deaths, patience) else Verdict.GREEN


def slowness(deaths: Sequence[Death], patience: int = 1) -> list[str]:
    """Say which limits were passed so many times over."""
    slow = []
    killed = sorted(death.away_ms for death in deaths if death.how != "hang")
    hung = sorted(death.away_ms for death in deaths if death.how == "hang")
    if killed and percentile(killed, 99) > patience * BACK_MS_MAX:
        slow.append(f"too slow: back after {percentile(killed, 99):.0f} ms (p99), {BACK_MS_MAX} are allowed")
    if hung and percentile(hung, 99) > patience * HANG_MS_MAX:
        slow.append(f"too slow: back {percentile(hung, 99):.0f} ms after a hang (p99), {HANG_MS_MAX} are allowed")
    return slow


def percentile(values: Sequence[float], share: int) -> float:
    """Give the least value that so many percent do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def _figures(tally: Tally, say: Callable[[str], None]) -> None:
    kinds = Counter(
        death.how.partition(" ")[0] if death.how.startswith("start") else death.how for death in tally.deaths
    )
    say(f"{len(tally.deaths)} ends: " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    if tally.unreached:
        say("not crossed in time: " + ", ".join(f"{name} {count}" for name, count in sorted(tally.unreached.items())))
    for title, hangs in (("killed", False), ("hung", True)):
        deaths = [death for death in tally.deaths if (death.how == "hang") == hangs]
        if deaths:
            say(f"{title}: {_spread([death.away_ms for death in deaths])}")
    starts = [death for death in tally.deaths if death.steps and death.how != "hang"]
    if starts:
        say(f"  restart    {_spread([death.away_ms - death.steps['all'] for death in starts])}")
        for name in [name for name in starts[0].steps if name != "all"]:
            say(f"  {name:10} {_spread([death.steps.get(name, 0) for death in starts])}")


def _cost(before: Cpu, after: Cpu, say: Callable[[str], None]) -> None:
    wall_s = after.at - before.at
    load, box = (after.load - before.load) / wall_s, (after.box - before.box) / wall_s
    say(f"processor of {cores()}: load {load:.2f}, box {box:.2f}, over {wall_s:.0f} s")


def _spread(values: Sequence[float]) -> str:
    return f"p50 {percentile(values, 50):6.0f} ms, p99 {percentile(values, 99):6.0f} ms, max {max(values):6.0f} ms"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
