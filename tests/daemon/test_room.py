"""How full the disk is: said at 80, 90 and 95 %, recordings halted in time; on a small disk that really fills."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from appliance.client import Client
from appliance.core import facts
from appliance.core.cdr import Unrecorded
from appliance.daemon.disk import RECORDING_BYTES, RESERVE_BYTES_MAX, Disk, Room, is_short, rooms_of, step_of
from drivers.simulated.line import Line
from tests.daemon.real import Box, Zeo
from tests.daemon.test_http import asked
from tests.daemon.world import World
from tests.store.disk import FILES, SIZE_BYTES, SmallDisk

GB = 1 << 30
PAGE = 4_096


def a_room(**other: int) -> Room:
    """Make a file system that is half full."""
    values = {"size_bytes": 100 * GB, "free_bytes": 50 * GB, "files": 1_000, "free_files": 900}
    return Room(folder=Path("/store"), **(values | other))


def test_percent_is_as_df_says_it() -> None:
    """Rounded up; a file system without a limit of files has none that are used."""
    assert (a_room().used, a_room(free_bytes=20 * GB - 1).used, a_room(free_bytes=0).used) == (50, 81, 100)
    assert (a_room().used_files, a_room(free_files=49).used_files, a_room(files=0, free_files=0).used_files) == (
        10,
        96,
        0,
    )
    assert rooms_of((Path("/nowhere/at/all"),)) == ()
    assert len(rooms_of((Path("/tmp"), Path("/tmp")))) == 1  # noqa: S108  any folder twice is one file system


@pytest.mark.parametrize(
    ("used", "before", "step"),
    [
        *((79, 0, 0), (80, 0, 80), (89, 80, 80), (90, 80, 90), (95, 0, 95), (100, 95, 95)),
        *((94, 95, 95), (93, 95, 90), (79, 80, 80), (78, 80, 0), (10, 95, 0)),
    ],
)
def test_a_step_is_left_by_more_than_a_hair(used: int, before: int, step: int) -> None:
    """So that what goes to and fro at a limit is said once."""
    assert step_of(used, before) == step


@pytest.mark.parametrize(
    ("free_bytes", "live", "halted", "short"),
    [
        (RESERVE_BYTES_MAX, 0, False, False),
        (RESERVE_BYTES_MAX - 1, 0, False, True),
        (RESERVE_BYTES_MAX + 10 * RECORDING_BYTES, 10, False, False),
        (RESERVE_BYTES_MAX + 10 * RECORDING_BYTES, 11, False, True),
        (RESERVE_BYTES_MAX, 0, True, True),
        (RESERVE_BYTES_MAX * 5 // 4, 0, True, False),
    ],
)
def test_what_is_kept_from_recordings(free_bytes: int, live: int, *, halted: bool, short: bool) -> None:
    """A gigabyte of a large disk, and what those that have begun may still need; more, until they begin again."""
    assert is_short(a_room(free_bytes=free_bytes), live=live, halted=halted) is short


def test_a_twentieth_of_a_small_disk_is_kept() -> None:
    """Else nothing would ever be recorded there."""
    assert not is_short(a_room(size_bytes=GB, free_bytes=GB // 20), live=0, halted=False)
    assert is_short(a_room(size_bytes=GB, free_bytes=GB // 20 - 1), live=0, halted=False)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Make a disk of eight megabytes, with nothing on it."""
    disk = SmallDisk(tmp_path / "small", tmp_path / "none.sock")
    disk.mount()
    yield disk
    disk.close()


@pytest_twisted.async_yield_fixture()
async def box(zeo: Zeo, disk: SmallDisk, tmp_path: Path) -> AsyncIterator[Box]:
    """Run a daemon that looks at it."""
    assert zeo.process.poll() is None
    box = Box(tmp_path, folders=(disk.inside,))
    await box.daemon.start(box.boot)
    await box.set_up()
    yield box
    await box.stop()


