"""What a leg that asks is told, as Asterisk hears it."""

import msgspec
import pytest

from appliance.core import effects, facts
from tests.drivers.asterisk.played import (
    ASKED,
    CALLER,
    HELD,
    HOLD,
    RECORDED,
    TOLD,
    Played,
    a_prompt,
    go_through,
    logged_errors,
    said,
)


def test_a_prompt_is_played_and_a_key_is_waited_for() -> None:
    """Sounds in the language, then the wait; the key is told with the prompt's number."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(effects.AnswerLeg(leg=CALLER))
    played.performer.perform(a_prompt())
    assert go_through(session, pipe, "0", "1", "0", "0", "50") == [
        "ANSWER",
        "SET VARIABLE SR_LOST ",
        "STREAM FILE /box/prompts/zh/hello 12 0",
        "STREAM FILE /box/prompts/zh/menu 12 0",
        "WAIT FOR DIGIT 3000",
    ]
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7, key="2")]
    assert pipe.state == "open"


def test_a_key_ends_the_prompt() -> None:
    """Nothing is played after it."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt())
    assert len(go_through(session, pipe, "1", "49")) == 2
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7, key="1")]


def test_another_key_does_not_end_the_wait_nor_begin_it_again() -> None:
    """Only the keys that were asked for count; the time is the clock's."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt(sounds=()))
    assert said(pipe) == "SET VARIABLE SR_LOST "
    session.data_received(b"200 result=1\n")
    assert said(pipe) == "WAIT FOR DIGIT 3000"
    played.clock.advance(1)
    session.data_received(b"200 result=57\n")
    assert said(pipe) == "WAIT FOR DIGIT 2000"
    played.clock.advance(2)
    session.data_received(b"200 result=0\n")
    assert said(pipe) == ""
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7)]


def test_an_announcement_waits_for_no_key() -> None:
    """Without keys it is over when it is over."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt(keys="", sounds=("hello",)))
    assert go_through(session, pipe) == ["SET VARIABLE SR_LOST ", "STREAM FILE /box/prompts/zh/hello  0"]
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7)]


def test_a_prompt_that_is_not_there_is_tried_in_english_and_then_left_out() -> None:
    """A missing file is no reason to lose the caller."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt(sounds=("hello",), wait_ms=0))
    asked = go_through(session, pipe, "1", "-1", "0", "-1", "0")
    assert [command for command in asked if command.startswith("STREAM")] == [
        "STREAM FILE /box/prompts/zh/hello 12 0",
        "STREAM FILE /box/prompts/en/hello 12 0",
    ]
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7)]


@pytest.mark.parametrize(("slug", "language"), [("../x", "en"), ("x", "../etc"), ("", "en"), ("a/b", "en")])
def test_a_prompt_with_a_hostile_name_is_left_out(slug: str, language: str) -> None:
    """It names no file outside the prompts."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt(sounds=(slug,), language=language, wait_ms=0))
    assert go_through(session, pipe) == ["SET VARIABLE SR_LOST "]
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7)]


def test_a_leg_that_is_taken_away_in_a_prompt_tells_nothing() -> None:
    """It was hung up or bridged: the events say which. The session is closed."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt())
    said(pipe)
    session.data_received(b"200 result=1\n")
    session.data_received(b"200 result=-1 endpos=0\nHANGUP\n")
    assert said(pipe) == "STREAM FILE /box/prompts/zh/hello 12 0\nNOOP"
    session.data_received(b"200 result=0\n")
    assert (played.told, pipe.state, played.performer.asking) == ([], "closed", ())


def test_a_session_that_is_lost_tells_nothing() -> None:
    """The leg asks again."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt())
    session.connection_lost(None)
    assert (played.told, played.performer.asking) == ([], ())
    played.performer.perform(HOLD)
    assert pipe.written == b'SET VARIABLE "SR_LOST" ""\n'


