"""The rounds: kill the daemon, see it come back, look whether anybody was harmed."""

import contextlib
import os
import random
import re
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from appliance.store.ledger import Query
from appliance.store.reader import open_reader
from drivers.robot.call import Call
from drivers.robot.waits import DeadlineError, RobotError
from tests.unkillable.company import MENU
from tests.unkillable.doom.sitecustomize import BOUNDARIES
from tests.unkillable.stage import BACK_S_MAX, LOOK_S, Stage, brisk

REACH_S = 5.0
"How long a boundary may take to be crossed; else the daemon is killed all the same."
ONCE_MORE_S = 1.0
"After so long somebody else calls, so that there is something to cross."
CROSSINGS_MAX = {"row": 12, "ami-asked": 8, "ami-sent": 8, "ami-heard": 12, "agi-heard": 8, "agi-told": 8}
"At which crossing, at most, it dies; the third of what is not named."
CROSSINGS = 3
ONLY_AT_START = {"ami-connected"}
"Boundaries that a daemon crosses only while it comes back."
KNOWN_S_MAX = 5.0
"Within which a caller whom no committed row names has asked again: the dialplan does so about once a second."
ENDED = "daemon ended"
ENDS = (ENDED, "daemon gave no sign", "daemon did not", "daemon-zygote")
"How lines of the supervisor begin that tell of an end, or why it came to that."
PAGE = 500
FILED_S_MAX = 30.0
STEP = re.compile(r"(\w+) ([0-9]+)")
READY = re.compile(r"calls can be taken, boot ([0-9]+), after ([0-9]+) ms: (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """One end of the daemon, and its return."""

    how: str
    "`moment`, `hang`, a boundary, or a boundary with `start ` before it, crossed while it was coming back."
    away_ms: float
    "From its end (or its hang) until all waiting calls could be offered again."
    steps: dict[str, int]
    "What the start took, in milliseconds."


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of all rounds."""

    deaths: list[Death] = field(default_factory=list)
    rounds: int = 0
    "All that there were, those that prove nothing among them."
    unreached: Counter[str] = field(default_factory=Counter)
    "Boundaries that were not crossed in time."
    harm: list[str] = field(default_factory=list)
    "Everything that must not have happened."
    overdue: int = 0
    "Calls whose end Asterisk did not confirm in time: it was too busy, whoever kept it so."
    calls: int = 0
    "That had to be filed."


Calls = tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """How one round ends the daemon."""

    kind: str
    "`moment`, `hang`, `boundary`, or `start`: killed, and once more at a boundary while it comes back."
    boundary: str = ""
    crossing: int = 1


def plan(dice: random.Random) -> list[Blow]:
    """Draw up forty rounds: every boundary once, most in full swing, some on the way back; moments and hangs."""
    boundaries = [f"{name}/{side}" for name in sorted(BOUNDARIES) for side in ("before", "after")]
    dice.shuffle(boundaries)
    blows = [Blow(kind="moment")] * 10 + [Blow(kind="hang")] * 4
    for number, boundary in enumerate(boundaries):
        name = boundary.partition("/")[0]
        kind = "start" if name in ONLY_AT_START or number % 4 == 0 else "boundary"
        blows.append(Blow(kind=kind, boundary=boundary, crossing=dice.randint(1, CROSSINGS_MAX.get(name, CROSSINGS))))
    dice.shuffle(blows)
    return blows


class Rounds:
    """Kills by a seed."""

    def __init__(self, stage: Stage, seed: int) -> None:
        """Begin with a full stage."""
        self._stage = stage
        self._dice = random.Random(seed)  # noqa: S311  a seed makes the run repeatable
        self.tally = Tally()
        self._plan: list[Blow] = []
        self._passing: Calls = ()
        self._arriving: Calls = ()
        self._dialled = 0
        self._done: set[str] = set()
        self._log = Log(stage.places.log / "daemon.jsonl")
        self._told = 0
        "Lines of the supervisor that are accounted for."
        self._places: dict[str, tuple[str, str]] = {}

    async def kill(self, kills: int) -> None:
        """Kill so often, once or once more."""
        if not self.tally.rounds:
            self._places = await self._stage.witness.places()
            self._told = len(self._stage.house.lines)
        for _ in range(kills):
            await self._round()

    async def finish(self) -> Tally:
        """Serve everybody who waits, then look into the records; give what came of it all."""
        await self._serve()
        self.account("at the end", 0)
        await self._records()
        return self.tally

    # -- one round

    async def _round(self) -> None:
        self._plan = self._plan or plan(self._dice)
        blow = self._plan.pop()
        if blow.kind == "boundary":
            self._write(blow)
            await self._traffic()
            await self._die(blow)
            return
        await self._traffic()
        await deferLater(self._stage.reactor, self._dice.uniform(0, 0.6))
        await self._leave()
        at = await self._stage.kill(signal.SIGSTOP if blow.kind == "hang" else signal.SIGKILL)
        if blow.kind == "start":
            self._write(blow)
            await self._die(blow, ends=2)
        else:
            await self._back(at, blow.kind)

    async def _die(self, blow: Blow, ends: int = 1) -> None:
        """Wait for its end at a boundary, and for its return; kill it if it does not come there.

        So it ends once, or twice if it was on its way back.
        """
        stage = self._stage
        done = stage.places.run / "doom.done"
        how = blow.boundary if blow.kind == "boundary" else f"start {blow.boundary}"
        for look in range(int(REACH_S / LOOK_S)):
            if done.exists():
                break
            if blow.kind == "boundary" and look % int(ONCE_MORE_S / LOOK_S) == 0:
                await self._leave()
                self._dial()
            await deferLater(stage.reactor, LOOK_S)
        if done.exists():
            at = int(done.read_text())
            done.unlink()
        else:
            self.tally.unreached[blow.boundary] += 1
            how = "moment"
            (stage.places.run / "doom").unlink(missing_ok=True)  # first: the next daemon would take it
            at = await stage.kill(signal.SIGKILL)
            ends += done.exists()  # it came there at the last moment, and another one was killed
        await self._back(at, how, ends)

    def _write(self, blow: Blow) -> None:
        run = self._stage.places.run
        for name in ("doom.done", "doom.taken"):
            (run / name).unlink(missing_ok=True)
        fresh = run / "doom.new"
        fresh.write_text(f"{blow.boundary} {blow.crossing}")
        fresh.rename(run / "doom")

    async def _back(self, at: int, how: str, ends: int = 1) -> None:
        """Wait for the daemon's return, and look at everybody."""
        stage = self._stage
        back = await stage.house.says("daemon ready", after=at, deadline_s=BACK_S_MAX)
        steps = self._log.steps()
        self.tally.rounds += 1
        self.tally.deaths.append(Death(how=how, away_ms=(back - at) / 1_000_000, steps=steps))
        await self._look(how)
        self.account(how, ends)

    def account(self, how: str, ends: int) -> None:
        """See whether the daemon has ended since the last look as often as it was made to; else quote its supervisor.

        Every end is asked for, so one more is harm: a crash, or a watchdog that kills who lives.
        """
        house = self._stage.house
        told = house.told(ENDS, self._told)
        self._told = len(house.lines)
        count = sum(line.startswith(ENDED) for line in told)
        if count > ends:
            said = "; ".join(told)
            self.tally.harm.append(f"round {self.tally.rounds} ({how}): the daemon ended {count} times: {said}")

    # -- calls that come and go

    def _dial(self) -> None:
        """Let somebody call the menu, and somebody the queue of short talks."""
        stage = self._stage
        menu = stage.carrier.dial(MENU, caller_number=f"5554{self._dialled:05}")
        self._arriving = (*self._arriving, menu, brisk(stage, self._dialled))
        self._dialled += 1

    async def _traffic(self) -> None:
        """Let somebody call, and wait until both are answered."""
        self._dial()
        for call in self._arriving[-2:]:
            try:
                await call.answered(10)
            except RobotError as error:
                self.tally.harm.append(f"a new call was not answered: {error}: {call.end}")

    async def _leave(self) -> None:
        """Let those hang up who have been there for a while, and one who has just come and may be in no row yet."""
        fresh, self._arriving = self._arriving[-1:], self._arriving[:-1]
        leaving, self._passing = (*self._passing, *fresh), self._arriving
        self._arriving = ()
        for call in leaving:
            if not call.end:
                try:
                    await call.hang_up()
                except DeadlineError:
                    self.tally.overdue += 1

    # -- was anybody harmed?

    async def _look(self, how: str) -> None:
        stage, harm = self._stage, self.tally.harm
        round_ = f"round {self.tally.rounds} ({how})"
        harm += [f"{round_}: a talk ended: {seen}" for seen in stage.talking if seen.ended or seen.parted]
        harm += [f"{round_}: a waiting call ended: {seen}" for seen in stage.waiting if seen.ended or seen.bridge]
        harm += [f"{round_}: deaf: {who}" for pair in stage.pairs for who in pair.deaf()]
        places = await stage.witness.places()
        for seen in (*stage.waiting, *stage.talking):
            was, now = self._places.get(seen.uniqueid), places.get(seen.uniqueid)
            if was != now:
                harm.append(f"{round_}: {seen.number} was at {was}, is at {now}")
        states = await stage.states()
        waiting = sum(states.get(word, 0) for word in ("waiting", "offered", "joining"))
        if waiting < len(stage.waiting) or states.get("talking", 0) < len(stage.talking):
            harm.append(f"{round_}: the daemon knows of {states}")
        if not await self._all_known():
            harm.append(f"{round_}: a caller has not asked again within {KNOWN_S_MAX} s")

    async def _all_known(self) -> bool:
        """Wait until the daemon knows every caller who lives: one whose first facts were lost asks again by and by."""
        stage = self._stage
        for _ in range(int(KNOWN_S_MAX / LOOK_S)):
            living = sum(not seen.ended for seen in stage.witness.callers())
            if sum((await stage.states()).values()) >= living:
                return True
            await deferLater(stage.reactor, LOOK_S)
        return False

    async def _serve(self) -> None:
        """Free the desks one by one: those who wait have to come in the order of their arrival."""
        stage, harm = self._stage, self.tally.harm
        await self._leave()
        await self._leave()
        desks = [
            seen.partner for seen in stage.talking if stage.witness.channels[seen.partner].name.startswith("PJSIP/2")
        ]
        for expected in stage.waiting:
            if not desks:
                break
            await stage.witness.hang_up(desks.pop(0))
            served = await stage.witness.waits.until(self._served, "the next is served", 15)
            if served != expected.uniqueid:
                harm.append(f"{stage.witness.channels[served].number} was served before {expected.number}")
            desks.append(stage.witness.channels[served].partner)
            self._done.add(served)

    def _served(self) -> str | None:
        return next(
            (s.uniqueid for s in self._stage.waiting if s.bridge and s.partner and s.uniqueid not in self._done), None
        )

    async def _records(self) -> None:
        """End all calls; each has to have one record."""
        stage = self._stage
        for phone in (stage.carrier, *stage.phones.values()):
            for call in tuple(phone.calls.values()):
                await call.hang_up()
        for seen in tuple(stage.witness.callers()):
            if not seen.ended:
                await stage.witness.hang_up(seen.uniqueid)
        expected = {seen.uniqueid for seen in stage.witness.callers()}
        self.tally.calls = len(expected)
        filed: Counter[str] = Counter()
        for _ in range(int(FILED_S_MAX / LOOK_S)):
            filed = await deferToThread(self._filed)
            if len(filed) >= len(expected):
                break
            await deferLater(stage.reactor, LOOK_S)
        self.tally.harm += [f"no record of {stage.witness.channels[leg]}" for leg in sorted(expected - filed.keys())]
        self.tally.harm += [f"{count} records of {leg}" for leg, count in filed.items() if count > 1]
        self.tally.harm += [f"a record of nobody: {leg}" for leg in sorted(filed.keys() - expected)]

    def _filed(self) -> Counter[str]:
        reader = open_reader(self._stage.places.zeo_socket)
        filed: Counter[str] = Counter()
        page = 0
        try:
            while True:
                found = reader.calls(Query(page=page, size=PAGE))
                filed.update(listed.cdr.leg.uniqueid for listed in found.calls)
                if not found.more:
                    return filed
                page += 1
        finally:
            reader.close()


class Log:
    """The daemon's log, read on from where it was left."""

    def __init__(self, path: Path) -> None:
        """Read from the beginning."""
        self._path = path
        self._at = 0

    def steps(self) -> dict[str, int]:
        """Give the steps of the last start that is told."""
        if self._path.stat().st_size < self._at:
            self._at = 0
        with self._path.open("rb") as file:
            file.seek(self._at)
            whole, _, _ = file.read().rpartition(b"\n")
        self._at += len(whole) + 1 if whole else 0
        steps: dict[str, int] = {}
        for line in whole.splitlines():
            found = None
            with contextlib.suppress(msgspec.DecodeError):  # torn by a kill
                found = READY.fullmatch(str(msgspec.json.decode(line)["text"]))
            if found:
                steps = {"all": int(found[2]), **{name: int(ms) for name, ms in STEP.findall(found[3])}}
        return steps


def cores() -> int:
    """Count the processors that we may use."""
    return len(os.sched_getaffinity(0))