@implementer(ILogObserver)
class Lines:
    """What is said of the disk."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.said: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        """Hear of a line."""
        if event["log_namespace"].endswith("daemon.disk"):
            self.said.append(str(formatEvent(event)))


@pytest.fixture
def said() -> Iterator[list[str]]:
    """Gather what is said of the disk."""
    lines = Lines()
    globalLogPublisher.addObserver(lines)
    yield lines.said
    globalLogPublisher.removeObserver(lines)


async def health(box: Box) -> tuple[str, str]:
    """Look at the disk now, and ask how it and the recordings are."""
    await box.daemon.disk.look()
    parts = (await deferToThread(Client(box.home / "door.sock").health)).parts
    return parts["disk"], parts["recordings"]


async def in_queue(box: Box, number: str) -> Line:
    """Let somebody call and choose support, where calls are recorded."""
    party, view = await box.daemon.parties.party_of(number, "")
    caller = box.exchange.call("2001", party=party, view=view)
    await box.until(lambda: caller.hears.startswith("prompt/en/menu"))
    box.exchange.press(caller, "1")
    await box.until(lambda: caller.hears.startswith("music"))
    return caller


@pytest_twisted.ensureDeferred
async def test_a_disk_that_fills(box: Box, disk: SmallDisk, said: list[str]) -> None:
    """Each step shows and is said once; recordings stop and come back; calls go on all the time."""
    assert await health(box) == ("ok", "ok")
    shown = []
    for percent in (81, 91, 93, 96, 96, 100):
        disk.fill(leave=SIZE_BYTES // PAGE * (100 - percent) // 100 * PAGE)
        shown.append(await health(box))
    assert shown == [
        ("over_80", "ok"),
        ("over_90", "ok"),
        ("over_90", "ok"),
        ("over_95", "halted"),
        ("over_95", "halted"),
        ("over_95", "halted"),
    ]
    assert [line.split(" %")[0][-2:] for line in said if "%" in line] == ["82", "92", "97"], "rounded up"
    assert len([line for line in said if line.startswith("no call begins to be recorded")]) == 1
    assert (await in_queue(box, "13800138001")).recording == ""
    disk.make_room()
    assert await health(box) == ("ok", "ok")
    assert said[-2:] == ["the disk is 0 % full now", "calls are recorded again"]
    assert (await in_queue(box, "13800138002")).recording


@pytest_twisted.ensureDeferred
async def test_a_disk_whose_files_run_out(box: Box, disk: SmallDisk) -> None:
    """Thousands of empty files: the disk has room, and nothing can be made on it any more."""
    for number in range(FILES * 92 // 100):
        (disk.inside / str(number)).touch()
    assert await health(box) == ("files_over_90", "ok")
    session = await box.sign_in("ada")
    _, metrics = await deferToThread(asked, box.home / "door.sock", "GET", "/metrics", X_Switchroom_Session=session)
    assert b'switchroom_disk_used_percent{folder="small",of="files"} 93.0' in metrics.splitlines()


@pytest_twisted.ensureDeferred
async def test_what_is_being_recorded_stops_before_the_journal_starves(box: Box, disk: SmallDisk) -> None:
    """While there is room for no other, those that run go on; they stop where the last twentieth begins."""
    caller = await in_queue(box, "13800138000")
    assert await health(box) == ("ok", "halted"), "it is a small disk"
    assert caller.recording
    disk.fill(leave=SIZE_BYTES // 25)
    await health(box)
    await box.until(lambda: caller.recording == "")
    (interaction,) = box.daemon.hub.centre.state.interactions.values()
    assert interaction.unrecorded is Unrecorded.DISK
    disk.make_room()
    assert await health(box) == ("ok", "ok")
    assert (await in_queue(box, "13800138001")).recording


def test_a_start_remembers_that_recordings_were_halted(tmp_path: Path) -> None:
    """The journal says so; the disk is not asked before calls come back."""
    world = World()
    world.open()
    world.hub.take(facts.RecordingsHalted(halted=True))
    assert Disk(hub=world.hub, folders=(tmp_path,), changed=lambda: None).halted
    assert world.call_support().recording == ""
