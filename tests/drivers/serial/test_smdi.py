"""SMDI: every message both ways, torn and spoiled, and a line on either side of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_twisted import ensureDeferred
from twisted.internet import reactor as installed
from twisted.internet.interfaces import IReactorTime

from drivers.serial.desk_line import DeskLine
from drivers.serial.place import Device
from drivers.serial.smdi import MESSAGE_BYTES_MAX, Call, Cause, Listening, Reason, Refused, SmdiError, Waiting, encode
from tests.drivers.serial.cable import Cable, until

reactor = IReactorTime(installed)
STATIONS = st.text("0123456789", min_size=1, max_size=10)
CALLS = st.builds(
    Call,
    desk=st.integers(0, 999),
    terminal=st.integers(0, 9999),
    reason=st.sampled_from([reason for reason in Reason if reason is not Reason.DIRECT]),
    station=STATIONS,
    caller=STATIONS | st.just(""),
) | st.builds(Call, terminal=st.integers(0, 9999), reason=st.just(Reason.DIRECT), caller=STATIONS | st.just(""))
MESSAGES = (
    CALLS
    | st.builds(Waiting, station=STATIONS, on=st.booleans())
    | st.builds(Refused, station=STATIONS, cause=st.sampled_from(Cause))
)


def test_the_messages_as_they_are_published() -> None:
    """The examples of GR-283's public descriptions and of Asterisk's source."""
    direct = Call(terminal=7, reason=Reason.DIRECT, caller="3500")
    assert encode(direct) == b"\r\nMD0010007D 3500 \r\n\x19"
    forwarded = Call(desk=1, terminal=3, reason=Reason.BUSY, station="5551234", caller="5557777")
    assert encode(forwarded) == b"\r\nMD0010003B5551234 5557777 \r\n\x19"
    assert encode(Waiting(station="3500", on=True)) == b"OP:MWI 3500!\x04"
    assert encode(Waiting(station="3500", on=False)) == b"RMV:MWI 3500!\x04"
    assert encode(Refused(station="3500", cause=Cause.INVALID)) == b"\r\nMWI3500 INV\r\n\x19"
    assert Listening().receive(b"\r\nMD0010007D3500 \r\n\x19") == (direct,), "some leave the blank out"


@given(messages=st.lists(MESSAGES, max_size=6), cuts=st.lists(st.integers(1, 9), max_size=60))
def test_messages_survive_any_cut(messages: list[Call | Waiting | Refused], cuts: list[int]) -> None:
    """However a line cuts them, the same come out."""
    data = b"".join(map(encode, messages))
    listening, at = Listening(), 0
    found: list[Call | Waiting | Refused] = []
    for cut in [*cuts, len(data)]:
        found += listening.receive(data[at : at + cut])
        at += cut
    assert found == messages
    assert listening.spoiled == 0


@given(noise=st.binary(max_size=200), message=MESSAGES)
def test_after_noise_the_next_message_but_one_is_heard(noise: bytes, message: Call | Waiting | Refused) -> None:
    """A spoiled run costs itself and at most the message that ends it."""
    listening = Listening()
    listening.receive(noise)
    listening.receive(encode(message))
    assert listening.receive(encode(message)) == (message,)


def test_a_run_without_an_end_is_let_go() -> None:
    """A peer that babbles costs a few bytes."""
    listening = Listening()
    for _ in range(100):
        assert listening.receive(b"x" * MESSAGE_BYTES_MAX) == ()
    assert listening.receive(b"OP:MWI 1!\x04") == ()
    assert listening.spoiled == 1
    assert listening.receive(b"noise\r\nMWI3500 BLK\r\n\x19") == (Refused(station="3500", cause=Cause.BLOCKED),)


@pytest.mark.parametrize(
    "wrong",
    [
        Waiting(station="", on=True),
        Waiting(station="12a", on=True),
        Waiting(station="1!\x04OP:MWI 2", on=True),
        Refused(station="1" * 11, cause=Cause.BLOCKED),
        Call(desk=1000, terminal=1, reason=Reason.DIRECT),
        Call(terminal=10_000, reason=Reason.DIRECT),
        Call(terminal=1, reason=Reason.DIRECT, station="3500"),
        Call(terminal=1, reason=Reason.BUSY),
        Call(terminal=1, reason=Reason.BUSY, station="3500", caller="+49"),
        Call(terminal=1, reason=Reason.BUSY, station="٣"),
    ],
)
def test_what_cannot_be_said_is_refused(wrong: Call | Waiting | Refused) -> None:
    """Nothing that somebody typed becomes another message."""
    with pytest.raises(SmdiError):
        encode(wrong)


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """Give a cable that is plugged in."""
    it = Cable(tmp_path)
    it.plug()
    yield it
    it.unplug()


@ensureDeferred
async def test_behind_another_system_we_are_told_of_calls_and_switch_lamps(cable: Cable) -> None:
    """A forwarded call's reason is heard; a lamp is told again to a system that was away."""
    heard: list[Call | Waiting | Refused] = []
    line = DeskLine(reactor, "desk", Device(path=str(cable.path)), heard=heard.append, changed=lambda _why: None)
    assert not line.say(Call(terminal=1, reason=Reason.DIRECT)), "the line is not open"
    line.start()
    await until(reactor, lambda: not line.state)
    for piece in (b"\r\nMD0010007N55", b"51234 555", b"0000 \r", b"\n\x19\r\nMWI5551234 INV\r\n\x19"):
        cable.say(piece)
    await until(reactor, lambda: len(heard) == 2)
    call = Call(terminal=7, reason=Reason.NO_ANSWER, station="5551234", caller="5550000")
    assert heard == [call, Refused(station="5551234", cause=Cause.INVALID)]
    assert line.say(Waiting(station="5551234", on=True))
    await until(reactor, lambda: cable.heard() == b"OP:MWI 5551234!\x04")
    cable.unplug()
    await until(reactor, lambda: bool(line.state))
    assert not line.say(Waiting(station="5551234", on=False))
    cable.plug()
    await until(reactor, lambda: cable.heard() == b"RMV:MWI 5551234!\x04")
    await line.stop()
