"""RTP packets and digits."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.robot import rtp


def a_packet(sequence: int = 1, timestamp: int = 0, *, source: int = 7, payload: bytes = b"") -> rtp.Packet:
    """Make a packet of one source."""
    return rtp.Packet(101, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, source, payload)


@settings(deadline=None)
@given(
    st.builds(
        rtp.Packet,
        st.integers(0, 127),
        st.integers(0, 65_535),
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**32 - 1),
        st.binary(max_size=200),
        marker=st.booleans(),
    )
)
def test_a_packet_comes_back_as_it_was_written(packet: rtp.Packet) -> None:
    """A packet comes back as it was written."""
    assert rtp.parse(packet.encode()) == packet


def test_padding_sources_and_extension_are_taken_off() -> None:
    """Padding sources and extension are taken off."""
    head = struct.pack(">BBHII", 0x80 | 0x20 | 0x10 | 2, 0, 1, 2, 3)
    datagram = head + b"ssssSSSS" + struct.pack(">HH", 1, 1) + b"xxxx" + b"audio" + b"\0\0\3"
    assert rtp.parse(datagram).payload == b"audio"


@pytest.mark.parametrize(
    ("datagram", "complaint"),
    [
        (b"\x80" * 11, "11 bytes"),
        (b"\x40" + bytes(11), "version 1"),
        (b"\x90" + bytes(14), "a torn extension"),
        (b"\x8f" + bytes(11), "headers longer"),
        (b"\xa0" + bytes(10) + b"\xff", "headers longer"),
    ],
)
def test_what_is_no_packet_is_refused(datagram: bytes, complaint: str) -> None:
    """What is no packet is refused."""
    with pytest.raises(rtp.RtpError, match=complaint):
        rtp.parse(datagram)


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_packet_or_refused(datagram: bytes) -> None:
    """Any bytes are a packet or refused."""
    try:
        assert len(rtp.parse(datagram).payload) <= len(datagram)
    except rtp.RtpError:
        return


def test_a_sender_counts_packets_and_time_round_their_ends() -> None:
    """A sender counts packets and time round their ends."""
    sender = rtp.Sender(source=1, sequence=65_535, timestamp=2**32 - 160)
    first = rtp.parse(sender.packet(0, b"a"))
    sender.pass_time()
    second = rtp.parse(sender.packet(0, b"b", marker=True))
    third = rtp.parse(sender.packet(101, b"c", at=5))
    assert [(p.sequence, p.timestamp, p.marker) for p in (first, second, third)] == [
        (0, 2**32 - 160, False),
        (1, 0, True),
        (2, 5, False),
    ]


def test_a_key_is_down_for_its_ticks_and_ends_three_times() -> None:
    """A key is down for its ticks and ends three times."""
    payloads = rtp.digit_payloads("#", 2)
    assert payloads == (b"\x0b\x0a\x00\xa0", b"\x0b\x0a\x01\x40", *[b"\x0b\x8a\x01\x40"] * 3)


@pytest.mark.parametrize("key", ["", "12", "x", "E"])
def test_what_is_no_key_is_refused(key: str) -> None:
    """What is no key is refused."""
    with pytest.raises(ValueError, match="no key"):
        rtp.digit_payloads(key, 2)


def test_each_key_is_heard_once_whatever_is_lost() -> None:
    """Each key is heard once whatever is lost."""
    heard = rtp.DigitsHeard()
    for timestamp, key in ((160, "1"), (800, "1"), (1_600, "D")):
        for payload in rtp.digit_payloads(key, 4)[2:]:
            heard.hear(a_packet(timestamp=timestamp, payload=payload))
    assert heard.digits == "11D"


@pytest.mark.parametrize("payload", [b"", b"\x01\x0a\x00", b"\x10\x0a\x00\xa0", b"\xff\xff\xff\xff"])
def test_a_torn_or_unknown_event_is_no_key(payload: bytes) -> None:
    """A torn or unknown event is no key."""
    heard = rtp.DigitsHeard()
    assert heard.hear(a_packet(payload=payload)) == ""
    assert heard.digits == ""


def places(order: rtp.Order, *packets: tuple[int, int]) -> list[int | None]:
    """Place packets of 20 ms by their sequence number and timestamp."""
    return [order.place(a_packet(sequence, timestamp), 160) for sequence, timestamp in packets]


def test_packets_in_order_follow_each_other_and_pauses_are_filled() -> None:
    """Packets in order follow each other and pauses are filled."""
    order = rtp.Order()
    assert places(order, (65_535, 0), (0, 160), (2, 480), (3, 1_640)) == [0, 0, 160, 1_000]
    assert (order.lost, order.late) == (1, 0)


def test_late_and_double_packets_are_dropped() -> None:
    """Late and double packets are dropped."""
    order = rtp.Order()
    assert places(order, (5, 0), (7, 320), (6, 160), (7, 320), (8, 480)) == [0, 160, None, None, 0]
    assert (order.lost, order.late) == (1, 2)


def test_a_leap_is_a_new_line_of_time_and_not_ten_minutes_of_silence() -> None:
    """A leap is a new line of time and not ten minutes of silence."""
    order = rtp.Order()
    assert places(order, (1, 0), (2, 2**31 + 500), (3, 2**31 + 660), (3_000, 5_000_000)) == [0, 0, 0, 0]
    assert order.place(a_packet(9_000, 77, source=8), 160) == 0
    assert order.place(a_packet(8_000, 77, source=8), 160) == 0
    assert order.late == 0


def test_a_key_between_audio_is_no_lost_packet() -> None:
    """A key between audio is no lost packet."""
    order = rtp.Order()
    places(order, (1, 0))
    order.pass_over(a_packet(2, 160))
    order.pass_over(a_packet(1, 160))
    order.pass_over(a_packet(9, 160, source=9))
    assert places(order, (3, 480)) == [320]
    assert (order.lost, order.late) == (0, 0)
