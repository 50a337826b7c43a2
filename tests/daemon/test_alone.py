"""Calls that Asterisk alone knew, because no daemon lived: each has one record, and no number stays in clear."""

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
import pytest_twisted
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from appliance.commands.calls import CallLine
from appliance.core import facts
from appliance.core.facts import Leg
from appliance.store.ledger import Listed
from appliance.store.reader import open_reader
from drivers.asterisk.bundle import current_bundle
from drivers.asterisk.chronicle import FILE, FOLDER
from tests.contract.company import EMERGENCY, OUTSIDE
from tests.contract.conftest import the_reactor
from tests.contract.slots import slot
from tests.daemon.test_crash import STRAIGHT, TRIES, Box, a_box
from tests.drivers.asterisk.test_chronicle import BORN, birth, end

pytestmark = [pytest.mark.contract, pytest.mark.slow]

FALL_BACK_S = 2
"A minute in earnest."
FOREVER_US = 1 << 62
WRITTEN = 400
KILLS = 6
SEED = 5


def asterisk_home(box: Box) -> Path:
    """Say where the box's Asterisk lies."""
    (folder,) = [path.parent.parent for path in box.places.home.rglob("etc/extensions.conf")]
    return folder


def hurry(box: Box) -> None:
    """Let the dialplan fall back soon; the daemon, which would write it anew, is dead."""
    etc = asterisk_home(box) / "etc"
    plan = etc / "extensions.conf"
    text = plan.read_text()
    assert ">= 60]" in text
    plan.write_text(text.replace(">= 60]", f">= {FALL_BACK_S}]"))
    argv = current_bundle().argv("-C", str(etc / "asterisk.conf"), "-rx", "dialplan reload")
    subprocess.run(argv, check=True, capture_output=True, timeout=20)


async def is_journalled(box: Box, kind: type[facts.Observation]) -> None:
    """Wait until such a fact is committed; one that was only seen goes with the daemon that saw it."""
    reader = open_reader(box.places.zeo_socket)
    try:
        for _ in range(TRIES):
            past = await deferToThread(reader.history, 0, FOREVER_US)
            if past is not None and any(isinstance(row.fact, kind) for row in past.rows):
                return
            await deferLater(the_reactor(), 0.05)
    finally:
        reader.close()
    raise AssertionError(f"no {kind.__name__} was committed")


async def filed(box: Box, count: int) -> list[Listed]:
    """Wait for so many records."""
    for _ in range(TRIES):
        if len(await box.records()) >= count:
            break
        await deferLater(the_reactor(), 0.2)
    return await box.records()


async def is_trimmed(box: Box) -> None:
    """Wait until all that was written is imported, and gone."""
    folder = asterisk_home(box) / FOLDER
    for _ in range(TRIES):
        if not list(folder.iterdir()):
            return
        await deferLater(the_reactor(), 0.2)
    raise AssertionError(f"{[path.name for path in folder.iterdir()]} are still there")


