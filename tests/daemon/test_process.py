"""The daemon as a process: it starts alone, stops in order, and after any `kill -9` holds to what it had answered."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from appliance import api, document
from appliance.client import Client, DoorClosedError
from appliance.daemon.composition import KEEP_AFTER
from appliance.places import Places
from appliance.store.reader import open_reader
from tests.contract.company import AGENTS, company
from tests.daemon.real import PEOPLE, Zeo, the_reactor
from tests.daemon.supervisor import ROOT, Process, Supervisor, a_home

PORT = 20_080
KILLS = 12
SEED = 7
SNAPSHOT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Stand:
    """A store and who starts daemons on it."""

    places: Places
    zeo: Zeo
    supervisor: Supervisor

    async def daemon(self) -> Process:
        """Start one that is ready."""
        process = Process(self.places, self.supervisor)
        await self.supervisor.is_told("READY=1")
        return process

    async def ask(self, request: api.AnyRequest) -> api.Reply:
        """Ask as the console."""
        return await deferToThread(Client(self.places.console_socket).send, request)

    async def set_up(self) -> None:
        """Give it the company of the stories."""
        text = document.write(api.Document(configuration=company(), people=PEOPLE))
        assert not (await self.ask(api.Import(text=text))).problems

    async def snapshot_is_kept(self) -> None:
        """Wait until the first snapshot is committed: an answer may be, before it."""
        reader = open_reader(self.places.zeo_socket)
        try:
            deadline = time.monotonic() + SNAPSHOT_S
            while not (past := reader.history(time.time_ns() // 1000, 0)) or not past.snapshot:
                assert time.monotonic() < deadline, "no snapshot is kept"
                await deferLater(the_reactor(), 0.02)
        finally:
            reader.close()

    def errors(self) -> str:
        """Read what daemons have said to standard error."""
        return (self.places.log / "daemon.errors").read_text()


@pytest_twisted.async_yield_fixture()
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    """Run a database process in the home of a box."""
    places = a_home(tmp_path / "home", PORT)
    zeo = Zeo(places.store, places.zeo_socket)
    supervisor = Supervisor(tmp_path)
    yield Stand(places=places, zeo=zeo, supervisor=supervisor)
    supervisor.close()
    zeo.stop()


@pytest_twisted.ensureDeferred
async def test_it_stops_in_order_and_goes_on(stand: Stand) -> None:
    """SIGTERM ends it with 0; the next one knows who sits where, from the snapshot alone."""
    first = await stand.daemon()
    await stand.set_up()
    assert not (await stand.ask(api.TakeSeat(agent="anna"))).problems
    first.send(signal.SIGTERM)
    await stand.supervisor.is_told("STOPPING=1")
    assert first.ended() == 0
    with pytest.raises(DoorClosedError):
        await stand.ask(api.TakeSeat(agent="anna"))
    second = await stand.daemon()
    assert [problem.code for problem in (await stand.ask(api.TakeSeat(agent="anna"))).problems] == ["already_signed_on"]
    assert "boot 2: 0 facts replayed" in (stand.places.log / "daemon.jsonl").read_text()
    second.kill()


@pytest_twisted.ensureDeferred
async def test_what_was_replayed_once_is_not_replayed_again(stand: Stand) -> None:
    """However short the lives of a row of daemons are, the next one has no more to do than the one before."""
    first = await stand.daemon()
    await stand.set_up()
    for _ in range(KEEP_AFTER // 2):
        await stand.ask(api.TakeSeat(agent="anna"))
        await stand.ask(api.LeaveSeat(agent="anna"))
    first.kill()
    second = await stand.daemon()
    assert not (await stand.ask(api.TakeSeat(agent="anna"))).problems
    await stand.snapshot_is_kept()
    second.kill()
    third = await stand.daemon()
    third.kill()
    log = (stand.places.log / "daemon.jsonl").read_text()
    counts = [int(count) for count in re.findall(r"boot \d: (\d+) facts replayed", log)]
    assert counts[1] > KEEP_AFTER
    assert counts[2] < 10


@pytest_twisted.ensureDeferred
async def test_a_second_daemon_refuses(stand: Stand) -> None:
    """One clear line, and the first goes on."""
    first = await stand.daemon()
    second = Process(stand.places)
    assert await deferToThread(second.ended) == 75
    assert "daemon" in stand.errors()
    assert stand.errors().count("\n") == 1
    assert (await deferToThread(Client(stand.places.door_socket).health)).boot == 1
    first.kill()


@pytest_twisted.ensureDeferred
async def test_a_dead_sealer_is_started_again(stand: Stand) -> None:
    """Its end is noticed on the daemon's own event loop too."""
    daemon = await stand.daemon()
    seen: set[int] = set()
    for _ in range(3):
        (sealer,) = await _sealers(daemon, seen)
        seen.add(sealer)
        os.kill(sealer, signal.SIGKILL)
    await _sealers(daemon, seen)
    daemon.kill()


