"""Waiting for sounds: a tone, a key, a prompt, music, silence."""

from dataclasses import dataclass

from twisted.internet.posixbase import PosixReactorBase
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThreadPool

from drivers.robot.sound import (
    LOUDNESS_MIN,
    NO_MATCH,
    RATE_HZ,
    TONE_LENGTH,
    TONES,
    Known,
    Match,
    Samples,
    heard_tones,
    loudness,
)
from drivers.robot.stream import Stream
from drivers.robot.waits import DeadlineError, Waits

PIECE_S = 1.0
"A prompt is known by a second of it."
STEP_S = 0.2
"A piece is compared so often."
SHORT_STEP_S = 0.05
LONG_S = 30.0
"A known audio that is longer is searched in a thread, so that nothing that is sent gets late."


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A prompt or music that was heard."""

    at: float
    "When the piece that was recognised had been heard to its end, by the monotonic clock."
    score: float
    "Normalised cross-correlation of that piece with the known audio."
    position_s: float
    "Where in the known audio the piece begins."
    piece_s: float
    "How long the piece was: a second, or a little less than a shorter audio."


class Listening:
    """What one call listens for."""

    def __init__(self, reactor: PosixReactorBase, stream: Stream, waits: Waits) -> None:
        """Listen to a stream; `waits` looks again whenever audio came."""
        self._reactor = reactor
        self._stream = stream
        self._waits = waits

    def tones(self, seconds: float = 1.0, among: tuple[int, ...] = TONES) -> frozenset[int]:
        """Tell which tones were heard in the last `seconds`."""
        return heard_tones(self._stream.ear.last(seconds, self._stream.now()), among)

    def loudness(self, seconds: float = 1.0) -> float:
        """Tell how loud the last `seconds` were."""
        return loudness(self._stream.ear.last(seconds, self._stream.now()))

    async def tone(self, hz: int, deadline_s: float, since: float | None) -> float:
        """Wait for a tone; give the moment at which it began, not before `since` (None: now)."""
        ear = self._stream.ear
        cursor = self._start(since)

        def began() -> float | None:
            nonlocal cursor
            found = ear.tone_began(hz, cursor)
            cursor = max(cursor, ear.end - TONE_LENGTH)
            return found

        return await self._waits.until(began, f"a tone of {hz} Hz", deadline_s)

    async def keys(self, keys: str, deadline_s: float) -> str:
        """Wait until these keys were heard in this order; give all that were heard in the call."""
        heard = self._stream.keys
        return await self._waits.until(lambda: heard.digits if keys in heard.digits else None, f"{keys!r}", deadline_s)

    async def silence(self, seconds: float, deadline_s: float) -> float:
        """Wait until audio came for so long and none of it was louder than noise; give the moment of its end."""
        ear = self._stream.ear
        length = int(seconds * RATE_HZ)
        start = ear.end

        def silent() -> float | None:
            if ear.end - start < length or loudness(ear.piece(ear.end - length, ear.end)) >= LOUDNESS_MIN:
                return None
            return ear.moment(ear.end - 1)

        return await self._waits.until(silent, f"{seconds:g} s of silence", deadline_s)

    async def known(
        self, audio: Known | Samples, deadline_s: float, threshold: float, since: float | None
    ) -> Recognised:
        """Wait until a second of what is heard is a part of this audio; none before `since` (None: now) counts."""
        known = audio if isinstance(audio, Known) else Known(audio)
        total_s = len(known.samples) / RATE_HZ
        step_s = STEP_S if total_s >= PIECE_S + STEP_S else SHORT_STEP_S
        length = int(max(SHORT_STEP_S, min(PIECE_S, total_s - step_s)) * RATE_HZ)
        deadline = self._reactor.seconds() + deadline_s
        ear = self._stream.ear
        end = self._start(since) + length
        best = NO_MATCH
        while True:
            what = f"an audio of {total_s:.1f} s (the best likeness was {best.score:.2f})"
            try:
                await self._reach(end, what, max(0.0, deadline - self._reactor.seconds()))
            except DeadlineError as error:
                raise DeadlineError(f"not within {deadline_s:g} s: {self._waits.name}: {what}") from error
            match = await self._find(known, ear.piece(end - length, end), total_s)
            if match.score >= threshold:
                return Recognised(
                    at=ear.moment(end - 1),
                    score=match.score,
                    position_s=match.position / RATE_HZ,
                    piece_s=length / RATE_HZ,
                )
            best = max(best, match, key=lambda match: match.score)
            end += int(step_s * RATE_HZ)

    async def _reach(self, end: int, what: str, deadline_s: float) -> None:
        """Wait until so many samples were heard; where they were, let others work before what follows."""
        ear = self._stream.ear
        if ear.end >= end:
            await deferLater(self._reactor, 0)
        await self._waits.until(lambda: ear.end >= end or None, what, deadline_s)

    async def _find(self, known: Known, piece: Samples, total_s: float) -> Match:
        if total_s <= LONG_S:
            return known.find(piece)
        return await deferToThreadPool(self._reactor, self._reactor.getThreadPool(), known.find, piece)

    def _start(self, since: float | None) -> int:
        ear = self._stream.ear
        return ear.end if since is None else ear.sample_at(since)