def test_hold_sets_what_the_dialplan_needs_then_records_and_lets_go_last() -> None:
    """What was set before and is the same is not set again, and a recording that runs is not begun again."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    assert go_through(session, pipe) == [*TOLD, RECORDED, HELD]
    assert pipe.state == "closed"
    session, pipe = played.asks(interaction="i-1")
    played.performer.perform(HOLD)
    assert go_through(session, pipe) == [HELD]
    played.performer.ended(CALLER.uniqueid)
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    assert go_through(session, pipe) == [*TOLD, RECORDED, HELD]


def test_hold_without_a_recording_records_nothing() -> None:
    """And lets one that runs go on."""
    played = Played()
    session, pipe = played.asks(interaction="i-1")
    played.performer.perform(msgspec.structs.replace(HOLD, recording=""))
    assert go_through(session, pipe) == [*TOLD, HELD]


@pytest.mark.parametrize(
    ("reply", "asked"),
    [
        (b"200 result=1 (/box/spool/r-1.raw)\n", []),
        (b"200 result=1 (/box/spool/r-0.raw)\n", ["EXEC StopMixMonitor ", RECORDED]),
        (b"200 result=0\n", [RECORDED]),
    ],
)
def test_where_we_do_not_know_what_is_recorded_asterisk_is_asked(reply: bytes, asked: list[str]) -> None:
    """A leg that we find again: the file that runs is not opened again, for that would cut it."""
    played = Played()
    session, pipe = played.asks(interaction="i-1")
    played.performer.perform(HOLD)
    for command in (*TOLD, ASKED):
        assert said(pipe) == command
        session.data_received(reply if command == ASKED else b"200 result=1\n")
    assert go_through(session, pipe) == [*asked, HELD]


def test_a_session_that_ends_while_a_recording_begins_leaves_the_question() -> None:
    """It may have begun: nobody has told us."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    for command in (*TOLD, RECORDED):
        assert said(pipe) == command
        if command == RECORDED:
            session.connection_lost(None)
        else:
            session.data_received(b"200 result=1\n")
    session, pipe = played.asks(interaction="i-1")
    played.performer.perform(HOLD)
    assert said(pipe) == ASKED
    session.data_received(b"200 result=1 (/box/spool/r-1.raw)\n")
    assert go_through(session, pipe) == [HELD]


@pytest.mark.parametrize("refusal", ["-1", "-2"])
def test_a_recording_that_asterisk_refuses_holds_nobody_up(refusal: str) -> None:
    """It is an error, and tried again when the leg asks again."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    with logged_errors() as errors:
        assert go_through(session, pipe, *"111111", refusal) == [*TOLD, RECORDED, "NOOP", HELD]
    assert errors == ["agi: Asterisk does not record a leg"]
    assert played.told == [facts.NotRecorded(leg=CALLER)]
    session, pipe = played.asks(interaction="i-1")
    played.performer.perform(HOLD)
    assert go_through(session, pipe) == [ASKED, RECORDED, HELD]


def test_a_leg_that_is_taken_away_while_its_recording_begins_is_no_error() -> None:
    """It was hung up."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    with logged_errors() as errors:
        assert go_through(session, pipe, *"111111", "-1\nHANGUP")[-2:] == ["NOOP", HELD]
    assert (errors, pipe.state) == ([], "closed")


def test_a_recording_is_stopped_by_the_full_name() -> None:
    """Of a leg that is known; what is gone has none."""
    played = Played()
    stop = effects.StopRecording(leg=CALLER)
    played.performer.perform(stop)
    assert played.actions() == []
    played.born(CALLER, "PJSIP/carrier-00000001", "6")
    played.performer.perform(stop)
    (action,) = played.actions()
    assert (action["Action"], action["Channel"]) == ("StopMixMonitor", "PJSIP/carrier-00000001")


@pytest.mark.parametrize("told", range(len(TOLD) + 1))
def test_a_recording_that_is_stopped_while_it_begins_does_not_go_on(told: int) -> None:
    """Whenever the word comes between the wish to record and Asterisk's answer; later, it runs and AMI stops it."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    commands: list[str] = []
    while not commands or commands[-1] != HELD:
        if len(commands) == told:
            played.performer.perform(effects.StopRecording(leg=CALLER))
        commands.append(said(pipe))
        session.data_received(b"200 result=0\n")
    begun = [command for command in commands if "MixMonitor" in command]
    assert begun in ([], [RECORDED, "EXEC StopMixMonitor "])
    assert bool(begun) is (told >= len(TOLD))


def test_a_recording_with_a_hostile_name_is_left_out() -> None:
    """It names no file outside the spool."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(msgspec.structs.replace(HOLD, recording="../x"))
    with logged_errors() as errors:
        assert go_through(session, pipe) == [*TOLD, HELD]
    assert errors == ["agi: a recording has a name that no file has"]
