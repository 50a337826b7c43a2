"""Event forging through a caller's number, as measured on Asterisk 22.10.1."""

from collections.abc import Collection, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.asterisk.codec import RemoteProtocolError
from drivers.asterisk.codec_ami import AmiConnection, Event
from drivers.asterisk.snapshot import mend, whole
from tests.drivers.asterisk.wire import GREETING, chunks, event, lines, snapshot

FORGED = [
    "1\r\nUniqueid: victim",
    "1\r\n\r\nEvent: Hangup\r\nUniqueid: victim",
    "1\r\n\r\nEvent: Hangup\r\nUniqueid: victim\r\n\r\n",
    "1\r\n\r\nEvent: Hangup\r\nPrivilege: call,all\r\nUniqueid: victim\r\n\r\nEvent: X",
    "\r\nCallerIDName: x\r\n\r\nResponse: Success\r\nActionID: 1",
    "\r\n\r\n",
    "\r\nChannelState: 6\r\nChannelStateDesc: Up",
]


def read(data: bytes, seed: int, wanted: Collection[str] | None = None) -> list[Event]:
    """Read."""
    connection = AmiConnection(wanted=wanted)
    list(connection.receive(GREETING))
    heard = [message for chunk in chunks(data, seed) for message in connection.receive(chunk)]
    return [message for message in heard if isinstance(message, Event)]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("field", ["CallerIDNum", "ConnectedLineNum", "Exten"])
@pytest.mark.parametrize("value", FORGED)
def test_a_number_cannot_be_an_event(field: str, value: str, seed: int) -> None:
    """A number cannot be an event."""
    data = event("Newchannel", **{field: value}) + event("Hangup", Uniqueid="other")
    first, second = read(data, seed)
    assert (first.name, first.get("Uniqueid"), first.all("Uniqueid")) == ("Newchannel", "box-1.1", ("box-1.1",))
    assert (first.get("Context"), first.get("Priority"), first.get("Linkedid")) == ("trunk", "1", "box-1.1")
    assert (second.name, second.get("Uniqueid")) == ("Hangup", "other")


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("field", ["CallerIDNum", "ConnectedLineNum", "Exten"])
@pytest.mark.parametrize("value", FORGED)
def test_a_number_in_an_event_passed_over_cannot_be_one(field: str, value: str, seed: int) -> None:
    """Whether what it makes up is wanted or not."""
    told = event("VarSet", **{field: value})
    data = event("VarSet") + told + event("Newexten") + told + told + event("Hangup", Uniqueid="other")
    heard = read(data, seed, {"Hangup", "Newchannel"})
    assert [(one.name, one.get("Uniqueid")) for one in heard] == [("Hangup", "other")]


def test_two_numbers_of_an_event_passed_over_cannot_be_one_event() -> None:
    """The first makes up an event that nobody wants, the second one that is wanted, in the rest of the first."""
    first = "1\r\n\r\nEvent: X\r\nA: " + "x" * 55
    data = event("VarSet", CallerIDNum=first, ConnectedLineNum=FORGED[2]) + event("Hangup", Uniqueid="other")
    for seed in range(3):
        assert [one.get("Uniqueid") for one in read(data, seed, {"Hangup"})] == ["other"]


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *(event("VarSet"), event("Hangup"), b"\r\n\r\n", b"\r\n"),
                *(event("VarSet", CallerIDNum=FORGED[1]), event("Y", Exten=FORGED[2])),
                *(b"Event: Hangup\r\n\r\n", b"Event: X\r\n\r\n", b"Event: X\r\nChannelState: 6\r\n\r\n"),
                b"Event: X\r\nCallerIDNum: 1\r\n\r\n",
            ]
        ),
        max_size=8,
    ),
    st.integers(min_value=0, max_value=100),
)
def test_what_is_passed_over_is_the_same_in_any_chunks(pieces: list[bytes], seed: int) -> None:
    """Also of events that Asterisk would not write."""
    data = b"".join(pieces)

    def heard(parts: Iterable[bytes]) -> list[object]:
        connection = AmiConnection(wanted={"Hangup"})
        list(connection.receive(GREETING))
        found: list[object] = []
        try:
            for part in parts:
                found.extend(connection.receive(part))
        except RemoteProtocolError:
            found.append("the end")
        return found

    assert heard(chunks(data, seed)) == heard([data])


