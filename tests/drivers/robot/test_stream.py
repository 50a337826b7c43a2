"""One call's audio, against a socket that is played by hand."""

from collections.abc import Callable

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol
from typing_extensions import override

from drivers.robot import rtp, sdp, stream
from drivers.robot.clock import MediaClock
from drivers.robot.sound import ALAW, decode_ulaw, heard_tones
from drivers.robot.stream import Stream, may_send
from drivers.robot.waits import RobotError, Waits
from tests.drivers.robot.conftest import the_reactor
from tests.drivers.robot.wire import bound

HERE = "127.0.0.1"
PCMU, PCMA = sdp.Codec.PCMU, sdp.Codec.PCMA


class Far(DatagramProtocol):
    """The other side's audio socket."""

    noisy = False

    def __init__(self) -> None:
        """Bind a port."""
        self.packets: list[rtp.Packet] = []
        self._waits = Waits(the_reactor(), "far")
        self.port = bound(the_reactor(), self)

    async def heard(self, what: Callable[[list[rtp.Packet]], bool]) -> list[rtp.Packet]:
        """Wait until the packets that came satisfy."""
        return await self._waits.until(lambda: self.packets if what(self.packets) else None, "packets", 5.0)

    def say(self, packet: rtp.Packet, port: int) -> None:
        """Send a packet."""
        assert self.transport is not None
        self.transport.write(packet.encode(), (HERE, port))

    async def close(self) -> None:
        """Let the port go."""
        if self.transport is not None and (closed := self.transport.stopListening()) is not None:
            await closed

    @override
    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """Keep what came."""
        self.packets.append(rtp.parse(datagram))
        self._waits.look()


class Ends:
    """A stream and the other side's socket."""

    def __init__(self, *, tone_hz: int | None = 453, server: str = HERE) -> None:
        """Open both."""
        self.far = Far()
        self.clock = MediaClock(the_reactor())
        self.near = Stream(self.clock, tone_hz, 5.0)
        self.port = self.near.open(the_reactor(), HERE, server)
        self.waits = Waits(the_reactor(), "near")
        self.near.changed = self.waits.look

    def agree(
        self,
        codec: sdp.Codec = PCMU,
        *,
        host: str = HERE,
        events: int | None = 101,
        direction: sdp.Direction = sdp.Direction.BOTH,
    ) -> None:
        """Let both sides agree."""
        theirs = sdp.Description(
            host=host, port=self.far.port, codecs=((codec, codec.payload_type),), events=events, direction=direction
        )
        self.near.agree(theirs, codec, codec.payload_type)

    async def settled(self, packets: int) -> None:
        """Wait until so many packets of any sort came in."""
        near = self.near
        await self.waits.until(lambda: near.received + near.order.late >= packets or None, "packets", 5.0)

    async def close(self) -> None:
        """Close both."""
        closed = self.near.close()
        if closed is not None:
            await closed
        await self.far.close()


async def beaten(ends: Ends) -> None:
    """Wait until the clock has called all of its streams once more."""
    done: Deferred[None] = Deferred()
    stop = ends.clock.add(lambda _: None if done.called else done.callback(None))
    await done
    stop()


def test_a_phone_sends_to_its_exchange_and_to_its_own_kind_of_address() -> None:
    """A phone sends to its exchange and to its own kind of address."""
    assert may_send(HERE, "10.0.0.1", "10.0.0.1")
    assert may_send(HERE, HERE, "127.0.0.2")
    assert may_send("10.0.0.1", "10.0.0.2", "10.0.0.3")
    for host in ("10.0.0.1", "example.org", "", "::1"):
        assert not may_send(HERE, HERE, host)
    for host in (HERE, "224.0.0.1"):
        assert not may_send("10.0.0.1", "10.0.0.2", host)


@pytest_twisted.ensureDeferred
async def test_a_law_goes_both_ways() -> None:
    """A law goes both ways."""
    ends = Ends()
    try:
        ends.agree(PCMA)
        packets = await ends.far.heard(lambda packets: len(packets) >= 25)
        assert {packet.payload_type for packet in packets} == {8}
        said = b"".join(packet.payload for packet in packets)
        assert heard_tones(ALAW[list(said)]) == {453}
        for number, packet in enumerate(packets[:25]):
            ends.far.say(rtp.Packet(8, number, 160 * number, 1, packet.payload), ends.port)
        await ends.settled(25)
        assert heard_tones(ends.near.ear.piece(0, 4_000)) == {453}
        assert ends.near.first_sound_at is not None
    finally:
        await ends.close()


