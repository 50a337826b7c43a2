"""What two sides agree about a call's audio: offers and answers (RFC 3264), and the stream that follows them."""

import secrets

from drivers.robot import sdp
from drivers.robot.stream import Stream


class Session:
    """Our side of one call's audio."""

    def __init__(self, stream: Stream, host: str, port: int, codecs: tuple[sdp.Codec, ...]) -> None:
        """Speak for a stream that listens at `host` and `port`."""
        self.stream = stream
        self.direction = sdp.Direction.BOTH
        "Which way we want audio to go."
        self.theirs: sdp.Description | None = None
        "What the other side said last."
        self._host = host
        self._port = port
        self._codecs = codecs
        self._id = secrets.randbits(31)
        self._version = 0

    def offer(self) -> bytes:
        """Write an offer."""
        ours = sdp.offer(self._host, self._port, self._codecs, self.direction)
        return self._write(ours)

    def answer(self, body: bytes) -> bytes:
        """Take an offer and write the answer; SdpError where it is none or nothing is in common."""
        theirs = sdp.parse(body)
        ours = sdp.answer(theirs, self._host, self._port, self._codecs, self.direction)
        self._follow(theirs, *ours.codecs[0])
        return self._write(ours)

    def agree(self, body: bytes) -> None:
        """Take the answer to our offer; SdpError where it is none or nothing is in common."""
        theirs = sdp.parse(body)
        common = [(codec, number) for codec, number in theirs.codecs if codec in self._codecs]
        if not common or not theirs.port:
            raise sdp.SdpError("no audio in common")
        self._follow(theirs, *common[0])

    def _follow(self, theirs: sdp.Description, codec: sdp.Codec, payload_type: int) -> None:
        self.theirs = theirs
        self.stream.held = not self.direction.receives
        self.stream.agree(theirs, codec, payload_type)

    def _write(self, ours: sdp.Description) -> bytes:
        self._version += 1
        return sdp.encode(ours, self._id, self._version)