def test_both_channels_of_an_event_are_mended() -> None:
    """Both channels of an event are mended."""
    first = snapshot(CallerIDNum=FORGED[1])
    second = snapshot(prefix="Dest", CallerIDNum=FORGED[2], Uniqueid="box-1.2")
    (dialled,) = read(lines(("Event", "DialBegin"), *first, *second, ("DialString", "100")), 1)
    assert dialled.get("Uniqueid") == "box-1.1"
    assert dialled.get("DestUniqueid") == "box-1.2"
    assert dialled.get("DialString") == "100"


STATUS = (
    *(("Type", "PJSIP"), ("DNID", "600"), ("EffectiveConnectedLineNum", "<unknown>")),
    *(("EffectiveConnectedLineName", "<unknown>"), ("TimeToHangup", "0"), ("BridgeID", ""), ("Variable", "SR_QUEUE=q")),
)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("field", ["DNID", "CallerIDNum"])
@pytest.mark.parametrize("value", FORGED)
def test_a_number_cannot_be_a_status(field: str, value: str, seed: int) -> None:
    """The dialled number comes after the channel, and as raw."""
    status = tuple((name, value if name == field else text) for name, text in STATUS)
    own = snapshot(CallerIDNum=value) if field == "CallerIDNum" else snapshot()
    first, second = read(lines(("Event", "Status"), ("Privilege", "Call"), *own, *status) + event("Hangup"), seed)
    assert (first.name, first.all("Uniqueid")) == ("Status", ("box-1.1",))
    assert (first.get("BridgeID"), first.all("Variable")) == ("", ("SR_QUEUE=q",))
    assert second.name == "Hangup"


def test_a_name_may_look_like_a_header() -> None:
    """A name may look like a header."""
    data = event("Newchannel", CallerIDName="ChannelState: 6")
    assert whole(data.removesuffix(b"\r\n\r\n"))
    (heard,) = read(data, 1)
    assert heard.get("CallerIDName") == "ChannelState: 6"


def test_a_value_may_look_like_the_beginning_of_a_channel() -> None:
    """In a line that is not one of a channel's."""
    data = lines(("Event", "E"), ("AppData", "a ChannelState: 6"), *snapshot(), ("Extension", "a, ChannelState: 6"))
    (heard,) = read(data, 1)
    assert (heard.get("AppData"), heard.get("ChannelState")) == ("a ChannelState: 6", "4")


def test_what_never_becomes_whole_is_the_end() -> None:
    """What never becomes whole is the end."""
    torn = lines(("Event", "Newchannel"), ("ChannelState", "6"))
    with pytest.raises(RemoteProtocolError, match="longer"):
        read(torn + lines(("Event", "Hangup"), ("X", "x" * 8_000)) * 9, 1)


def test_an_event_without_a_channel_is_whole() -> None:
    """An event without a channel is whole."""
    assert whole(b"Event: FullyBooted\r\nStatus: Fully Booted")
    assert mend(b"Event: X\r\nChannelState: 6") is None


@settings(max_examples=2_000, deadline=None)
@given(
    st.lists(
        st.sampled_from(["\r\n", "\r\n\r\n", "Event: ", "Response: ", "CallerIDName: ", "Exten: ", "x"]), max_size=5
    ),
    st.integers(min_value=0, max_value=100),
)
def test_no_short_number_forges_anything(pieces: list[str], seed: int) -> None:
    """No short number forges anything."""
    number = "".join(pieces)
    heard = read(event("Newchannel", CallerIDNum=number) + event("Hangup"), seed)
    assert [(one.name, one.get("Uniqueid")) for one in heard] == [("Newchannel", "box-1.1"), ("Hangup", "box-1.1")]
