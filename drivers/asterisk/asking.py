"""One leg while it asks us what to do: it is told one thing after another over its AGI session.

The session's end says nothing about the caller. What was still to be told is dropped then: a leg that lives asks again,
and the core tells it anew.
"""

import re
from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from appliance.core import effects
from appliance.core.facts import NotRecorded, Prompted
from drivers.asterisk import agi_commands as agi
from drivers.asterisk.agi import Session, SessionEndedError
from drivers.asterisk.codec import LocalProtocolError
from drivers.asterisk.codec_agi import Reply
from drivers.asterisk.conf import Site

Told = effects.AnswerLeg | effects.Prompt | effects.Hold | effects.Forward | effects.HangUp | effects.FallBack
"What a leg can be told while it asks."

TOLD_MAX = 20
"Effects that may wait for one leg; the core gives one or two."
OTHER_LANGUAGE = "en"
"The language of a prompt that is not spoken in the one wanted."
RECORDED = "MIXMONITOR_FILENAME"
"Where Asterisk notes, in the moment in which a recording begins, what the leg is recorded to."

_RECORDING = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
_BEGUN = "0"
"What EXEC says of a recording that has begun; -1 and -2 are refusals."
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})?")

report = Logger()


class Asking:
    """A leg's AGI session, and what it is still to be told."""

    def __init__(
        self,
        clock: IReactorTime,
        session: Session,
        *,
        site: Site,
        set_before: dict[str, str],
        tell: Callable[[Prompted | NotRecorded], None],
        held: Callable[[], None],
    ) -> None:
        """Begin with nothing to tell.

        `set_before` are the variables that we know of the leg; `tell` is given the outcomes of prompts and what is not
        recorded; `held` is called once a Hold is told to its end.
        """
        self.session = session
        self._clock = clock
        self._prompts = site.prompts
        self._recordings = site.recordings
        self._set = set_before
        self._tell = tell
        self._held = held
        self._queue: deque[Told] = deque()
        self._running = False
        self._spoke = False
        self.unrecorded = False
        "Whether the leg is to be recorded no more, whatever it was told before."

    @property
    def open(self) -> bool:
        """Whether the leg still listens."""
        return not self.session.ended and not self.session.hung_up

    @property
    def busy(self) -> bool:
        """Whether it is being told something just now."""
        return self._running

    def do(self, effect: Told) -> None:
        """Tell the leg, after what it was told before."""
        if len(self._queue) >= TOLD_MAX:
            report.error("agi: a leg is told too much")
            self.session.close("told too much")
            return
        self._queue.append(effect)
        if not self._running:
            self._running = True
            Deferred.fromCoroutine(self._run())

    async def _run(self) -> None:
        try:
            while self._queue and self.open:
                await self._one(self._queue.popleft())
        except SessionEndedError:
            pass
        except LocalProtocolError as error:
            report.error("agi: a leg cannot be told that: {error}", error=str(error))
            self.session.close("it cannot be said")
        except Exception:  # noqa: BLE001  one leg's trouble is not the others'; it asks again and the core decides
            report.failure("agi: a leg could not be told what to do")
            self.session.close("internal error")
        finally:
            self._running = False
            if self.session.hung_up:
                self.session.close("the leg was taken away")

    async def _one(self, effect: Told) -> None:
        match effect:
            case effects.AnswerLeg():
                await self._say(agi.ANSWER)
            case effects.Prompt():
                await self._prompt(effect)
            case effects.Hold():
                await self._hold(effect)
            case effects.Forward():
                await self._leave(
                    "forward" if effect.extension else "outside",
                    SR_INTERACTION=effect.interaction,
                    SR_QUEUE="",
                    SR_PLACE="",
                    SR_TO=effect.extension or effect.outside,
                    SR_RING=str(effect.ring_s),
                )
            case effects.HangUp():
                await self._leave("end", SR_CAUSE=str(effect.cause))
            case effects.FallBack():
                await self._leave("fall-back")

    async def _say(self, command: agi.Command) -> Reply:
        return await self.session.command(command)

    async def _know(self, **variables: str) -> None:
        """Set what the dialplan is to know."""
        for name, value in variables.items():
            if self._set.get(name) != value:
                await self._say(agi.set_variable(name, value))
                self._set[name] = value

    async def _leave(self, done: str, **variables: str) -> None:
        """Set what the dialplan is to know, its errand last, and let the leg go on with it."""
        await self._know(**variables)
        await self._say(agi.set_variable("SR_DONE", done))
        self.session.close()

    async def _hold(self, hold: effects.Hold) -> None:
        await self._know(
            SR_INTERACTION=hold.interaction,
            SR_QUEUE=hold.queue,
            SR_PLACE=hold.place,
            SR_MUSIC=hold.music,
            SR_KEYS=hold.keys,
            SR_SECONDS=str(hold.again_s),
        )
        if hold.recording and not self.unrecorded:
            await self._record(hold, hold.recording)
        await self._leave("hold")
        self._held()

    async def _record(self, hold: effects.Hold, recording: str) -> None:
        """Let the leg be recorded whenever it is bridged; a recording that has begun goes on as it is.

        It is done here, before the leg leaves us, so that no phone is answered sooner. The same file twice would be
        cut by the second, so Asterisk is asked where we do not know: a session may end between the two.
        """
        if not _RECORDING.fullmatch(recording):
            report.error("agi: a recording has a name that no file has")
            return
        file = f"{self._recordings}/{recording}.raw"
        before = self._set.pop(RECORDED, None)
        if before is None:
            before = (await self._say(agi.get_variable(RECORDED))).data
        if before != file:
            if before:
                await self._say(agi.execute("StopMixMonitor"))
            reply = await self._say(agi.execute("MixMonitor", file, "bD"))
            if reply.result != _BEGUN:
                await self._refused(hold)
                return
        self._set[RECORDED] = file
        if self.unrecorded:  # it was told to us meanwhile
            await self._say(agi.execute("StopMixMonitor"))

    async def _refused(self, hold: effects.Hold) -> None:
        """Say that nothing is recorded, unless the leg was taken away: then `HANGUP` stands before the next reply."""
        await self._say(agi.NOOP)
        if self.open:
            report.error("agi: Asterisk does not record a leg")
            self._tell(NotRecorded(leg=hold.leg))

    async def _prompt(self, prompt: effects.Prompt) -> None:
        if not self._spoke:
            # We are alive: a later silence of ours is counted from then on.
            await self._say(agi.set_variable("SR_LOST", ""))
            self._spoke = True
        key = ""
        for slug in prompt.sounds:
            key = await self._play(slug, prompt.language, prompt.keys)
            if key or not self.open:
                break
        if not key and prompt.keys and prompt.wait_ms and self.open:
            key = await self._wait(prompt.keys, prompt.wait_ms)
        if self.open:
            self._tell(Prompted(leg=prompt.leg, prompt=prompt.prompt, key=key))

    async def _play(self, slug: str, language: str, keys: str) -> str:
        """Play a prompt in the language, or in the other one; give the key that ended it."""
        if not _SLUG.fullmatch(slug) or not _LANGUAGE.fullmatch(language):
            report.error("agi: a prompt has a name that no file has")
            return ""
        for folder in dict.fromkeys((language, OTHER_LANGUAGE)):
            reply = await self._say(agi.stream_file(f"{self._prompts}/{folder}/{slug}", keys=keys))
            if reply.ok:
                return reply.digit
            # -1 is a missing file, or the channel was taken from us: then `HANGUP` stands before the next reply.
            await self._say(agi.NOOP)
            if not self.open:
                return ""
        report.error("agi: there is no prompt {slug}", slug=slug)
        return ""

    async def _wait(self, keys: str, wait_ms: int) -> str:
        """Wait for one of the keys; another key does not begin the time again."""
        until = self._clock.seconds() + wait_ms / 1_000
        while (left_ms := int((until - self._clock.seconds()) * 1_000)) > 0:
            reply = await self._say(agi.wait_for_digit(timeout_ms=left_ms))
            if not reply.ok:
                await self._say(agi.NOOP)
                return ""
            if reply.digit and reply.digit in keys:
                return reply.digit
        return ""
