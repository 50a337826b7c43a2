"""Publishing: what stands in the store holds, for the Centre, the drivers, the prompts and those who are signed in.

A change is committed before this hears of it. What is done here only brings the rest into line with the store, always
with its latest version, one change after the other; so a crash between commit and publishing is mended by the next
start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import Deferred, DeferredList, DeferredLock
from twisted.internet.defer import TimeoutError as LateError
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from appliance import api, first_boot, sign_ins
from appliance.core import facts, model
from appliance.core.standing import prompts_to_speak
from appliance.daemon.hub import Hub
from appliance.daemon.reactor import Reactor, answer_of
from appliance.daemon.recovery import Configurations
from appliance.daemon.sessions import Sessions
from appliance.speech import SpeechError, speak
from appliance.store.edits import is_administered
from appliance.store.people import People
from appliance.store.settings import Applied, Settings
from appliance.store.standing import Standing

CONFIGURE_S = 5.0
"How long a command waits for the drivers to take a changed configuration; they go on with it by themselves."

report = Logger()


class Configured(Protocol):
    """A driver that takes configurations."""

    async def configure(self, equipment: api.Equipment) -> None:
        """Take one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What a change of the configuration touches on the disk."""

    prompts: Path
    "Folder of spoken prompts."
    sign_ins: Path
    "The sample company's passwords, while there are any."
    first_boot: Path | None = None
    "Set-up code and step of a box that begins empty; None for one that begins with the sample company."


class Publishing:
    """Keeps everything in line with the store."""

    def __init__(
        self,
        reactor: Reactor,
        *,
        hub: Hub,
        settings: Settings,
        people: People,
        sessions: Sessions,
        configurations: Configurations,
        places: Places,
    ) -> None:
        """Go by what the Centre holds; `changed` is called after each change."""
        self._reactor = reactor
        self._hub = hub
        self._settings = settings
        self._people = people
        self._sessions = sessions
        self._configurations = configurations
        self._places = places
        self._lock = DeferredLock()
        self._voice = DeferredLock()
        "One speaks at a time: two would write the same file."
        self._speaking = 0
        "Which change's standing prompts are being spoken."
        self._published = hub.centre.state.version
        self.exchanges: tuple[Configured, ...] = ()
        self.changed: Callable[[], None] = lambda: None
        self.names: Mapping[str, str] = {}
        "Agents' names."
        self.health = "ok"
        "`ok`, or `prompts` if some could not be spoken."

    def standing(self) -> tuple[model.Configuration, Mapping[str, str]]:
        """Give the configuration that holds, and the agents' names."""
        version = self._hub.centre.state.version
        return self._configurations(version) if version else model.Configuration(), self.names

    async def begin(self) -> None:
        """Bring everything into line at the start; returns when the drivers have taken it."""
        await self._lock.run(lambda: Deferred.fromCoroutine(self._hold(equip=True, wait_s=None)))

    async def apply(self, applied: Applied) -> None:
        """Make a committed change hold."""
        if applied.version or applied.people or applied.equipment:
            equip = applied.equipment or bool(applied.version)
            await self._lock.run(lambda: Deferred.fromCoroutine(self._hold(equip=equip, wait_s=CONFIGURE_S)))

    async def equip(self) -> None:
        """Give the drivers once more what stands in the store."""
        await self._lock.run(lambda: Deferred.fromCoroutine(self._equip(CONFIGURE_S)))

    async def expand(self) -> None:
        """Carry the calendar on, if little of it is left."""
        await self.apply(await answer_of(self._reactor, self._settings.expand(self._hub.now)))

    async def _hold(self, *, equip: bool, wait_s: float | None) -> None:
        standing = await answer_of(self._reactor, self._settings.current())
        names = await answer_of(self._reactor, self._people.names())
        self.names = {person.agent: names.get(person.slug, "") for person in standing.people if person.agent}
        if equip:
            await self._speak(standing)
        if standing.version and standing.version != self._published:
            self._configurations.add(standing.version, standing.configuration)
            self._published = standing.version
            self._hub.take(facts.ConfigurationPublished(version=standing.version))
        await self._sessions.refresh()
        try:
            await deferToThread(_keep_files, self._places, standing)
        except OSError:
            report.failure("the files of sign-ins and first boot could not be kept in line")
        self.changed()
        if equip:
            await self._equip(wait_s)

    async def _speak(self, standing: Standing) -> None:
        """Speak the company's new prompts before a flow can play them, and the standing ones behind them.

        Those are some hundred, and a change must not wait for them; one that is not spoken yet is silent.
        """
        own = standing.configuration.prompts
        self._speaking += 1
        self.health = await self._spoken(own)
        rest = tuple(prompt for prompt in prompts_to_speak(standing.configuration) if prompt not in own)
        Deferred.fromCoroutine(self._speak_on(rest, self._speaking))

    async def _speak_on(self, prompts: tuple[model.Prompt, ...], speaking: int) -> None:
        """Speak one after the other, until a later change or the end."""
        for prompt in prompts:
            health = await self._spoken((prompt,))
            if self._speaking != speaking:
                return
            self.health = self.health if health == "ok" else health

    async def _spoken(self, prompts: tuple[model.Prompt, ...]) -> str:
        """Speak; what cannot be spoken stays silent, and health says so."""
        try:
            await self._voice.run(deferToThread, speak, prompts, self._places.prompts)
        except (SpeechError, OSError):
            report.failure("a prompt could not be spoken")
            return "prompts"
        return "ok"

    def stop(self) -> None:
        """Speak no more; what is being spoken is finished."""
        self._speaking += 1

    async def _equip(self, wait_s: float | None) -> None:
        given = await answer_of(self._reactor, self._settings.equipment())
        taking = DeferredList([Deferred.fromCoroutine(_give(exchange, given)) for exchange in self.exchanges])
        if wait_s is None:
            await taking
            return
        waited: Deferred[None] = Deferred()
        taking.addCallback(lambda _: None if waited.called else waited.callback(None))
        try:
            await waited.addTimeout(wait_s, self._reactor)
        except LateError:
            report.info("an exchange takes its time with the configuration")


async def _give(exchange: Configured, equipment: api.Equipment) -> None:
    try:
        await exchange.configure(equipment)
    except Exception:  # noqa: BLE001  a driver's fault must not keep a committed change from holding elsewhere
        report.failure("a configuration was not taken")


def _keep_files(places: Places, standing: Standing) -> None:
    sign_ins.keep(
        places.sign_ins,
        people={person.slug for person in standing.people},
        extensions={extension.slug for extension in standing.configuration.extensions},
    )
    if places.first_boot is not None:
        first_boot.keep(places.first_boot, administered=is_administered(standing.people))
