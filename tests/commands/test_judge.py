"""The demo's judgement finds each thing that can be wrong, and nothing in what is right."""

import msgspec
import numpy as np
import pytest

from appliance.commands._demo_judge import Verdict, judge
from appliance.commands._robots import faults_of_recording
from appliance.commands._told import Plan, Told
from appliance.commands.calls import CallLine
from appliance.commands.demo import Evidence, spoil
from drivers.robot.clock import Pace
from drivers.robot.sound import Samples, tone


def a_plan(place: int = 0, *, gives_up_s: float = 0.0, mute: bool = False) -> Plan:
    """Give the plan of a caller who talks for 4 s."""
    return Plan(
        caller_number=f"500{place}",
        number="8001",
        language="en",
        prompts=("welcome", "menu"),
        key="1",
        queue="sales",
        tone_hz=(453, 570, 743, 898)[place % 4],
        starts_s=0.0,
        talk_s=4.0,
        caller_hangs_up=True,
        gives_up_s=gives_up_s,
        mute=mute,
    )


def a_told(plan: Plan, *, faults: tuple[str, ...] = ()) -> Told:
    """Give a call that was answered after 2.5 s and lasted 4 s, or was given up as planned."""
    if plan.gives_up_s:
        return Told(plan=plan, entered_at=10.0, ended_at=10.0 + plan.gives_up_s)
    return Told(
        plan=plan,
        agent="ann",
        agent_hz=640,
        entered_at=10.0,
        picked_up_at=12.4,
        connected_at=12.5,
        ended_at=16.5,
        faults=list(faults),
    )


def a_record(told: Told, **more: object) -> CallLine:
    """Give the record that fits."""
    line = CallLine(
        interaction=f"i{told.plan.caller_number}",
        began=1.0,
        ended=9.0,
        number="8001",
        caller_number=told.plan.caller_number,
        caller_name="",
        outcome="answered" if told.answered else "abandoned",
        queue="sales",
        agent=told.agent,
        wait_s=told.wait_s or 0.0,
        talk_s=told.talk_s,
        unrecorded="",
        recording="r" if told.answered else "",
        cause="caller",
        alone=False,
    )
    return msgspec.structs.replace(line, **more)


def a_recording(told: Told, seconds: float = 4.0) -> Samples:
    """Give the recording that fits."""
    return np.stack([tone(told.plan.tone_hz, seconds), tone(told.agent_hz, seconds)], axis=1)


def judged(told: Told, record: CallLine | None, recording: Samples | None) -> Verdict:
    """Judge one call."""
    return judge(
        [told],
        [record] if record else [],
        {} if recording is None or record is None else {record.interaction: recording},
        answer_within_s=20,
        short_abandon_s=5,
    )


def test_a_call_that_is_right_has_no_fault() -> None:
    """And its figures are those of its record."""
    told = a_told(a_plan())
    verdict = judged(told, a_record(told), a_recording(told))
    assert verdict.faults == ()
    assert (verdict.offered, verdict.answered, verdict.abandoned) == (1, 1, 0)
    assert (verdict.audio_good, verdict.recordings_good, verdict.records_good) == (1, 1, 1)
    assert verdict.speed_of_answer_s == 2.5
    assert verdict.service_level == 1.0


def test_giving_up_is_judged_too() -> None:
    """No recording is asked for; a short one is left out of the service level."""
    told = a_told(a_plan(gives_up_s=4.0))
    verdict = judged(told, a_record(told), None)
    assert verdict.faults == ()
    assert (verdict.abandoned, verdict.abandoned_short, verdict.service_level) == (1, 1, None)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"number": "8002"}, "number is '8002' in the record and '8001' in truth"),
        ({"queue": "support"}, "workgroup is 'support'"),
        ({"agent": "bob"}, "agent is 'bob'"),
        ({"outcome": "abandoned"}, "outcome is 'abandoned'"),
        ({"wait_s": 2.9}, "wait is 2.90 s in the record and 2.50 s by the demo's clock"),
        ({"talk_s": 3.6}, "talk is 3.60 s in the record and 4.00 s by the demo's clock"),
    ],
)
def test_a_record_that_differs_is_found(change: dict[str, object], fault: str) -> None:
    """Each field, and times from 0.3 s on."""
    told = a_told(a_plan())
    verdict = judged(told, a_record(told, **change), a_recording(told))
    assert any(fault in line for line in verdict.faults)
    assert verdict.records_good == 0


def test_a_record_too_few_or_too_many_is_found() -> None:
    """None, two, and one of nobody's call."""
    told = a_told(a_plan())
    assert judged(told, None, None).faults == ("5000: 0 records where there should be 1",)
    record = a_record(told)
    twice = judge([told], [record, record], {}, answer_within_s=20, short_abandon_s=5)
    assert twice.faults == ("5000: 2 records where there should be 1",)
    stranger = msgspec.structs.replace(record, caller_number="666")
    assert "666: a record of a call that nobody made" in judged(told, stranger, None).faults


def test_what_was_heard_wrong_counts_against_the_audio() -> None:
    """A fault that the robots noted is a fault of the call."""
    told = a_told(a_plan(), faults=("the caller hears nothing",))
    verdict = judged(told, a_record(told), a_recording(told))
    assert verdict.faults == ("5000: the caller hears nothing",)
    assert verdict.audio_good == 0


@pytest.mark.parametrize(
    ("sound", "faults"),
    [
        (np.stack([tone(453, 4.0), tone(640, 4.0)], axis=1), []),
        (tone(453, 4.0), ["the recording is not stereo"]),
        (np.stack([tone(453, 3.0), tone(640, 3.0)], axis=1), ["the recording lasts 3.00 s, the talk 4.00 s"]),
        (
            np.stack([tone(640, 4.0), tone(453, 4.0)], axis=1),
            [
                "453 Hz is in 0% of the left side",
                "the left side holds 640 Hz of somebody else",
                "640 Hz is in 0% of the right side",
                "the right side holds 453 Hz of somebody else",
            ],
        ),
        (np.stack([tone(453, 4.0), 0 * tone(640, 4.0)], axis=1), ["640 Hz is in 0% of the right side"]),
    ],
)
def test_a_recording_is_listened_to(sound: Samples, faults: list[str]) -> None:
    """Sides, length, and voices of others."""
    assert faults_of_recording(sound, caller_hz=453, agent_hz=640, talk_s=4.0) == faults


def test_what_is_spoilt_is_what_is_said_to_be() -> None:
    """Two recordings of different voices, a record, and the mute of the plan."""
    told = [a_told(a_plan(place, mute=place == 3)) for place in range(4)]
    records = [a_record(one) for one in told]
    whole = Evidence(
        told=tuple(told),
        records=tuple(records),
        recordings={record.interaction: a_recording(one) for one, record in zip(told, records, strict=True)},
        pace=Pace(),
        strays=(),
    )
    evidence, spoilt = spoil(whole)
    assert [one.who for one in spoilt] == ["5003", "5000", "5001", "5002"]
    assert [line.caller_number for line in evidence.records] == ["5000", "5001", "5003"]
    assert evidence.recordings["i5000"] is whole.recordings["i5001"]