def test_a_dead_sealer_is_noticed_beside_a_living_child(tmp_path: Path) -> None:
    """Where uvloop loses the signal that tells of its end."""
    argv = [sys.executable, "-m", "tests.daemon.two_children", str(tmp_path)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (0, b"again\n"), done.stderr


async def _sealers(daemon: Process, seen: set[int]) -> list[int]:
    """Wait for a sealer that was not seen before."""
    for _ in range(200):
        found = [pid for pid in daemon.children("appliance.store.seal") if pid not in seen]
        if found:
            return found
        await deferLater(the_reactor(), 0.05)
    raise AssertionError("no sealer was started")


@pytest.mark.slow
@pytest_twisted.ensureDeferred
async def test_it_says_what_is_missing(tmp_path: Path) -> None:
    """No database process, a wrong environment: one clear line each."""
    places = a_home(tmp_path / "home", PORT)
    process = Process(places)
    assert await deferToThread(process.ended) == 69
    said = (places.log / "daemon.errors").read_text()
    assert said.startswith("switchroom daemon: ")
    assert said.count("\n") == 1


@pytest.mark.slow
@pytest_twisted.ensureDeferred
async def test_what_was_answered_holds_after_any_kill(stand: Stand) -> None:
    """Agents come and go while it is killed at random moments; no answer is taken back, no command done twice."""
    chance = random.Random(SEED)  # noqa: S311  a seed makes the run repeatable
    seated: dict[str, bool] = dict.fromkeys(AGENTS, False)
    process = await stand.daemon()
    await stand.set_up()
    for kill in range(KILLS):
        alarm = deferLater(the_reactor(), chance.uniform(0.01, 0.6), process.send, signal.SIGKILL)
        asked = 0
        while True:
            agent = chance.choice(list(AGENTS))
            token = f"{kill}-{asked}"
            asked += 1
            kind = api.LeaveSeat if seated[agent] else api.TakeSeat
            try:
                reply = await stand.ask(kind(agent=agent, token=token))
            except DoorClosedError:
                break
            assert reply == api.Reply(), (agent, seated, reply)
            seated[agent] = not seated[agent]
        await alarm
        assert process.ended() == -signal.SIGKILL
        process = await stand.daemon()
        reply = await stand.ask(kind(agent=agent, token=token))
        assert reply == api.Reply(), "the repeated command is done, or was"
        seated[agent] = not seated[agent]
        for other, is_seated in seated.items():
            await _sits(stand, other, seated=is_seated)
    assert (await deferToThread(Client(stand.places.door_socket).health)).boot == KILLS + 1
    process.kill()


async def _sits(stand: Stand, agent: str, *, seated: bool) -> None:
    """Check by a command that changes nothing."""
    kind = api.TakeSeat if seated else api.LeaveSeat
    expected = "already_signed_on" if seated else "not_signed_on"
    problems = (await stand.ask(kind(agent=agent))).problems
    assert [problem.code for problem in problems] == [expected], agent
