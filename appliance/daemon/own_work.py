"""What the daemon does about the box itself when it is asked: its first boot, test calls, updates."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import assert_never

from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from appliance import api, root_work, updates
from appliance.daemon.publishing import Publishing
from appliance.daemon.reactor import Reactor
from appliance.daemon.sessions import Sessions
from appliance.daemon.trial_calls import TrialCalls
from appliance.daemon.welcome import Tries, Welcome
from appliance.places import PRIVILEGED
from appliance.store.opened import Store

EVERY_S = 2.0

report = Logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPlaces:
    """The files of it; None where there is no home."""

    first_boot: Path | None = None
    "None also for a box that begins with the sample company."
    test_call: Path | None = None
    update: Path | None = None
    "The plan of updates."
    updates: Path | None = None
    "The folder of bundles."
    privileged: Path = PRIVILEGED


class OwnWork:
    """Does it."""

    def __init__(
        self,
        reactor: Reactor,
        places: OwnPlaces,
        publishing: Publishing,
        sessions: Sessions,
        store: Store,
        now: Callable[[], int],
    ) -> None:
        """Begin nothing before it is asked."""
        self._welcome = Welcome(
            reactor=reactor,
            path=places.first_boot,
            settings=store.settings,
            accounts=store.accounts,
            sessions=sessions,
            applied=publishing.apply,
            now=now,
            tries=Tries(),
        )
        self._places = places
        self._trial_calls = TrialCalls(reactor, places.test_call)

    async def take(self, request: api.TakeBox, address: str) -> tuple[HTTPStatus, api.Reply]:
        """Take the first administrator in."""
        return await self._welcome.take(request, address)

    async def do(self, request: api.NoteStep | api.PlaceTestCall | api.Update, by: str) -> api.Reply:
        """Do what an administrator asks."""
        match request:
            case api.NoteStep():
                return await self._welcome.note(request)
            case api.PlaceTestCall():
                return self._trial_calls.place(request)
            case api.Update():
                return await deferToThread(self._update, request, by)
            case _:
                assert_never(request)

    async def look(self) -> None:
        """Look after what is under way."""
        self._trial_calls.look()

    def _update(self, request: api.Update, by: str) -> api.Reply:
        """Write into the plan what is asked; blocking for a moment."""
        try:
            slots = self._slots()
        except root_work.RootAwayError:
            slots = ()
        if self._places.update is None or self._places.updates is None or not slots:
            return _refused("no_slots")
        plans = updates.Plans(self._places.update)
        match request.work:
            case "begin" if not (self._places.updates / request.bundle).is_file():
                code = "unknown"
            case "begin":
                code = updates.begin(plans, request.bundle, at_once=request.at_once)
            case "take_back":
                code = updates.take_back(plans, slots, at_once=request.at_once)
            case work:
                code = updates.change(plans, stop=work == "stop")
        report.info("{by} asks for {work} of an update: {code}", by=by, work=request.work, code=code or "done")
        return _refused(code, request.bundle) if code else api.Reply()

    def _slots(self) -> tuple[root_work.Slot, ...]:
        seen = root_work.ask(self._places.privileged, root_work.Look()).seen
        return seen.slots if seen is not None else ()


def _refused(code: str, detail: str = "") -> api.Reply:
    return api.Reply(problems=(api.Problem(code=code, detail=detail),))
