"""Whether the box's records agree with what a demo saw and heard, and the figures of the day that it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.commands._robots import faults_of_recording
from appliance.commands._told import Told
from appliance.commands.calls import CallLine
from appliance.core.cdr import Outcome
from appliance.core.figures import Formula, is_within, service_level, speed_of_answer
from drivers.robot.sound import Samples

APART_S = 0.3
"How far a recorded time may be from the demo's clock."
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came out."""

    offered: int
    answered: int
    abandoned: int
    abandoned_short: int
    speed_of_answer_s: float | None
    service_level: float | None
    formula: Formula
    audio_good: int
    "Answered calls in which both sides heard what they should and nothing else."
    recordings_good: int
    records_good: int
    "Calls whose record agrees."
    apart_s_max: float
    "The largest difference between a recorded time and the demo's clock."
    faults: tuple[str, ...]


def judge(
    told: Sequence[Told],
    records: Sequence[CallLine],
    recordings: Mapping[str, Samples],
    *,
    answer_within_s: int,
    short_abandon_s: int,
    formula: Formula = Formula.ALL_COUNTED,
) -> Verdict:
    """Hold the records (newest first or not) and the recordings (by interaction) against what was seen and heard."""
    by_caller: dict[str, list[CallLine]] = {}
    for record in records:
        by_caller.setdefault(record.caller_number, []).append(record)
    faults: list[str] = []
    apart: list[float] = []
    good = {"audio": 0, "recordings": 0, "records": 0}
    for call in told:
        who = call.plan.caller_number
        faults += [f"{who}: {fault}" for fault in call.faults]
        good["audio"] += call.answered and not call.faults
        found = by_caller.pop(who, [])
        if len(found) != 1:
            faults.append(f"{who}: {len(found)} records where there should be 1")
            continue
        wrong, differences = _record(call, found[0])
        apart += differences
        faults += [f"{who}: {fault}" for fault in wrong]
        good["records"] += not wrong
        wrong = _recording(call, found[0], recordings)
        faults += [f"{who}: {fault}" for fault in wrong]
        good["recordings"] += call.answered and not wrong
    faults += [f"{who}: a record of a call that nobody made" for who in by_caller]
    answered = [line for line in records if line.outcome == Outcome.ANSWERED]
    abandoned = [line for line in records if line.outcome == Outcome.ABANDONED]
    short = [line for line in abandoned if _within(line, short_abandon_s)]
    long = [line for line in abandoned if not _within(line, short_abandon_s)]
    return Verdict(
        offered=len(answered) + len(abandoned),
        answered=len(answered),
        abandoned=len(abandoned),
        abandoned_short=len(short),
        speed_of_answer_s=speed_of_answer(round(sum(line.wait_s for line in answered) * MICROSECONDS), len(answered)),
        service_level=service_level(
            len(answered),
            sum(_within(line, answer_within_s) for line in answered),
            len(long),
            sum(_within(line, answer_within_s) for line in long),
            formula,
        ),
        formula=formula,
        audio_good=good["audio"],
        recordings_good=good["recordings"],
        records_good=good["records"],
        apart_s_max=max(apart, default=0.0),
        faults=tuple(faults),
    )


def _within(line: CallLine, limit_s: int) -> bool:
    return is_within(round(line.wait_s * MICROSECONDS), limit_s)


def _record(call: Told, record: CallLine) -> tuple[list[str], list[float]]:
    """Say where a record differs from what was seen."""
    expected = Outcome.ANSWERED if call.answered else Outcome.ABANDONED
    pairs = [("number", record.number, call.plan.number), ("workgroup", record.queue, call.plan.queue)]
    pairs += [("outcome", record.outcome, str(expected)), ("agent", record.agent, call.agent)]
    faults = [f"{what} is {said!r} in the record and {seen!r} in truth" for what, said, seen in pairs if said != seen]
    differences = []
    for what, recorded_s, seen_s in (("wait", record.wait_s, call.wait_s), ("talk", record.talk_s, call.talk_s)):
        if seen_s is None:
            faults.append(f"the demo's clock knows no {what}")
            continue
        differences.append(abs(recorded_s - seen_s))
        if differences[-1] > APART_S:
            faults.append(f"{what} is {recorded_s:.2f} s in the record and {seen_s:.2f} s by the demo's clock")
    return faults, differences


def _recording(call: Told, record: CallLine, recordings: Mapping[str, Samples]) -> list[str]:
    """Say what is wrong with a call's recording."""
    sound = recordings.get(record.interaction)
    if not call.answered:
        return []
    if sound is None:
        return ["there is no recording"]
    return faults_of_recording(sound, caller_hz=call.plan.tone_hz, agent_hz=call.agent_hz, talk_s=call.talk_s)
