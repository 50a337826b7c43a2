"""A full disk and a failing one: calls go on, nothing is promised falsely, health is red, and then all is there."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from appliance import api
from appliance.client import Client
from appliance.core import state as st
from appliance.core.cdr import Outcome
from appliance.daemon.main import past_of
from appliance.store.durable import DISK_FAILED
from appliance.store.guard import StoreAbsentError
from appliance.store.opened import Store, open_store
from appliance.store.reader import Query, open_reader
from appliance.store.schema import TABLES
from appliance.store.tail import walk
from drivers.simulated.line import Line
from tests.daemon.real import Box
from tests.store.disk import SmallDisk

HEALED_S = 30.0
REFUSED_S = 3.0
STARTS_MAX = 100
"So many begin in what is free of the last page."
CALLS_MAX = 60


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Run the database process on a disk of eight megabytes."""
    disk = SmallDisk(tmp_path / "store", tmp_path / "zeo.sock")
    disk.mount()
    disk.start()
    yield disk
    disk.close()


@pytest_twisted.async_yield_fixture()
async def box(disk: SmallDisk, tmp_path: Path) -> AsyncIterator[Box]:
    """Run a daemon on it, with the company of the stories."""
    assert disk.process is not None
    box = Box(tmp_path)
    await box.daemon.start(box.boot)
    await box.set_up()
    yield box
    await box.stop()


async def health(box: Box) -> tuple[str, str]:
    """Ask how journal and store are, as pages and `switchroom status` do."""
    parts = (await deferToThread(Client(box.home / "door.sock").health)).parts
    return parts["journal"], parts["store"]


async def in_queue(box: Box, number: str) -> Line:
    """Let somebody call and choose support."""
    party, view = await box.daemon.parties.party_of(number, "")
    caller = box.exchange.call("2001", party=party, view=view)
    await box.until(lambda: caller.hears.startswith("prompt/en/menu"), HEALED_S)
    box.exchange.press(caller, "1")
    await box.until(lambda: caller.hears.startswith("music"), HEALED_S)
    return caller


async def gives_up(box: Box, number: str) -> None:
    """Let somebody call, wait and hang up; the Centre knows it."""
    caller = await in_queue(box, number)
    box.exchange.end(caller.leg)
    await box.until(lambda: caller.leg not in box.daemon.hub.centre.state.legs, HEALED_S)


async def until_no_space(box: Box) -> int:
    """Let people call and give up until the last bytes of the disk are taken; tells how many did."""
    for number in range(CALLS_MAX):
        await gives_up(box, f"139001380{number:02d}")
        if box.store.health()["journal"] == "no_space":
            return number + 1
    raise AssertionError("there is room for ever")


async def all_written(box: Box) -> None:
    """Wait until nothing is left to be written, and all is well."""
    await box.until(lambda: box.store.journal.backlog == 0 and set(box.store.health().values()) == {"ok"}, HEALED_S)
    await box.store_answer(box.store.journal.flush())
    assert await health(box) == ("ok", "ok")


def outcomes(box: Box) -> list[Outcome]:
    """Read the records of calls, the oldest first."""
    reader = open_reader(box.home / "zeo.sock")
    try:
        return [listed.cdr.outcome for listed in reader.calls(Query(size=2 * CALLS_MAX)).calls][::-1]
    finally:
        reader.close()


async def one_talks(box: Box) -> Line:
    """Let Anna take a call."""
    assert await box.ask(api.TakeSeat(agent="anna")) == api.Reply()
    caller = await in_queue(box, "13800138000")
    await box.until(lambda: "101" in box.ringing, HEALED_S)
    box.exchange.pick_up(box.ringing["101"])
    await box.until(lambda: isinstance(box.agent("anna"), st.Talking), HEALED_S)
    return caller


@pytest.mark.slow
@pytest_twisted.ensureDeferred
async def test_a_full_disk(box: Box, disk: SmallDisk) -> None:
    """ENOSPC by the kernel; the database process dies and starts while there is no room, too."""
    talking = await one_talks(box)
    await gives_up(box, "13800138001")
    await all_written(box)
    assert await deferToThread(outcomes, box) == [Outcome.ABANDONED]
    disk.fill()
    made = 1 + await until_no_space(box)
    assert await health(box) == ("no_space", "no_space")
    request = api.TakeSeat(agent="bela", token="t")
    reply = await box.ask(request, timeout_s=HEALED_S)
    assert [problem.code for problem in reply.problems] == ["busy"], "nothing is promised that is not written"
    disk.kill()
    await deferToThread(disk.start)
    disk.fill()
    made += await until_no_space(box)
    written = await deferToThread(outcomes, box)
    assert written, "pages read on"
    assert len(written) < made
    assert talking.doing == "bridged"
    disk.make_room()
    await all_written(box)
    assert await box.ask(request) == api.Reply()
    box.exchange.end(talking.leg)
    await box.until(lambda: not isinstance(box.agent("anna"), st.Talking), HEALED_S)
    await all_written(box)
    assert await deferToThread(outcomes, box) == [*[Outcome.ABANDONED] * made, Outcome.ANSWERED]
    for name in TABLES:
        assert walk(disk.inside / f"{name}.fs", whole=True).cut == 0, "no torn end is left of what could not be written"
    await comes_back(box)


def start_often(store: Store) -> None:
    """Begin until there is no room for one more boot number."""
    for _ in range(STARTS_MAX):
        past_of(store, REFUSED_S)


@pytest.mark.slow
def test_a_start_on_a_full_disk_is_one_clear_line(disk: SmallDisk, tmp_path: Path) -> None:
    """Not even its number can be kept, so it takes no call; with room it starts."""
    store = open_store(folder=tmp_path / "lock", socket=disk.socket, clock=lambda: 0)
    disk.fill()
    with pytest.raises(StoreAbsentError, match=r"cannot be written \(no_space\): make room on the disk"):
        start_often(store)
    disk.make_room()
    assert past_of(store, HEALED_S).boot
    store.close()


async def comes_back(box: Box) -> None:
    """Look at the journal as the next start does: it ends where the Centre is."""
    past = await box.store_answer(box.store.journal.recover())
    assert past.sequence == box.daemon.hub.centre.state.sequence


@pytest.mark.slow
@pytest_twisted.ensureDeferred
async def test_a_failing_disk(box: Box, disk: SmallDisk) -> None:
    """EIO at each write; then at each fsync, which ends the database process: what was acknowledged is there."""
    talking = await one_talks(box)
    await all_written(box)
    await deferToThread(disk.fail, "write")
    await gives_up(box, "13800138001")
    await box.until(lambda: box.store.health()["journal"] == "failed", HEALED_S)
    assert await health(box) == ("failed", "failed")
    await deferToThread(disk.heal)
    await all_written(box)
    assert await deferToThread(outcomes, box) == [Outcome.ABANDONED]
    await deferToThread(disk.fail, "fsync")
    asked = Deferred.fromCoroutine(gives_up(box, "13800138002"))
    assert await deferToThread(disk.ended) == DISK_FAILED
    await asked
    await box.until(lambda: box.store.health()["journal"] == "waiting", HEALED_S)
    assert talking.doing == "bridged"
    await deferToThread(disk.heal)
    await deferToThread(disk.start)
    await all_written(box)
    assert await deferToThread(outcomes, box) == [Outcome.ABANDONED] * 2
    await comes_back(box)
