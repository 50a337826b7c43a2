"""A test call out: a robot at a phone of its own dials a number outside, as an agent's telephone would."""

import time

from appliance.commands._robots import AGENT_TONES, Floor, RobotsError
from appliance.overview import Account
from appliance.texts import said
from drivers.robot.call import Call
from drivers.robot.clock import MediaClock
from drivers.robot.line import Options
from drivers.robot.phone import Phone
from drivers.robot.stage import Stage

ANSWER_S = 45.0
"How long somebody has to pick up."
TALK_S = 4.0
LOUD = 50.0
"Louder than this, as a root mean square, is no silence: noise of a quiet line is below."


class CallOut:
    """The call: a step each to register, to be answered, to talk."""

    _call: Call | None = None

    def __init__(self, stage: Stage, floor: Floor, account: Account, dialled: str) -> None:
        """Nothing is sent before the first step; `dialled` is with the prefix for outside."""
        self._stage = stage
        self._dialled = dialled
        self._phone = Phone(
            stage.reactor,
            Options(
                user=account.extension,
                password=account.password,
                server=floor.server,
                listen=floor.places.host,
                tone_hz=AGENT_TONES[0],
            ),
            clock=MediaClock(stage.reactor),
        )

    async def register(self) -> str:
        """Register the phone."""
        await self._phone.start()
        await self._phone.register()
        return self._phone.options.user

    async def answered(self) -> str:
        """Dial, and wait until somebody picks up."""
        began = time.monotonic()
        self._call = await self._phone.call(self._dialled, deadline_s=ANSWER_S)
        return said("{number} was answered after {seconds} s", number=self._dialled, seconds=_seconds(began))

    async def talk(self) -> str:
        """Let a tone be heard, listen, and hang up."""
        if self._call is None:
            raise RobotsError(said("nobody was called"))
        await self._stage.pause(TALK_S)
        loud = self._call.heard_loudness(TALK_S) > LOUD
        await self._call.hang_up()
        return said("the other side was heard") if loud else said("the other side was silent")

    async def stop(self) -> None:
        """Give the phone back."""
        try:
            if self._phone.registered:
                await self._phone.unregister()
        finally:
            await self._phone.stop()


def _seconds(began: float) -> str:
    return f"{time.monotonic() - began:.1f}"