@pytest_twisted.ensureDeferred
async def test_what_is_no_audio_of_this_call_is_counted_and_forgotten() -> None:
    """What is no audio of this call is counted and forgotten."""
    ends, stranger = Ends(), Far()
    try:
        early = [rtp.Packet(0, number, 160 * number, 1, b"\x80" * 160) for number in range(5)]
        for packet in early:
            ends.far.say(packet, ends.port)
        await ends.settled(5)
        ends.agree(events=None)
        stranger.say(early[0], ends.port)
        ends.far.say(rtp.Packet(101, 5, 800, 1, b"\x01\x0a\x00\xa0"), ends.port)
        ends.far.say(rtp.Packet(0, 6, 800, 1, b"\x80" * 1_601), ends.port)
        ends.far.say(rtp.Packet(72, 6, 800, 1, b""), ends.port)
        assert ends.far.transport is not None
        ends.far.transport.write(b"rubbish", (HERE, ends.port))
        for number in range(5, 10):
            ends.far.say(rtp.Packet(0, number, 160 * number, 1, b"\x80" * 160), ends.port)
        ends.far.say(early[0], ends.port)
        await ends.settled(10)
        assert ends.near.strange == 5
        assert ends.near.keys.digits == ""
        assert ends.near.ear.end == 1_600
    finally:
        await ends.close()
        await stranger.close()


@pytest_twisted.ensureDeferred
async def test_nothing_is_said_to_who_does_not_listen_and_silence_without_a_tone() -> None:
    """Nothing is said to who does not listen and silence without a tone."""
    ends = Ends(tone_hz=None)
    try:
        ends.agree(direction=sdp.Direction.SEND)
        await beaten(ends)
        assert ends.near.sent == 0
        ends.agree()
        packets = await ends.far.heard(lambda packets: len(packets) >= 2)
        assert not decode_ulaw(packets[0].payload).any()
    finally:
        await ends.close()


@pytest_twisted.ensureDeferred
async def test_a_key_is_sent_as_its_standard_says() -> None:
    """A key is sent as its standard says."""
    ends = Ends()
    try:
        ends.agree()
        await ends.near.press("7", 0.06, 0.04)
        await ends.far.heard(lambda packets: any(p.payload_type == 0 for p in packets[-1:]))
        events = [packet for packet in ends.far.packets if packet.payload_type == 101]
        assert [packet.payload for packet in events] == list(rtp.digit_payloads("7", 3))
        assert [packet.marker for packet in events] == [True, False, False, False, False, False]
        assert len({packet.timestamp for packet in events}) == 1
        sequence = [packet.sequence for packet in ends.far.packets]
        assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))
    finally:
        await ends.close()


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_said_is_refused_or_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be said is refused or counted."""
    monkeypatch.setattr(stream, "QUEUE_MAX", 30)
    ends = Ends(server="255.255.255.255")
    try:
        with pytest.raises(RobotError, match="takes no digits"):
            ends.near.press("1", 0.1, 0.1)
        with pytest.raises(RobotError, match="nobody to say that to"):
            ends.near.play(decode_ulaw(b"\x80" * 160))
        ends.agree()
        with pytest.raises(RobotError, match="too much to say"):
            ends.near.play(decode_ulaw(b"\x80" * 160 * 31))
        half_said = ends.near.press("1", 0.1, 0.1)
        ends.agree(events=None)
        await half_said
        assert ends.near.unsent == 8
        ends.agree(host="255.255.255.255")
        await ends.near.play(decode_ulaw(b"\x80" * 160))
        assert ends.near.unsent > 8
        sent = ends.near.sent
        ends.agree(host="10.0.0.1")
        await beaten(ends)
        assert ends.near.sent == sent
    finally:
        await ends.close()


@pytest_twisted.ensureDeferred
async def test_the_end_cuts_off_what_is_being_said() -> None:
    """The end cuts off what is being said."""
    ends = Ends()
    ends.agree()
    said = ends.near.press("123", 0.1, 0.1)
    await ends.close()
    with pytest.raises(RobotError, match="before everything was said"):
        await said
