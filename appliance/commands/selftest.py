"""Place a test call into the box, end to end, and report each step."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar  # any: what a coroutine awaits is the robots' own affair

import click
from rich.cells import cell_len
from rich.markup import escape

from appliance.commands import calls
from appliance.commands._box import box, out, store
from appliance.commands._call_out import CallOut
from appliance.commands._demo_judge import APART_S
from appliance.commands._own_line import KEY, SLUG, own_line
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
from appliance.places import Places
from appliance.store.reader import Query, Reader
from appliance.texts import marked, said
from appliance.words import OUTCOMES, Word
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
STEP_CELLS = 16
CALLER_HZ, AGENT_HZ = CALLER_TONES[0], AGENT_TONES[0]
PASSED, FAILED = marked("passed"), marked("FAILED")
CALLER_HEARS = marked("the caller hears {heard} Hz and not {hz} Hz alone")
WAIT_APART = marked("the record says wait {recorded} s, our clock {seen} s")
TALK_APART = marked("the record says talk {recorded} s, our clock {seen} s")
AGENT_HEARS = marked("the agent hears {heard} Hz and not {hz} Hz alone")
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

    def __init__(self, *, as_json: bool = False) -> None:
        """Begin; for a program a step is an object of JSON on a line."""
        self._console = out()
        self._as_json = as_json

    async def step(self, name: str, work: Coroutine[Any, Any, str]) -> None:
        """Do a step that gives what to say of it."""
        began = time.monotonic()
        try:
            told = await work
        except (RobotError, RobotsError) as error:
            self.failed(name, str(error))
            raise FailedError from error
        self.passed(name, told, time.monotonic() - began)

    def passed(self, name: str, told: str, took_s: float) -> None:
        """Report a step that passed."""
        if self._as_json:
            click.echo(json.dumps({"name": name, "passed": True, "told": told, "took_s": round(took_s, 3)}))
            return
        self._console.print(f"[green]{said(PASSED)}[/]  {_column(said(name))} {took_s:6.2f} s  {escape(told)}")

    def failed(self, name: str, why: str) -> None:
        """Report a step that failed."""
        if self._as_json:
            click.echo(json.dumps({"name": name, "passed": False, "told": why, "took_s": 0.0}))
            return
        self._console.print(f"[bold red]{said(FAILED)}[/]  {_column(said(name))} {escape(why)}")


def _column(name: str) -> str:
    """Write a step's name as wide as a column; a Chinese letter is as wide as two of ours."""
    return name + " " * (STEP_CELLS - cell_len(name))


def choose(floor: Floor) -> Way:
    """Find a key that leads to a workgroup in which nobody is at work, and an agent of it for our robot."""
    if not floor.overview.sample:
        return _own_way(floor)
    at_work = set(floor.at_work())
    for number in floor.overview.numbers:
        for key, way in number.keys.items():
            team = [account for account in floor.overview.accounts if way.queue in account.queues]
            if team and not way.prompts and not any(account.agent in at_work for account in team):
                return Way(number=number, key=key, account=team[0])  # of the sample company, who suits at once
    raise RobotsError(
        said("Agents are at work in every workgroup and would be rung: {agents}.", agents=", ".join(sorted(at_work)))
    )


def _own_way(floor: Floor) -> Way:
    """Give the way that a self-test brings into a company that is not the sample (`_own_line.py`)."""
    number = next(number for number in floor.overview.numbers if number.title == SLUG)
    return Way(number=number, key=KEY, account=_own_phone(floor))


def _own_phone(floor: Floor) -> Account:
    return next(account for account in floor.overview.accounts if account.agent == SLUG)


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
            await step(marked("agent signed on"), self._sign_on())
            await step(marked("trunk"), self._call())
            await step(marked("prompt heard"), self._prompts())
            await step(marked("key understood"), self._press())
            await step(marked("queue"), self._music())
            await step(marked("agent leg"), self._answer())
            await step(marked("caller hears"), self._hears(0, AGENT_HZ))
            await step(marked("agent hears"), self._hears(1, CALLER_HZ))
            await step(marked("talk and end"), self._talk())
        finally:
            await self._outside.stop()
            await self._seat.leave()

    async def _sign_on(self) -> str:
        await self._seat.take(STEP_S)
        return said("{agent} at extension {extension}", agent=self._seat.agent, extension=self._way.account.extension)

    async def _call(self) -> str:
        number = self._way.number.number
        call = await self._outside.call(number, caller_number=self._heard.caller, tone_hz=CALLER_HZ, deadline_s=STEP_S)
        self._calls.append(call)
        return said("{number} was answered", number=number)

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
                return said("{key} leads to workgroup {queue}", key=self._way.key, queue=queue)
            await self._stage.pause(LOOK_S)
        why = said(
            "{key} did not lead to workgroup {queue} within {limit} s",
            key=self._way.key,
            queue=queue,
            limit=round(STEP_S),
        )
        raise RobotsError(why)

    async def _music(self) -> str:
        found = await self._calls[0].hears(self._floor.sounds.music, STEP_S, since=self._heard.entered_at)
        return said("music ({score})", score=f"{found.score:.2f}")

    async def _answer(self) -> str:
        ringing = await self._seat.phone.next_call(STEP_S)
        self._calls.append(ringing)
        if ringing.from_number != self._heard.caller:
            shown = {"shown": repr(ringing.from_number), "caller": self._heard.caller}
            raise RobotsError(said("the desk phone shows {shown}, not {caller}", **shown))
        ringing.answer()
        await ringing.answered(STEP_S)
        extension = self._way.account.extension
        return said("{extension} rang, showing {number}", extension=extension, number=ringing.from_number)

    async def _hears(self, side: int, hz: int) -> str:
        since = self._calls[1].times.answered
        at = await self._calls[side].hears_tone(hz, STEP_S, since=since)
        first = self._heard.connected_at
        self._heard.connected_at = min(first, at) if first else at
        return said("{hz} Hz, {after} s after the answer", hz=hz, after=f"{at - (since or at):.2f}")

    async def _talk(self) -> str:
        await self._stage.pause(TALK_S)
        caller, agent = self._calls
        for call, side, hz in ((caller, CALLER_HEARS, AGENT_HZ), (agent, AGENT_HEARS, CALLER_HZ)):
            if (tones := call.heard_tones(1.0)) != {hz}:
                raise RobotsError(said(side, heard=sorted(tones), hz=hz))
        await caller.hang_up()
        self._heard.ended_at = caller.times.ended or time.monotonic()
        await agent.ended(STEP_S)
        await self._seat.finish(STEP_S)
        return said("{length} s, the caller hung up", length=f"{self._heard.ended_at - self._heard.connected_at:.2f}")


