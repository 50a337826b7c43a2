"""The figures of a run and its verdict: green, red, or void where the load itself fell behind."""

import enum
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from drivers.asterisk.link import LinkError
from drivers.robot.waits import RobotError
from tests.unkillable.company import Crowd
from tests.unkillable.rounds import Death, Rounds, Tally, cores
from tests.unkillable.stage import Stage, opened

BACK_MS_MAX = 2_000
"Within which all waiting calls are re-attached after a kill, 99 times in 100."
HANG_MS_MAX = 6_000
"The same after a hang."
SKIPPED_SHARE_MAX = 0.02
"Of the robots' beats."
PACKETS_A_SECOND = 50
PACKETS_SHARE_MIN = 0.97
"Of the audio that each standing call has to say, as Asterisk received it."
HARM_MAX = 40
"Lines of harm that are shown."


class Verdict(enum.Enum):
    """What a run has proved."""

    GREEN = "nobody was harmed"
    RED = "somebody was harmed"
    VOID = "void: the load fell behind, so nothing is proved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """Processor time used so far, in seconds."""

    load: float
    box: float
    at: float


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
    say = _say
    load_before = load_of(stage)
    heard = await stage.received()
    before = cpu(stage)
    rounds = Rounds(stage, seed)
    await rounds.kill(kills)
    after = cpu(stage)
    load_after = load_of(stage)
    said = least_said(heard, await stage.received(), after.at - before.at)
    tally = rounds.tally
    _figures(tally, say)
    wall = after.at - before.at
    share = {"load": (after.load - before.load) / wall, "box": (after.box - before.box) / wall}
    say(f"processor of {cores()}: load {share['load']:.2f}, box {share['box']:.2f}, over {wall:.0f} s")
    if stage.away_again:
        tally.harm.append(f"the daemon was away {stage.away_again} times more than it was killed")
    say(f"of the audio of the worst standing call Asterisk received {said:.1%}")
    late = (load_after.late - load_before.late) / max(1, load_after.beats - load_before.beats)
    say(f"of the robots' packets {late:.1%} were sent more than 10 ms late")
    why = behind(load_before, load_after)
    if said < PACKETS_SHARE_MIN:
        why.append(f"void: a call has said {said:.1%} of its audio")
    try:
        await rounds.finish()
        say(f"{tally.calls} calls, each to have one record")
    except RobotError as error:
        tally.harm.append(f"nobody was served: {error}")
    for line in (*tally.harm[:HARM_MAX], *slowness(tally.deaths), *why):
        say(line)
    return Verdict.VOID if why else Verdict.RED if tally.harm or slowness(tally.deaths, patience) else Verdict.GREEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the load has done so far."""

    beats: int
    "Of the robots' clock, also those that never came."
    late: int
    "Beats that came more than 10 ms late."
    skipped: int
    "Beats that never came: their packets were not sent."
    retransmitted: Mapping[str, int]
    "Messages that each SIPp had to say again."
    gaps: int
    "Of the witness."


def load_of(stage: Stage) -> Load:
    """Count what the load has done so far."""
    pace = stage.clock.pace
    return Load(
        beats=pace.beats + pace.skipped,
        late=pace.late,
        skipped=pace.skipped,
        retransmitted={sipp.name: sipp.counts().retransmitted for sipp in stage.load},
        gaps=stage.witness.gaps,
    )


def behind(before: Load, after: Load) -> list[str]:
    """Say where the load fell behind between two moments."""
    beats = max(1, after.beats - before.beats)
    skipped = (after.skipped - before.skipped) / beats
    why = [f"void: {skipped:.1%} of the robots' packets were not sent"] if skipped > SKIPPED_SHARE_MAX else []
    for name, count in after.retransmitted.items():
        again = count - before.retransmitted.get(name, 0)
        if again:
            why.append(f"void: SIPp had to say {again} messages again ({name})")
    if after.gaps != before.gaps:
        why.append("void: the witness lost its connection")
    return why


def least_said(before: Mapping[str, int], after: Mapping[str, int], wall_s: float) -> float:
    """Give the least share of its packets that a call has sent which lived all the time."""
    counts = [after[channel] - count for channel, count in before.items() if channel in after]
    return min(counts, default=0) / (wall_s * PACKETS_A_SECOND)


def slowness(deaths: Sequence[Death], patience: int = 1) -> list[str]:
    """Say which limits were passed so many times over."""
    slow = []
    killed = sorted(death.away_ms for death in deaths if death.how != "hang")
    hung = sorted(death.away_ms for death in deaths if death.how == "hang")
    if killed and percentile(killed, 99) > patience * BACK_MS_MAX:
        slow.append(f"too slow: back after {percentile(killed, 99):.0f} ms (p99), {BACK_MS_MAX} are allowed")
    if hung and hung[-1] > patience * HANG_MS_MAX:
        slow.append(f"too slow: back {hung[-1]:.0f} ms after a hang, {HANG_MS_MAX} are allowed")
    return slow


def percentile(values: Sequence[float], share: int) -> float:
    """Give the least value that so many percent do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def cpu(stage: Stage) -> Cpu:
    """Tell what the load (this process and SIPp) and the box have used, ended programs of the box too."""
    house = stage.house.transport.pid if stage.house.transport is not None else None
    box = 0.0
    if house is not None:
        supervisor = psutil.Process(house)
        box = _used(supervisor, ended=True) + sum(_used(child) for child in supervisor.children(recursive=True))
    load = _used(psutil.Process()) + sum(_used(psutil.Process(sipp.process.pid)) for sipp in stage.load)
    return Cpu(load=load, box=box, at=time.monotonic())


def _used(process: psutil.Process, *, ended: bool = False) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system + (times.children_user + times.children_system if ended else 0.0)


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


def _spread(values: Sequence[float]) -> str:
    return f"p50 {percentile(values, 50):6.0f} ms, p99 {percentile(values, 99):6.0f} ms, max {max(values):6.0f} ms"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
