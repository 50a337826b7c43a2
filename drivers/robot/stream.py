"""The audio of one call: a UDP socket that says a tone at each beat, presses keys, and listens."""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorUDP
from twisted.internet.protocol import DatagramProtocol
from typing_extensions import override

from drivers.robot import rtp
from drivers.robot.clock import TICK_S, MediaClock
from drivers.robot.hearing import Ear
from drivers.robot.sdp import Codec, Description
from drivers.robot.sound import ALAW_TO_ULAW, ULAW_SILENCE, ULAW_TO_ALAW, Samples, encode_ulaw, tone
from drivers.robot.waits import RobotError

SILENCE = bytes((ULAW_SILENCE,)) * rtp.TICK_SAMPLES
LOOK_EVERY = 5
"Who waits for a sound is asked again after so many packets: every 100 ms."
QUEUE_MAX = 30_000
"Packets of keys and sounds that may wait to be sent: ten minutes."
DATAGRAM_MAX = 8_192
PAYLOAD_MAX = 1_600
"Bytes of one packet of G.711 that are listened to: 200 ms."


@dataclass(slots=True, kw_only=True)
class _Said:
    """One packet of a key or of a sound that waits to be sent in the tone's place."""

    payload: bytes
    key: bool = False
    first: bool = False
    "Whether a key goes down with it."
    done: Deferred[float] | None = None
    "Fires once it is sent."


@lru_cache(maxsize=64)
def _tone_frames(hz: int) -> tuple[bytes, ...]:
    return _frames(encode_ulaw(tone(hz)))


def _frames(ulaw: bytes) -> tuple[bytes, ...]:
    whole = ulaw + bytes((ULAW_SILENCE,)) * (-len(ulaw) % rtp.TICK_SAMPLES)
    return tuple(whole[start : start + rtp.TICK_SAMPLES] for start in range(0, len(whole), rtp.TICK_SAMPLES))


def may_send(listen: str, server: str, host: str) -> bool:
    """Tell whether a phone bound to `listen` sends to `host`.

    It does if that is its exchange, or an address that is on loopback if `listen` is, and is not if it is not.
    """
    if host == server:
        return True
    try:
        ours, theirs = ip_address(listen), ip_address(host)
    except ValueError:
        return False
    return ours.version == theirs.version and ours.is_loopback == theirs.is_loopback and not theirs.is_multicast