def check_record(reader: Reader, heard: Heard, way: Way, since_us: int) -> tuple[CallLine, str]:
    """Find the call's record and hold it against what was heard; raises `RobotsError`."""
    query = Query(since=since_us)

    def look() -> CallLine | None:
        lines = map(calls.line_of, calls.found(reader, query, 1000))
        return next((line for line in lines if line.caller_number == heard.caller), None)

    record = _until(look, said("a record of the call"))
    wait_s, talk_s = heard.connected_at - heard.entered_at, heard.ended_at - heard.connected_at
    if record.outcome != Outcome.ANSWERED or record.agent != way.account.agent:
        outcome = said(OUTCOMES.get(record.outcome, Word(text=record.outcome)).text)
        raise RobotsError(
            said("the record says {outcome} by {agent}", outcome=outcome, agent=record.agent or said("nobody"))
        )
    for what, recorded_s, seen_s in ((WAIT_APART, record.wait_s, wait_s), (TALK_APART, record.talk_s, talk_s)):
        if abs(recorded_s - seen_s) > APART_S:
            raise RobotsError(said(what, recorded=f"{recorded_s:.2f}", seen=f"{seen_s:.2f}"))
    ours = {"our_wait": f"{wait_s:.2f}", "our_talk": f"{talk_s:.2f}"}
    theirs = {"wait": f"{record.wait_s:.2f}", "talk": f"{record.talk_s:.2f}"}
    return record, said("wait {wait} s (ours {our_wait}), talk {talk} s (ours {our_talk})", **theirs, **ours)


def check_recording(reader: Reader, heard: Heard, record: CallLine) -> str:
    """Read the sealed recording and listen to both of its sides; raises `RobotsError`."""
    playable = _until(
        lambda: reader.recording(record.recording) if record.recording else None, said("the sealed recording")
    )
    sound = read_wav(b"".join(playable.read(0, playable.size)))
    talk_s = heard.ended_at - heard.connected_at
    if faults := faults_of_recording(sound, caller_hz=CALLER_HZ, agent_hz=AGENT_HZ, talk_s=talk_s):
        raise RobotsError("; ".join(faults))
    return said("{length} s, left the caller, right the agent", length=f"{playable.seconds:.2f}")


def _until(look: Callable[[], Found | None], what: str) -> Found:
    deadline = time.monotonic() + KEPT_S_MAX
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise RobotsError(said("not within {limit} s: {what}", limit=round(KEPT_S_MAX), what=what))
        time.sleep(LOOK_S)
    return found


async def _out(stage: Stage, floor: Floor, number: str, report: Report) -> None:
    call = CallOut(stage, floor, _own_phone(floor), number)
    try:
        await report.step(marked("telephone registered"), call.register())
        await report.step(marked("number called"), call.answered())
        await report.step(marked("talk and end"), call.talk())
    finally:
        await call.stop()


def _floor(places: Places, reader: Reader) -> Floor:
    return Floor(places=places, overview=overview(places, reader), sounds=Sounds(places, current_bundle()))


def _call_in(places: Places, reader: Reader, report: Report) -> None:
    """Call the box; raises `RobotsError` or `FailedError`."""
    since_us = time.time_ns() // 1000
    heard = Heard(caller=f"5559{since_us // 1_000_000 % 10**6:06}")
    floor = _floor(places, reader)
    way = choose(floor)
    play(lambda stage: Trial(stage, floor, way, report, heard).play())
    began = time.monotonic()
    name = marked("CDR")
    try:
        record, told = check_record(reader, heard, way, since_us)
        report.passed(name, told, time.monotonic() - began)
        name, began = marked("recording"), time.monotonic()
        report.passed(name, check_recording(reader, heard, record), time.monotonic() - began)
    except RobotsError as error:
        report.failed(name, str(error))
        raise FailedError from error


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, an object a line.")
@click.option("--out", "number", metavar="NUMBER", help="Call this number outside instead, as a telephone would.")
def command(*, as_json: bool, number: str | None) -> None:
    """Place a test call into the box, end to end, and report each step: exit code 0 if all passed, else 1.

    A company that is not the sample company gets a line of its own for that, for the time of the call.
    """
    places = box()
    report = Report(as_json=as_json)
    with store(places) as reader:
        seen = overview(places, reader)
        own = number is not None or not seen.sample
        try:
            with own_line(places, reader, phone_alone=number is not None) if own else contextlib.nullcontext():
                if number is None:
                    _call_in(places, reader, report)
                else:
                    prefix = reader.standing().configuration.company.prefix
                    floor = _floor(places, reader)
                    play(lambda stage: _out(stage, floor, f"{prefix}{number}", report))
        except FailedError:
            sys.exit(1)
        except RobotsError as error:
            raise click.ClickException(str(error)) from error
    if not as_json:
        click.echo(said("Every step passed."))
