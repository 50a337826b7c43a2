"""Place a test call into the box, end to end, and report each step."""

import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar  # any: what a coroutine awaits is the robots' own affair

import click
from rich.markup import escape

from appliance.commands import calls
from appliance.commands._box import box, out, store
from appliance.commands._demo_judge import APART_S
from appliance.commands._robots import (
    AGENT_TONES,
    CALLER_TONES,
    Floor,
    RobotsError,
    Seat,
    Sounds,
    faults_of_recording,
    read_wav,
)
from appliance.commands.calls import CallLine
from appliance.core.cdr import Outcome
from appliance.overview import Account, Dialled, overview
from appliance.store.reader import Query, Reader
from drivers.asterisk.bundle import current_bundle
from drivers.robot.call import KEY_GAP_S, Call
from drivers.robot.clock import MediaClock
from drivers.robot.line import Options
from drivers.robot.phone import Phone
from drivers.robot.stage import Stage, play
from drivers.robot.waits import RobotError

STEP_S = 20.0
"The longest that a step may take."
RING_S = 2.0
TALK_S = 3.0
KEPT_S_MAX = 30.0
"Within which record and recording must be there."
LOOK_S = 0.2
CALLER_HZ, AGENT_HZ = CALLER_TONES[0], AGENT_TONES[0]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way into the box that rings nobody but our own robot."""

    number: Dialled
    key: str
    account: Account


@dataclass(slots=True, kw_only=True)
class Heard:
    """What the robots' clock says of the call, monotonic seconds."""

    caller: str
    "The caller's number, by which its record is found."
    entered_at: float = 0.0
    connected_at: float = 0.0
    ended_at: float = 0.0
    notes: list[str] = field(default_factory=list)


class FailedError(Exception):
    """A step failed; it has been reported."""


class Report:
    """Says of each step whether it passed, as soon as that is known."""

    def __init__(self) -> None:
        """Begin."""
        self._console = out()

    async def step(self, name: str, work: Coroutine[Any, Any, str]) -> None:
        """Do a step that gives what to say of it."""
        began = time.monotonic()
        try:
            said = await work
        except (RobotError, RobotsError) as error:
            self.failed(name, str(error))
            raise FailedError from error
        self.passed(name, said, time.monotonic() - began)

    def passed(self, name: str, said: str, took_s: float) -> None:
        """Report a step that passed."""
        self._console.print(f"[green]passed[/]  {name:<16} {took_s:6.2f} s  {escape(said)}")

    def failed(self, name: str, why: str) -> None:
        """Report a step that failed."""
        self._console.print(f"[bold red]FAILED[/]  {name:<16} {escape(why)}")


def choose(floor: Floor) -> Way:
    """Find a key that leads to a workgroup in which nobody is at work, and an agent of it for our robot."""
    if not floor.overview.sample:
        raise RobotsError("The self-test needs the sample company's phones, and it is not here any more.")
    at_work = set(floor.at_work())
    for number in floor.overview.numbers:
        for key, way in number.keys.items():
            team = [account for account in floor.overview.accounts if way.queue in account.queues]
            if team and not way.prompts and not any(account.agent in at_work for account in team):
                return Way(number=number, key=key, account=team[-1])
    raise RobotsError(f"Agents are at work in every workgroup and would be rung: {', '.join(sorted(at_work))}.")