class Stream(DatagramProtocol):
    """One call's audio both ways."""

    noisy = False
    changed: Callable[[], None]
    "Called when a key was heard and every 100 ms of audio."

    def __init__(self, clock: MediaClock, tone_hz: int | None, hear_s_max: float) -> None:
        """Say `tone_hz`, or silence if it is None; remember `hear_s_max` seconds of what is heard."""
        self.ear = Ear(hear_s_max)
        self.keys = rtp.DigitsHeard()
        self.order = rtp.Order()
        self.muted = False
        self.held = False
        "Whether our side put the other on hold: nothing of ours is to be heard."
        self.wanted = True
        "Whether the other side listens."
        self.loses_every = 0
        "Of so many packets one is lost on the way, as on a bad line; 0 for none."
        self.sent = 0
        self.received = 0
        self.unsent = 0
        "Packets that the system did not take."
        self.strange = 0
        "Datagrams that were no audio of this call."
        self.first_sound_at: float | None = None
        self.changed = lambda: None
        self.now = clock.now
        self._clock = clock
        self._tone = None if tone_hz is None else _tone_frames(tone_hz)
        self._tick = 0
        self._queue: deque[_Said] = deque()
        self._peer: tuple[str, int] | None = None
        self._codec = Codec.PCMU
        self._codec_type = Codec.PCMU.payload_type
        self._heard_types: dict[int, Codec] = {codec.payload_type: codec for codec in Codec}
        self._events: int | None = None
        self._key_began = 0
        self._sender = rtp.Sender(
            source=secrets.randbits(32), sequence=secrets.randbits(15), timestamp=secrets.randbits(31)
        )
        self._listen = self._server = ""
        self._stop: Callable[[], None] | None = None

    def open(self, reactor: IReactorUDP, listen: str, server: str) -> int:
        """Bind a port of the system's choice; give its number. Audio goes where `may_send` lets it."""
        self._listen, self._server = listen, server
        address = reactor.listenUDP(0, self, listen, DATAGRAM_MAX).getHost()
        if not isinstance(address, IPv4Address | IPv6Address):
            raise RobotError(f"no UDP port but {address}")
        return address.port

    def agree(self, theirs: Description, codec: Codec, payload_type: int) -> None:
        """Talk as the two sides agreed; it is only now that anything is sent."""
        may = theirs.port and may_send(self._listen, self._server, theirs.host)
        self._peer = (theirs.host, theirs.port) if may else None
        self._codec, self._codec_type = codec, payload_type
        self._heard_types = {**self._heard_types, payload_type: codec}
        self._events = theirs.events
        self.wanted = theirs.direction.receives
        if self._stop is None and self.transport is not None:
            self._stop = self._clock.add(self._beat)

    def press(self, keys: str, held_s: float, gap_s: float) -> Deferred[float]:
        """Press keys one after the other; fires with the moment at which the last is released and its gap past."""
        if self._events is None:
            raise RobotError("the other side takes no digits in the audio stream (RFC 4733)")
        ticks = max(1, round(held_s / TICK_S))
        said = []
        for key in keys:
            payloads = rtp.digit_payloads(key, ticks)
            said += [_Said(payload=payload, key=True, first=not index) for index, payload in enumerate(payloads)]
            said += [_Said(payload=SILENCE) for _ in range(max(1, round(gap_s / TICK_S)))]
        return self._say(said)

    def play(self, samples: Samples) -> Deferred[float]:
        """Say this audio once in the place of the tone; fires at its end."""
        return self._say([_Said(payload=frame) for frame in _frames(encode_ulaw(samples))])

    def close(self) -> Deferred[None] | None:
        """Let go of the beat and the port, which is free once the result fires; what was heard stays."""
        if self._stop is not None:
            self._stop()
            self._stop = None
        queue, self._queue = self._queue, deque()
        for said in queue:
            if said.done is not None:
                said.done.errback(RobotError("the call ended before everything was said"))
        return None if self.transport is None else self.transport.stopListening()

    @override
    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """Hear one packet of the other side; anything else is counted and forgotten."""
        if self._peer is not None and addr[:2] != self._peer:
            self.strange += 1
            return
        try:
            packet = rtp.parse(datagram)
        except rtp.RtpError:
            self.strange += 1
            return
        codec = self._heard_types.get(packet.payload_type)
        if codec is not None and len(packet.payload) <= PAYLOAD_MAX:
            self._hear(packet, codec)
        elif packet.payload_type == self._events and self._events is not None:
            self.order.pass_over(packet)
            if self.keys.hear(packet):
                self.changed()
        else:
            self.strange += 1

    def _hear(self, packet: rtp.Packet, codec: Codec) -> None:
        silence = self.order.place(packet, len(packet.payload))
        if silence is None:
            return
        payload = packet.payload if codec is Codec.PCMU else packet.payload.translate(ALAW_TO_ULAW)
        now = self.now()
        if self.first_sound_at is None:
            self.first_sound_at = now
        self.ear.hear(payload, silence, now)
        self.received += 1
        if self.received % LOOK_EVERY == 0:
            self.changed()

    def _say(self, said: list[_Said]) -> Deferred[float]:
        if self._stop is None or len(self._queue) + len(said) > QUEUE_MAX:
            raise RobotError("nobody to say that to" if self._stop is None else "too much to say")
        done: Deferred[float] = Deferred()
        said[-1].done = done
        self._queue.extend(said)
        return done

    def _beat(self, skipped: int) -> None:
        self._sender.pass_time(rtp.TICK_SAMPLES * (skipped + 1))
        self._tick += skipped + 1
        if self._peer is None or not self.wanted:
            return
        if not self._queue:
            self._send_sound(SILENCE if self._tone is None else self._tone[self._tick % len(self._tone)])
            return
        said = self._queue.popleft()
        if said.key:
            self._send_key(said)
        else:
            self._send_sound(said.payload)
        if said.done is not None:
            said.done.callback(self.now())

    def _send_sound(self, ulaw: bytes) -> None:
        frame = SILENCE if self.muted or self.held else ulaw
        if self._codec is Codec.PCMA:
            frame = frame.translate(ULAW_TO_ALAW)
        self._send(self._sender.packet(self._codec_type, frame))

    def _send_key(self, said: _Said) -> None:
        if said.first:
            self._key_began = self._sender.timestamp
        if self._events is None:
            self.unsent += 1
            return
        self._send(self._sender.packet(self._events, said.payload, marker=said.first, at=self._key_began))

    def _send(self, packet: bytes) -> None:
        if self.loses_every and self._sender.sequence % self.loses_every == 0:
            return
        try:
            if self.transport is not None:
                self.transport.write(packet, self._peer)
                self.sent += 1
        except OSError:
            self.unsent += 1
