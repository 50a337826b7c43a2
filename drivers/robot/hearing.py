"""The ear: what a phone has heard, on one line of time, and when it heard it."""

from array import array
from bisect import bisect_right

import numpy as np

from drivers.robot.sound import RATE_HZ, ULAW_SILENCE, Samples, decode_ulaw, tone_starts

STALE_S = 0.06
"Audio that is so much overdue has stopped."


class Ear:
    """Keeps the last seconds that were heard, as mu-law; samples are counted from the first one ever heard."""

    def __init__(self, seconds_max: float) -> None:
        """Keep `seconds_max` seconds, at least one."""
        self._samples_max = int(max(1.0, seconds_max) * RATE_HZ)
        self._data = bytearray()
        self._start = 0
        self._packet_ends = array("q")
        self._packet_times = array("d")

    @property
    def end(self) -> int:
        """How many samples have been heard in all."""
        return self._start + len(self._data)

    @property
    def first_at(self) -> float | None:
        """When the oldest audio still kept was heard."""
        return self._packet_times[0] if self._packet_times else None

    def hear(self, ulaw: bytes, silence: int, now: float) -> None:
        """Take a packet's audio after so many samples of silence."""
        self._data += bytes((ULAW_SILENCE,)) * silence + ulaw
        self._packet_ends.append(self.end)
        self._packet_times.append(now)
        if len(self._data) > 2 * self._samples_max:
            self._forget(len(self._data) - self._samples_max)

    def piece(self, start: int, end: int) -> Samples:
        """Give the samples from `start` up to `end`, as far as they are kept."""
        first = max(0, start - self._start)
        return decode_ulaw(bytes(self._data[first : max(first, end - self._start)]))

    def last(self, seconds: float, now: float) -> Samples:
        """Give what was heard in the last `seconds` before `now`: where no packet came, nothing was."""
        wanted = int(seconds * RATE_HZ)
        silent_s = now - self._packet_times[-1] - STALE_S if self._packet_times else seconds
        silence = min(wanted, max(0, int(silent_s * RATE_HZ)))
        heard = self.piece(self.end - wanted + silence, self.end)
        return np.concatenate((heard, np.zeros(silence, dtype=np.int16)))

    def moment(self, sample: int) -> float:
        """Tell when the packet with this sample came; the nearest one kept, where it is not."""
        if not self._packet_times:
            raise LookupError("nothing was heard yet")
        return self._packet_times[min(bisect_right(self._packet_ends, sample), len(self._packet_times) - 1)]

    def sample_at(self, moment: float) -> int:
        """Tell which sample was the first to come after a moment."""
        packet = bisect_right(self._packet_times, moment)
        if packet == 0:
            return self._start
        return self._packet_ends[packet - 1]

    def tone_began(self, hz: int, since: int = 0) -> float | None:
        """Tell when a tone began, to 20 ms, among the samples from `since` on that are kept."""
        start = max(since, self._start)
        found = tone_starts(self.piece(start, self.end), hz)
        return None if found is None else self.moment(start + found)

    def _forget(self, count: int) -> None:
        del self._data[:count]
        self._start += count
        packets = bisect_right(self._packet_ends, self._start)
        del self._packet_ends[:packets]
        del self._packet_times[:packets]