class Trial:
    """The call itself, between a robot outside and a robot at a desk."""

    def __init__(self, stage: Stage, floor: Floor, way: Way, report: Report, heard: Heard) -> None:
        """Nothing is sent before `play`."""
        clock = MediaClock(stage.reactor)
        self._stage = stage
        self._floor = floor
        self._way = way
        self._report = report
        self._heard = heard
        self._seat = Seat(stage, floor, way.account, tone_hz=AGENT_HZ, clock=clock)
        options = Options(user="outside", server=floor.server, listen=floor.places.host)
        self._outside = Phone(stage.reactor, options, clock=clock)
        self._calls: list[Call] = []

    async def play(self) -> None:
        """Do every step; raises `FailedError` at the first that fails."""
        step = self._report.step
        await self._outside.start()
        try:
            await step("agent signed on", self._sign_on())
            await step("trunk", self._call())
            await step("prompt heard", self._prompts())
            await step("key understood", self._press())
            await step("queue", self._music())
            await step("agent leg", self._answer())
            await step("caller hears", self._hears(0, AGENT_HZ))
            await step("agent hears", self._hears(1, CALLER_HZ))
            await step("talk and end", self._talk())
        finally:
            await self._outside.stop()
            await self._seat.leave()

    async def _sign_on(self) -> str:
        await self._seat.take(STEP_S)
        return f"{self._seat.agent} at extension {self._way.account.extension}"

    async def _call(self) -> str:
        number = self._way.number.number
        call = await self._outside.call(number, caller_number=self._heard.caller, tone_hz=CALLER_HZ, deadline_s=STEP_S)
        self._calls.append(call)
        return f"{number} was answered"

    async def _prompts(self) -> str:
        caller, since, scores = self._calls[0], self._calls[0].times.answered, []
        for slug in self._way.number.way.prompts:
            prompt = self._floor.sounds.prompt(slug, self._way.number.language)
            found = await caller.hears(prompt, STEP_S, since=since)
            since = found.at
            scores.append(f"{slug} ({found.score:.2f})")
        return ", ".join(scores)

    async def _press(self) -> str:
        self._heard.entered_at = await self._calls[0].press(self._way.key) - KEY_GAP_S
        deadline = time.monotonic() + STEP_S
        queue = self._way.number.keys[self._way.key].queue
        while time.monotonic() < deadline:
            waiting = (await self._stage.aside(self._floor.view)).calls.values()
            mine = [call for call in waiting if call and call.caller_number == self._heard.caller]
            if any(call.queue == queue for call in mine):
                return f"{self._way.key} leads to workgroup {queue}"
            await self._stage.pause(LOOK_S)
        raise RobotsError(f"{self._way.key} did not lead to workgroup {queue} within {STEP_S:.0f} s")

    async def _music(self) -> str:
        found = await self._calls[0].hears(self._floor.sounds.music, STEP_S, since=self._heard.entered_at)
        return f"music ({found.score:.2f})"

    async def _answer(self) -> str:
        ringing = await self._seat.phone.next_call(STEP_S)
        self._calls.append(ringing)
        if ringing.from_number != self._heard.caller:
            raise RobotsError(f"the desk phone shows {ringing.from_number!r}, not {self._heard.caller}")
        ringing.answer()
        await ringing.answered(STEP_S)
        return f"{self._way.account.extension} rang, showing {ringing.from_number}"

    async def _hears(self, side: int, hz: int) -> str:
        since = self._calls[1].times.answered
        at = await self._calls[side].hears_tone(hz, STEP_S, since=since)
        first = self._heard.connected_at
        self._heard.connected_at = min(first, at) if first else at
        return f"{hz} Hz, {at - (since or at):.2f} s after the answer"

    async def _talk(self) -> str:
        await self._stage.pause(TALK_S)
        caller, agent = self._calls
        for call, side, hz in ((caller, "caller", AGENT_HZ), (agent, "agent", CALLER_HZ)):
            if (tones := call.heard_tones(1.0)) != {hz}:
                raise RobotsError(f"the {side} hears {sorted(tones)} Hz and not {hz} Hz alone")
        await caller.hang_up()
        self._heard.ended_at = caller.times.ended or time.monotonic()
        await agent.ended(STEP_S)
        await self._seat.finish(STEP_S)
        return f"{self._heard.ended_at - self._heard.connected_at:.2f} s, the caller hung up"


def check_record(reader: Reader, heard: Heard, way: Way, since_us: int) -> tuple[CallLine, str]:
    """Find the call's record and hold it against what was heard; raises `RobotsError`."""
    query = Query(since=since_us)

    def look() -> CallLine | None:
        lines = map(calls.line_of, calls.found(reader, query, 1000))
        return next((line for line in lines if line.caller_number == heard.caller), None)

    record = _until(look, "a record of the call")
    wait_s, talk_s = heard.connected_at - heard.entered_at, heard.ended_at - heard.connected_at
    if record.outcome != Outcome.ANSWERED or record.agent != way.account.agent:
        raise RobotsError(f"the record says {record.outcome} by {record.agent or 'nobody'}")
    for what, recorded_s, seen_s in (("wait", record.wait_s, wait_s), ("talk", record.talk_s, talk_s)):
        if abs(recorded_s - seen_s) > APART_S:
            raise RobotsError(f"the record says {what} {recorded_s:.2f} s, our clock {seen_s:.2f} s")
    return record, f"wait {record.wait_s:.2f} s (ours {wait_s:.2f}), talk {record.talk_s:.2f} s (ours {talk_s:.2f})"


def check_recording(reader: Reader, heard: Heard, record: CallLine) -> str:
    """Read the sealed recording and listen to both of its sides; raises `RobotsError`."""
    playable = _until(lambda: reader.recording(record.recording) if record.recording else None, "the sealed recording")
    sound = read_wav(b"".join(playable.read(0, playable.size)))
    talk_s = heard.ended_at - heard.connected_at
    if faults := faults_of_recording(sound, caller_hz=CALLER_HZ, agent_hz=AGENT_HZ, talk_s=talk_s):
        raise RobotsError("; ".join(faults))
    return f"{playable.seconds:.2f} s, left the caller, right the agent"


def _until(look: Callable[[], Found | None], what: str) -> Found:
    deadline = time.monotonic() + KEPT_S_MAX
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise RobotsError(f"not within {KEPT_S_MAX:.0f} s: {what}")
        time.sleep(LOOK_S)
    return found


@click.command()
def command() -> None:
    """Place a test call into the box, end to end, and report each step: exit code 0 if all passed, else 1."""
    places = box()
    report = Report()
    since_us = time.time_ns() // 1000
    heard = Heard(caller=f"5559{since_us // 1_000_000 % 10**6:06}")
    with store(places) as reader:
        floor = Floor(places=places, overview=overview(places, reader), sounds=Sounds(places, current_bundle()))
        try:
            way = choose(floor)
        except RobotsError as error:
            raise click.ClickException(str(error)) from error
        try:
            play(lambda stage: Trial(stage, floor, way, report, heard).play())
        except FailedError:
            sys.exit(1)
        began = time.monotonic()
        name = "CDR"
        try:
            record, said = check_record(reader, heard, way, since_us)
            report.passed(name, said, time.monotonic() - began)
            name, began = "recording", time.monotonic()
            report.passed(name, check_recording(reader, heard, record), time.monotonic() - began)
        except RobotsError as error:
            report.failed(name, str(error))
            sys.exit(1)
    click.echo("Every step passed.")