def with_number(home: Path, number: str) -> set[str]:
    """Name the files that have a number in them."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return {path.name for path in files if number.encode() in path.read_bytes()}


def said(box: Box) -> list[CallLine]:
    """Ask `switchroom calls`."""
    done = subprocess.run(
        [sys.executable, "-m", "appliance.commands", "calls", "--since", "1h", "--json"],
        env={**os.environ, "SWITCHROOM_HOME": str(box.places.home), "SWITCHROOM_PORT": str(box.places.port)},
        check=True,
        capture_output=True,
        timeout=60,
    )
    return [msgspec.json.decode(line, type=CallLine) for line in done.stdout.splitlines()]


@pytest_twisted.ensureDeferred
async def test_calls_without_a_daemon_have_one_record_each(tmp_path: Path) -> None:
    """One is known and hangs up while nobody lives, one comes and goes, one falls back, one is an emergency."""
    with slot() as base:
        async with a_box(tmp_path, base) as box:
            known = await box.call(STRAIGHT)
            (desk,) = [await box.phones["101"].next_call(10)]
            desk.answer()
            await known.hears_tone(box.phones["101"].options.tone_hz or 0, 5)
            await is_journalled(box, facts.Bridged)
            box.kill_daemon()
            await known.hang_up()
            early = box.carrier.dial(STRAIGHT, caller_number="5550777001", caller_name='Early "Ä", x')
            await deferLater(the_reactor(), 1.0)
            await early.hang_up()
            hurry(box)
            fallen = box.carrier.dial("2001", caller_number="5550777002", caller_name="Fallen")
            picked = await box.phones["102"].next_call(20)
            picked.answer()
            await fallen.answered(10)
            await deferLater(the_reactor(), 1.0)
            await fallen.hang_up()
            urgent = box.phones["103"].dial(EMERGENCY)
            out = await box.carrier.next_call(5)
            out.answer()
            await urgent.answered(5)
            await urgent.hang_up()
            own = box.phones["103"].dial(f"9{OUTSIDE}")
            (await box.carrier.next_call(5)).answer()
            await own.answered(5)
            await own.hang_up()
            await box.start_daemon()
            assert len(await filed(box, 4)) == 4
            await is_trimmed(box)
            lines = {line.caller_number: line for line in said(box)}
            assert {number: (line.alone, line.number, line.outcome, line.cause) for number, line in lines.items()} == {
                "55502001": (False, STRAIGHT, "answered", "caller"),
                "5550777001": (True, STRAIGHT, "failed", "caller"),
                "5550777002": (True, "2001", "self_served", "caller"),
                "103": (True, EMERGENCY, "self_served", "caller"),
            }
            assert lines["5550777001"].caller_name == 'Early "Ä", x'
            assert 0.9 < lines["5550777001"].ended - lines["5550777001"].began < 3
            times = [lines[number].ended for number in ("5550777001", "5550777002", "103")]
            assert times == sorted(times)
            for number in ("5550777001", "5550777002"):
                assert with_number(box.places.home, number) <= {"people.fs", "people.fs.tmp"}
            assert with_number(box.places.home, f"9{OUTSIDE}") == set()
            await _is_explained(box, lines["5550777001"].interaction)


async def _is_explained(box: Box, interaction: str) -> None:
    reader = open_reader(box.places.zeo_socket)
    told = await deferToThread(reader.call, interaction)
    reader.close()
    assert told is not None
    assert [type(row.fact).__name__ for row in told.rows] == ["CallsTold"]
    assert told.cdr.trunk == "carrier"


@pytest_twisted.ensureDeferred
async def test_killed_in_the_middle_of_the_import(tmp_path: Path) -> None:
    """Four hundred calls, and a daemon that is killed again and again while it takes them in: one record each."""
    chance = random.Random(SEED)  # noqa: S311  a seed makes the run repeatable
    with slot() as base:
        async with a_box(tmp_path, base) as box:
            box.kill_daemon()
            folder = asterisk_home(box) / FOLDER
            pieces = [
                piece
                for number in range(WRITTEN)
                for piece in (birth(number), end(number, caller=f"5551{number % 50:04}"))
            ]
            torn = end(WRITTEN)[:-20]
            (folder / f"{FILE}.900").write_bytes(b"".join(pieces[:WRITTEN]) + torn)
            (folder / FILE).write_bytes(b"".join(pieces[WRITTEN:]))
            for _ in range(KILLS):
                await box.start_daemon()
                await deferLater(the_reactor(), chance.uniform(0, 0.15))
                box.kill_daemon()
            await box.start_daemon()
            await is_trimmed(box)
            records = await box.records()
            legs = Counter(listed.cdr.leg for listed in records)
            assert legs == Counter(Leg("main", f"main-{BORN}.{number}") for number in range(WRITTEN))
            assert len({listed.label.number for listed in records}) == 50
            assert {(listed.cdr.alone, listed.cdr.number) for listed in records} == {(True, "2004")}
