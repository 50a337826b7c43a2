"""A demo's cast at work: callers who choose by key, wait, talk or give up, and agents who answer them."""

import time
from collections.abc import Callable, Sequence

from appliance.commands._robots import Floor, RobotsError, Seat
from appliance.commands._told import Plan, Told
from appliance.overview import Account
from appliance.texts import marked, plural, said
from drivers.robot.call import KEY_GAP_S, Call
from drivers.robot.clock import MediaClock, Pace
from drivers.robot.leg import State
from drivers.robot.line import Options
from drivers.robot.phone import Phone
from drivers.robot.stage import Stage
from drivers.robot.waits import RobotError, Waits

ANSWER_S = 20.0
PROMPT_S = 30.0
MUSIC_S = 10.0
TONE_S = 5.0
END_S = 15.0
PICK_UP_S = 600.0
"The longest wait for an agent."
SIGN_ON_S = 20.0
REST_S = 30.0
"Within which all agents have to be done after the last call."
LOOK_S = 0.5
"Before its end, a talk is listened to for a second: only the other party may be heard."
NEXT_CALL_S = 86_400.0
CALLER_HEARS = marked("the caller hears {heard} Hz where {hz} Hz is the other party")
AGENT_HEARS = marked("the agent hears {heard} Hz where {hz} Hz is the other party")


