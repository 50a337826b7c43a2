"""The load: what it has done, what it costs, and whether it kept up; for one that fell behind has proved nothing."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from tests.unkillable.stage import Stage

SKIPPED_SHARE_MAX = 0.02
"Of the robots' beats."
PACKETS_A_SECOND = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """Processor time used so far, in seconds."""

    load: float
    box: float
    at: float


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
