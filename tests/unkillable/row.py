"""A long row of kills, in portions: each is judged by itself, and one in which the load fell behind is made again."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.unkillable.growth import Size, grown, size_of
from tests.unkillable.load import behind, cpu, least_said, load_of
from tests.unkillable.rounds import Rounds
from tests.unkillable.stage import Stage

PORTION = 50
"Kills after which the run says how far it is."
PACKETS_SHARE_MIN = 0.97
"Of the audio that each standing call has to say, as Asterisk received it."
VOID_SHARE_MAX = 0.25
"Portions that may be made again, among all; none in a run of one or two."


@dataclass(slots=True, kw_only=True)
class Row:
    """How far it is."""

    stage: Stage
    rounds: Rounds
    say: Callable[[str], None]
    voids: int = 0
    "Portions that prove nothing."
    said_least: float = 1.0
    "Share of its audio that a standing call has said, in the worst portion that counts."
    beats: int = 0
    late: int = 0
    "Of the robots' beats in the portions that count: those more than 10 ms late."
    size: Size | None = field(default=None, init=False)
    "At the beginning."

    async def go(self, kills: int) -> bool:
        """Kill so often, portion by portion; False if the load fell behind too often, or the witness did."""
        voids_max = int(kills / PORTION * VOID_SHARE_MAX / (1 - VOID_SHARE_MAX)) if kills > 2 * PORTION else 0
        tally = self.rounds.tally
        self.size = before = size_of(self.stage)
        self.say(f"at the beginning: {before}")
        began = time.monotonic()
        while len(tally.deaths) < kills:
            why = await self._portion(min(PORTION, kills - len(tally.deaths)))
            for line in why:
                self.say(line)
            left_s = (time.monotonic() - began) / tally.rounds * (kills - len(tally.deaths))
            self.say(
                f"{len(tally.deaths)} of {kills} ({tally.rounds} rounds, {len(tally.harm)} harmed), "
                f"{left_s / 60:.0f} min left: {size_of(self.stage)}"
            )
            if self.stage.witness.gaps or self.voids > voids_max:
                return False
        tally.harm += grown(before, size_of(self.stage))
        return True

    async def _portion(self, kills: int) -> list[str]:
        """Kill so often and judge it; if it is void, say why, and leave it out of the account."""
        stage, tally = self.stage, self.rounds.tally
        deaths, harm = len(tally.deaths), len(tally.harm)
        load, heard, used, overdue = load_of(stage), await stage.received(), cpu(stage), tally.overdue
        await self.rounds.kill(kills)
        now, wall_s = load_of(stage), time.monotonic() - used.at
        said = least_said(heard, await stage.received(), wall_s)
        why = behind(load, now)
        if said < PACKETS_SHARE_MIN:
            why.append(f"void: a call has said {said:.1%} of its audio")
        if tally.overdue > overdue:
            why.append(f"void: Asterisk took too long over the end of {tally.overdue - overdue} calls")
        if not why:
            self.said_least = min(self.said_least, said)
            self.beats += now.beats - load.beats
            self.late += now.late - load.late
            return []
        self.voids += 1
        why += [f"in what is void: {line}" for line in tally.harm[harm:]]
        del tally.deaths[deaths:], tally.harm[harm:]
        return why