class Cast:
    """All callers and agents of one demo."""

    def __init__(self, stage: Stage, floor: Floor, plans: Sequence[Plan], say: Callable[[str], None]) -> None:
        """Nothing is sent before `play`."""
        self._stage = stage
        self._floor = floor
        self._say = say
        self._clock = MediaClock(stage.reactor)
        self._told = {plan.caller_number: Told(plan=plan) for plan in plans}
        self._changes = Waits(stage.reactor, "demo")
        self._waiting: dict[str, Call] = {}
        self._busy = 0
        self._done = 0
        self._line = Phone(
            stage.reactor,
            Options(user="outside", server=floor.server, listen=floor.places.host, calls_max=len(plans)),
            clock=self._clock,
        )
        self.strays: list[str] = []
        "Calls that rang at an agent and were none of ours."

    @property
    def pace(self) -> Pace:
        """How well the robots kept time."""
        return self._clock.pace

    def seat(self, account: Account, tone_hz: int) -> Seat:
        """Make an agent of an account."""
        return Seat(self._stage, self._floor, account, tone_hz=tone_hz, clock=self._clock)

    async def play(self, seats: Sequence[Seat]) -> list[Told]:
        """Sign the agents on, let every caller call, sign the agents off; what was seen and heard of each call."""
        await self._line.start()
        try:
            await self._stage.together(*(seat.take(SIGN_ON_S) for seat in seats))
            self._say(plural("{count} agent is available", "{count} agents are available", len(seats)))
            work = [self._stage.begin(self._work(seat)) for seat in seats]
            await self._stage.together(*(self._call(told) for told in self._told.values()))
            await self._changes.until(lambda: self._busy == 0 or None, said("all agents to be done"), REST_S)
            for one in work:
                one.cancel()
                one.addErrback(lambda _: None)
        finally:
            await self._stage.together(*(seat.leave() for seat in seats))
            await self._line.stop()
        return list(self._told.values())

    # -- callers

    async def _call(self, told: Told) -> None:
        plan = told.plan
        await self._stage.pause(plan.starts_s)
        try:
            call = await self._line.call(
                plan.number, caller_number=plan.caller_number, tone_hz=plan.tone_hz, deadline_s=ANSWER_S
            )
        except RobotError as error:
            told.faults.append(str(error))
        else:
            try:
                await self._choose(call, told)
                await self._wait(call, told)
            except RobotError as error:
                told.faults.append(str(error))
            finally:
                self._waiting.pop(plan.caller_number, None)
                await self._leave(call, told)
        self._done += 1
        if self._done % max(1, len(self._told) // 10) == 0:
            self._say(said("{done} of {all} calls done", done=self._done, all=len(self._told)))

    async def _choose(self, call: Call, told: Told) -> None:
        plan, since = told.plan, call.times.answered
        for slug in plan.prompts:
            heard = await call.hears(self._floor.sounds.prompt(slug, plan.language), PROMPT_S, since=since)
            since = heard.at
        told.entered_at = await call.press(plan.key) - KEY_GAP_S

    async def _wait(self, call: Call, told: Told) -> None:
        plan = told.plan
        await call.hears(self._floor.sounds.music, MUSIC_S, since=told.entered_at)
        if plan.gives_up_s and told.entered_at is not None:
            await self._stage.pause(told.entered_at + plan.gives_up_s - time.monotonic())
            return
        self._waiting[plan.caller_number] = call
        picked_up_at = await self._changes.until(
            lambda: told.picked_up_at, said("an agent for {caller}", caller=plan.caller_number), PICK_UP_S
        )
        _connected(told, await call.hears_tone(told.agent_hz, TONE_S, since=picked_up_at))
        await self._talk(call, told, told.agent_hz, CALLER_HEARS)
        if not plan.caller_hangs_up:
            await call.ended(END_S)

    async def _leave(self, call: Call, told: Told) -> None:
        """Hang up if nobody has, and note when the first did."""
        try:
            await call.hang_up()
        except RobotError as error:
            told.faults.append(str(error))
        _ended(told, call)

    # -- agents

    async def _work(self, seat: Seat) -> None:
        while True:
            call = await seat.phone.next_call(NEXT_CALL_S)
            told = self._told.get(call.from_number)
            if told is None:
                self.strays.append(
                    said("{agent} was rung by {caller}", agent=seat.agent, caller=repr(call.from_number))
                )
                call.reject()
                continue
            self._busy += 1
            try:
                await self._serve(seat, call, told)
            except (RobotError, RobotsError) as error:
                told.faults.append(str(error))
                await self._leave(call, told)
            finally:
                self._busy -= 1
                self._changes.look()

    async def _serve(self, seat: Seat, call: Call, told: Told) -> None:
        plan = told.plan
        if plan.gives_up_s:
            await call.ended(ANSWER_S)
            return
        await self._stage.pause(plan.ring_s)
        if call.state is not State.RINGING:
            return
        waiting = self._waiting.get(plan.caller_number)
        if waiting is not None and (early := waiting.heard_tones(1.0) & {seat.tone_hz}):
            told.faults.append(said("the caller hears the agent's {hz} Hz before the answer", hz=early))
        call.mute(on=plan.mute)
        call.answer()
        told.agent, told.agent_hz, told.picked_up_at = seat.agent, seat.tone_hz, call.times.answered
        self._changes.look()
        await call.answered(TONE_S)
        _connected(told, await call.hears_tone(plan.tone_hz, TONE_S, since=call.times.answered))
        await self._talk(call, told, plan.tone_hz, AGENT_HEARS)
        if plan.caller_hangs_up:
            await call.ended(END_S)
        else:
            await call.hang_up()
        _ended(told, call)
        await seat.finish(END_S)

    async def _talk(self, call: Call, told: Told, other_hz: int, side: str) -> None:
        """Talk as long as planned; near the end only the other party may be heard."""
        until = (told.connected_at or time.monotonic()) + told.plan.talk_s
        await self._stage.pause(until - LOOK_S - time.monotonic())
        heard = call.heard_tones(1.0)
        if heard != {other_hz}:
            told.faults.append(said(side, heard=sorted(heard), hz=other_hz))
        await self._stage.pause(until - time.monotonic())


def _connected(told: Told, at: float) -> None:
    told.connected_at = at if told.connected_at is None else min(told.connected_at, at)


def _ended(told: Told, call: Call) -> None:
    at = call.times.ended
    if at is not None:
        told.ended_at = at if told.ended_at is None else min(told.ended_at, at)
