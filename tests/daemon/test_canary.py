"""A caller's number, name and words stand in the people's storage alone; erased, they stand nowhere."""

from pathlib import Path

import numpy as np
import pytest_twisted
from twisted.internet.threads import deferToThread
from twisted.logger import globalLogPublisher

from appliance import api
from appliance.core import state as st
from appliance.daemon.logs import LogFile
from appliance.store.batches import filed
from appliance.store.chunks import press
from appliance.store.reader import open_reader
from tests.daemon.real import Box, Zeo

NUMBER = "13912345678"
NAME = "Canary Vogel 金丝雀"
NOTE = "she sings 她唱歌 at 0755-8888"
CANARIES = tuple(text.encode() for text in (NUMBER, "Canary", "Vogel", "金丝雀", "she sings", "她唱歌", "0755-8888"))
SEALED_S = 20.0


def found(files: list[Path]) -> dict[str, list[bytes]]:
    """List which canaries sing in which files, by name; UTF-16 and escaped ones too."""
    songs: dict[str, list[bytes]] = {}
    for path in files:
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # packing removes some meanwhile
            continue
        for canary in CANARIES:
            text = canary.decode()
            forms = (
                canary,
                text.encode("utf-16-le"),
                text.encode("unicode_escape"),
                text.encode("ascii", "xmlcharrefreplace"),
            )
            if any(form in data for form in forms):
                songs.setdefault(path.name, []).append(canary)
    return songs


def files_of(home: Path) -> list[Path]:
    """List every file of the box."""
    return [path for path in home.rglob("*") if path.is_file()]


@pytest_twisted.ensureDeferred
async def test_a_person_stands_in_one_storage_and_erased_in_none(box: Box, zeo: Zeo) -> None:
    """Call, talk, record, note, snapshot, columns, log; then erase, and look at every byte of every file."""
    assert zeo.process.poll() is None
    log = LogFile(box.home / "daemon.jsonl")
    globalLogPublisher.addObserver(log)
    box.closing += [lambda: globalLogPublisher.removeObserver(log), log.close]
    await box.ask(api.TakeSeat(agent="anna"))
    party, view = await box.daemon.parties.party_of(NUMBER, NAME)
    caller = box.exchange.call("2001", party=party, view=view)
    await box.until(lambda: caller.hears.startswith("prompt/en/menu"))
    box.exchange.press(caller, "1")
    await box.until(lambda: "101" in box.ringing)
    raw = box.home / "spool" / f"{caller.recording}.raw"
    raw.parent.mkdir(exist_ok=True)
    sound = np.sin(np.arange(8_000 * 12) / 7).repeat(2) * 8_000
    raw.write_bytes(sound.astype("<i2").tobytes())
    box.exchange.pick_up(box.ringing["101"])
    await box.until(lambda: isinstance(box.agent("anna"), st.Talking))
    talking = box.agent("anna")
    assert isinstance(talking, st.Talking)
    note = api.Conclude(agent="anna", interaction=talking.interaction, note=NOTE)
    session = await box.sign_in("anna")
    assert not (await box.ask(note, session=session)).problems
    box.exchange.end(caller.leg)
    await box.until(lambda: not raw.exists(), SEALED_S)
    await box.store_answer(box.daemon._snapshot())  # noqa: SLF001  it is due after 5,000 facts
    with_person = found(files_of(box.home))
    assert set(with_person) <= {"people.fs", "people.fs.tmp"}, "elsewhere an opaque id stands for the person"
    assert set(with_person["people.fs"]) == set(CANARIES)

    reader = open_reader(box.home / "zeo.sock", media=box.home / "media")
    rows = await deferToThread(lambda: reader.call(talking.interaction))
    assert rows is not None
    pressed = press(filed(rows.rows), [0])
    (box.home / "columns").write_bytes(pressed.ready + pressed.who + pressed.rest)
    (media,) = [path for path in (box.home / "media").rglob("*") if path.is_file()]
    assert not (await box.ask(api.Erase(party=NUMBER))).problems
    assert [problem.code for problem in (await box.ask(api.Erase(party=NUMBER))).problems] == ["unknown"]
    await box.until(lambda: not found(files_of(box.home)), SEALED_S)
    assert not media.exists(), "the recording's file goes with its key"
    told = await deferToThread(lambda: reader.call(talking.interaction))
    assert told is not None
    assert (told.label.number, told.label.name, told.notes, told.recording) == ("", "", (), None)
    assert (told.cdr.party, told.cdr.talk_us > 0) == (party, True), "the facts stay"
    reader.close()
