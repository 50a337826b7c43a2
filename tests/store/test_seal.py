"""The sealer: a process that makes raw recordings safe, and says so only when they are."""

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.store import seal as seal_module
from appliance.store.opened import Store
from appliance.store.orders import decode_order
from appliance.store.reader import Reader
from appliance.store.seal import (
    Sealed,
    SealFailed,
    SealOrder,
    Unlink,
    Unlinked,
    decode_answer,
    encode_line,
    leftovers,
    obey,
)
from appliance.store.vault import RATE, SealedRecording
from tests.store.stand import BEGIN, DEADLINE_S

WAIT_S = 60
KEY = bytes(32)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Make a spool with two seconds of recording `r1`."""
    folder = tmp_path / "spool"
    folder.mkdir()
    (folder / "r1.raw").write_bytes(np.full((2 * RATE, 2), 1000, "<i2").tobytes())
    return folder


@pytest.fixture
def sealer(spool: Path, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a sealer."""
    places = ["--spool", str(spool), "--media", str(tmp_path / "media")]
    with subprocess.Popen(
        [sys.executable, "-m", "appliance.store.seal", *places], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 0


def _ask(sealer: "subprocess.Popen[bytes]", order: SealOrder | Unlink) -> Sealed | SealFailed | Unlinked:
    assert sealer.stdin is not None
    assert sealer.stdout is not None
    sealer.stdin.write(encode_line(order))
    sealer.stdin.flush()
    return decode_answer(sealer.stdout.readline())


def test_recording_goes_from_the_spool_to_the_page(
    sealer: "subprocess.Popen[bytes]", store: Store, reader: Reader, spool: Path, tmp_path: Path
) -> None:
    """Seal a recording by the store's own order, put it on record, let the raw go, play it."""
    people = store.people
    order = people.begin_recording("r1", exchange="box", interaction="1-1", party="p", now_us=BEGIN).result(WAIT_S)
    assert order is not None
    assert reader.recording("r1") is None, "it is not sealed yet"
    outcome = _ask(sealer, order)
    assert outcome == Sealed(recording="r1", file=order.file, samples=2 * RATE)
    assert isinstance(outcome, Sealed)
    assert (spool / "r1.raw").exists(), "it goes only on a second order"
    people.sealed(outcome, BEGIN).result(WAIT_S)
    assert _ask(sealer, Unlink(recording="r1")) == Unlinked(recording="r1")
    assert not (spool / "r1.raw").exists()
    playable = reader.recording("r1")
    assert playable is not None
    assert (playable.seconds, playable.size) == (2.0, 44 + 2 * RATE * 4)
    assert len(b"".join(playable.read(100, 300))) == 200
    assert len(playable.peaks(4)) == 4
    file = tmp_path / "media" / order.file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"damaged")
    assert reader.recording("r1") is None
    file.unlink()
    assert reader.recording("r1") is None
    assert reader.recording("unknown") is None


def test_order_that_is_none_is_passed_over(sealer: "subprocess.Popen[bytes]") -> None:
    """Go on after a line that is no order."""
    assert sealer.stdin is not None
    sealer.stdin.write(b"nonsense\n{}\n")
    assert _ask(sealer, Unlink(recording="nothing")) == Unlinked(recording="nothing")


def test_killed_while_sealing_leaves_the_raw_and_can_seal_again(spool: Path, tmp_path: Path) -> None:
    """Leave the raw file and nothing half done in its place, wherever the sealer dies."""
    media = tmp_path / "media"
    order = SealOrder(recording="r1", file="box/2026/11/x", key=KEY)
    for point in ("fsync", "rename"):
        program = KILLED.format(point=point)
        argv = [sys.executable, "-c", program, "--spool", str(spool), "--media", str(media)]
        done = subprocess.run(argv, input=encode_line(order), check=False, capture_output=True, timeout=DEADLINE_S)
        assert (done.returncode, done.stdout) == (9, b"")
        assert (spool / "r1.raw").exists()
        assert not (media / order.file).exists()
    assert leftovers(spool, []) == ("r1",)
    assert isinstance(obey(order, spool, media), Sealed)
    assert SealedRecording(media / order.file, KEY).samples == 2 * RATE
    assert isinstance(obey(order, spool, media), Sealed), "a crash after the renaming seals again"
    assert [path.name for path in (media / "box/2026/11").iterdir()] == ["x"]


KILLED = """
import os, pathlib, sys
from appliance.store import seal
def die(*args):
    os._exit(9)
if "{point}" == "fsync":
    os.fsync = die
else:
    pathlib.Path.rename = die
sys.exit(seal.main())
"""


@pytest.mark.parametrize(
    ("content", "file", "why"),
    [
        (None, "a/b", "absent"),
        (b"", "a/b", "empty"),
        (b"\0" * 8, "../../outside", "failed"),
        (b"\0" * 8, "/etc/outside", "failed"),
    ],
)
def test_what_cannot_be_sealed_is_said(tmp_path: Path, content: bytes | None, file: str, why: str) -> None:
    """Say why a recording cannot be sealed; leave the raw as it is."""
    spool = tmp_path / "spool"
    spool.mkdir()
    if content is not None:
        (spool / "r1.raw").write_bytes(content)
    answer = obey(SealOrder(recording="r1", file=file, key=KEY), spool, tmp_path / "media")
    assert answer == SealFailed(recording="r1", why=why)
    assert (spool / "r1.raw").exists() == (content is not None)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(("number", "why"), [(errno.ENOSPC, "no_space"), (errno.EIO, "failed")])
def test_full_or_failing_disk_is_said(
    spool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    """Tell a full disk from a failing one."""

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    order = SealOrder(recording="r1", file="a/b", key=KEY)
    assert obey(order, spool, tmp_path / "media") == SealFailed(recording="r1", why=why)


def test_recording_that_is_still_written_is_waited_for(spool: Path, tmp_path: Path) -> None:
    """Seal what the exchange writes until it lets go of the file."""
    raw = (spool / "r1.raw").open("ab")

    def finish() -> None:
        raw.write(bytes(4 * RATE))
        raw.close()

    later = threading.Timer(0.3, finish)
    later.start()
    answer = obey(SealOrder(recording="r1", file="a/b", key=KEY), spool, tmp_path / "media")
    later.join()
    assert answer == Sealed(recording="r1", file="a/b", samples=3 * RATE)


def test_exchange_that_never_lets_go_is_not_waited_for_long(
    spool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seal what is there when the exchange keeps the file open."""
    monkeypatch.setattr(seal_module, "WRITER_S_MAX", 0.1)
    with (spool / "r1.raw").open("ab"):
        answer = obey(SealOrder(recording="r1", file="a/b", key=KEY), spool, tmp_path / "media")
    assert isinstance(answer, Sealed)


def test_left_overs_are_those_that_no_live_call_writes(spool: Path) -> None:
    """List raw recordings, without those of live calls and other files."""
    (spool / "r2.raw").touch()
    (spool / "note.txt").touch()
    assert leftovers(spool, {"r2"}) == ("r1",)
    assert leftovers(spool / "absent", ()) == ()


def test_words_come_back_as_they_went() -> None:
    """Read every word back from its line."""
    for order in (SealOrder(recording="r", file="f", key=KEY), Unlink(recording="r")):
        assert decode_order(encode_line(order)) == order
    for answer in (
        Sealed(recording="r", file="f", samples=1),
        SealFailed(recording="r", why="empty"),
        Unlinked(recording="r"),
    ):
        assert decode_answer(encode_line(answer)) == answer
