"""A recording outlives everything: a sealer killed at each of its steps, a daemon killed between them, an erasure."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from appliance import api
from appliance.core import state as st
from appliance.daemon import recordings as recordings_module
from appliance.store.reader import Playable, open_reader
from appliance.store.seal import Sealed, obey
from drivers.simulated.line import Line
from tests.daemon.real import Box, Zeo

SECONDS = 40
"Longer than what the sealer writes at once."
TONE = np.sin(np.arange(8_000 * SECONDS) / 7).repeat(2) * 8_000
SOUND = TONE.astype("<i2").tobytes()
DEADLINE_S = 180.0
STEPS = frozenset(
    {
        "open.raw 1",
        "fcntl.fcntl 1",
        "os.mkdir 1",
        "open.part 1",
        "os.rename.part 1",
        *(f"{when} fsync {number}" for when in ("before", "after") for number in range(1, 6)),
        *(f"{when} {what} 1" for when in ("before", "after") for what in ("seal", "Sealed", "Unlinked")),
        "os.remove.raw 1",
    }
)
"What has to have been somebody's last step: see the list in `appliance/store/seal.py`."


async def talk(box: Box) -> tuple[Line, Path]:
    """Let a caller and Anna talk; gives the caller and the raw file that the exchange writes."""
    await box.ask(api.TakeSeat(agent="anna"))
    party, view = await box.daemon.parties.party_of("5550123", "Cara")
    caller = box.exchange.call("2001", party=party, view=view)
    await box.until(lambda: caller.hears.startswith("prompt/en/menu"))
    box.exchange.press(caller, "1")
    await box.until(lambda: "101" in box.ringing)
    raw = box.home / "spool" / f"{caller.recording}.raw"
    raw.parent.mkdir(exist_ok=True)
    raw.write_bytes(SOUND)
    box.exchange.pick_up(box.ringing["101"])
    await box.until(lambda: isinstance(box.agent("anna"), st.Talking))
    return caller, raw


async def goes(box: Box, raw: Path) -> None:
    """Wait until a raw file is removed."""
    await box.until(lambda: not raw.exists(), DEADLINE_S)


def files_of(folder: Path) -> list[Path]:
    """List the files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def check(box: Box, recording: str) -> None:
    """Find the recording once, sealed; play all of it, and from anywhere; find nothing in clear."""
    reader = open_reader(box.home / "zeo.sock", media=box.home / "media")
    try:
        playable = reader.recording(recording)
        assert isinstance(playable, Playable)
        assert playable.seconds == SECONDS
        assert b"".join(playable.read(0, playable.size))[44:] == SOUND
        for start, stop in ((44, 45), (1_000_001, 1_000_777), (playable.size - 5, playable.size)):
            assert b"".join(playable.read(start, stop)) == SOUND[start - 44 : stop - 44]
    finally:
        reader.close()
    assert files_of(box.home / "spool") == []
    (sealed,) = files_of(box.home / "media")
    assert sealed.suffix == ""
    assert SOUND[:64] not in sealed.read_bytes()


@pytest.mark.slow
@pytest_twisted.ensureDeferred
async def test_killed_at_each_step(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sealer after the other dies a step later than the one before; the last one is done, and nothing is lost."""
    monkeypatch.setattr(recordings_module, "RESTART_S", 0.01)
    deaths = box.home / "deaths"
    deaths.touch()
    places = ["--spool", str(box.home / "spool"), "--media", str(box.home / "media")]
    recordings = box.daemon.recordings
    monkeypatch.setattr(recordings, "_argv", [sys.executable, "-m", "tests.daemon.mortal", str(deaths), *places])
    caller, raw = await talk(box)
    first = recordings.sealer_pid
    os.kill(first, signal.SIGKILL)
    await box.until(lambda: recordings.sealer_pid not in {0, first})
    box.exchange.end(caller.leg)
    await box.until(lambda: recordings.waiting == 0 and not raw.exists(), DEADLINE_S)
    await box.until(lambda: "after Unlinked 1" in deaths.read_text(), DEADLINE_S)
    died = set(deaths.read_text().splitlines())
    assert died >= STEPS, sorted(STEPS - died)
    await deferToThread(check, box, caller.recording)


@pytest_twisted.ensureDeferred
async def test_daemon_killed_between_the_steps(zeo: Zeo, tmp_path: Path) -> None:
    """Sealed and not on record, or on record and still raw: the next daemon comes to the same end."""
    assert zeo.process.poll() is None
    spool, media = tmp_path / "spool", tmp_path / "media"
    for number, on_record in enumerate((False, True)):
        box = Box(tmp_path)
        recording = f"000001-{number:08d}"
        spool.mkdir(exist_ok=True)
        (spool / f"{recording}.raw").write_bytes(SOUND)
        order = await box.store_answer(box.store.people.seal_order(recording, 1, interaction="1-1", party="p"))
        assert order is not None
        sealed = await deferToThread(obey, order, spool, media)
        assert isinstance(sealed, Sealed)
        if on_record:
            await box.store_answer(box.store.people.sealed(sealed, 1))
        await box.daemon.start(box.boot)
        await goes(box, spool / f"{recording}.raw")
        await deferToThread(check, box, recording)
        (media / order.file).unlink()
        await box.stop()


@pytest_twisted.ensureDeferred
async def test_erased_while_it_is_live(box: Box) -> None:
    """The raw file goes when the call ends, and no sealed one is made; nor by the next daemon from what comes back."""
    caller, raw = await talk(box)
    assert not (await box.ask(api.Erase(party="5550123"))).problems
    assert raw.exists(), "the exchange still writes it"
    box.exchange.end(caller.leg)
    await goes(box, raw)
    assert files_of(box.home / "media") == []
    assert box.daemon.recordings.sealed == 0
    raw.write_bytes(SOUND)
    box.daemon.recordings.start()
    await goes(box, raw)
    assert files_of(box.home / "media") == []


@pytest_twisted.ensureDeferred
async def test_erased_while_it_is_sealed(box: Box) -> None:
    """A file that is made after its key was dropped is removed, too."""
    people, media = box.store.people, box.home / "media"
    known = await box.store_answer(people.party_of("5550123", "", 1))
    order = await box.store_answer(people.seal_order("1-2", 1, interaction="1-1", party=known.party))
    assert order is not None
    raw = box.home / "spool" / "1-2.raw"
    raw.parent.mkdir(exist_ok=True)
    raw.write_bytes(SOUND)
    assert not (await box.ask(api.Erase(party="5550123"))).problems
    sealed = await deferToThread(obey, order, raw.parent, media)
    assert isinstance(sealed, Sealed)
    assert len(files_of(media)) == 1
    await box.store_answer(people.sealed(sealed, 1))
    await box.until(lambda: files_of(media) == [], DEADLINE_S)
