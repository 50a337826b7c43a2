"""What the daemon does about the box itself when it is asked: its first boot, test calls, updates."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import assert_never

from appliance import api
from appliance.daemon.publishing import Publishing
from appliance.daemon.reactor import Reactor
from appliance.daemon.sessions import Sessions
from appliance.daemon.trial_calls import TrialCalls
from appliance.daemon.welcome import Tries, Welcome
from appliance.places import PRIVILEGED
from appliance.store.opened import Store

EVERY_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPlaces:
    """The files of it; None where there is no home."""

    first_boot: Path | None = None
    "None also for a box that begins with the sample company."
    test_call: Path | None = None
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
        self._trial_calls = TrialCalls(reactor, places.test_call)

    async def take(self, request: api.TakeBox, address: str) -> tuple[HTTPStatus, api.Reply]:
        """Take the first administrator in."""
        return await self._welcome.take(request, address)

    async def do(self, request: api.NoteStep | api.PlaceTestCall | api.Update, _by: str) -> api.Reply:
        """Do what an administrator asks."""
        match request:
            case api.NoteStep():
                return await self._welcome.note(request)
            case api.PlaceTestCall():
                return self._trial_calls.place(request)
            case api.Update():
                return api.Reply(problems=(api.Problem(code="unavailable"),))
            case _:
                assert_never(request)

    async def look(self) -> None:
        """Look after what is under way."""
        self._trial_calls.look()
