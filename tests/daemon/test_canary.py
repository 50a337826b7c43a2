"""Numbers, names and words stand in the people's storage alone; erased, they stand nowhere."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest_twisted
from twisted.internet.threads import deferToThread
from twisted.logger import globalLogPublisher

from appliance import api
from appliance.core import state as st
from appliance.core.facts import Target
from appliance.daemon.logs import LogFile
from appliance.store.batches import filed
from appliance.store.chunks import press
from appliance.store.reader import Query, open_reader
from drivers.asterisk.chronicle import FILE, FOLDER, Chronicle
from drivers.simulated.line import Line
from tests.daemon.real import Box, Zeo
from tests.drivers.asterisk.test_chronicle import end

NUMBER = "13912345678"
NAME = "Canary Vogel 金丝雀"
NOTE = "she sings 她唱歌 at 0755-8888"
CANARIES = tuple(text.encode() for text in (NUMBER, "Canary", "Vogel", "金丝雀", "she sings", "她唱歌", "0755-8888"))
SEALED_S = 20.0


def found(files: list[Path], canaries: tuple[bytes, ...] = CANARIES) -> dict[str, list[bytes]]:
    """List which canaries sing in which files, by name; UTF-16 and escaped ones too."""
    songs: dict[str, list[bytes]] = {}
    for path in files:
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # packing removes some meanwhile
            continue
        for canary in canaries:
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


def write_log(box: Box) -> None:
    """Let it write its log into its home, as the daemon does."""
    log = LogFile(box.home / "daemon.jsonl")
    globalLogPublisher.addObserver(log)
    box.closing += [lambda: globalLogPublisher.removeObserver(log), log.close]


@pytest_twisted.ensureDeferred
async def test_a_person_stands_in_one_storage_and_erased_in_none(box: Box, zeo: Zeo) -> None:
    """Call, talk, record, note, snapshot, columns, log; then erase, and look at every byte of every file."""
    assert zeo.process.poll() is None
    write_log(box)
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


SENT_TO, REFERRED_TO, CALLED_BACK, ALONE = "075512398701", "02087651234", "13987654321", "13711122233"
"A number that an agent types, one that a phone sends the call to, who is called back, who called without a daemon."
OTHERS = tuple(
    text.encode() for text in (SENT_TO, REFERRED_TO, CALLED_BACK, ALONE, "Meise", "山雀", "Finkenschlag", "Zeisig")
)


@pytest_twisted.async_yield_fixture()
async def writing(zeo: Zeo, tmp_path: Path) -> AsyncIterator[Box]:
    """Run a daemon whose exchange writes down what it alone knows, as Asterisk does."""
    assert zeo.process.poll() is None
    (tmp_path / "asterisk" / FOLDER).mkdir(parents=True)
    box = Box(tmp_path)
    box.exchange.chronicle = Chronicle(tmp_path / "asterisk")
    await box.daemon.start(box.boot)
    await box.set_up()
    yield box
    await box.stop()


async def waits(box: Box, number: str, name: str, dialled: str) -> Line:
    """Let somebody call, and press 1 at the menu, if there is one."""
    party, view = await box.daemon.parties.party_of(number, name)
    caller = box.exchange.call(dialled, party=party, view=view)
    if dialled == "2001":
        await box.until(lambda: caller.hears.startswith("prompt/en/menu"), SEALED_S)
        box.exchange.press(caller, "1")
    await box.until(lambda: caller.doing in {"music", "bridged"}, SEALED_S)
    return caller


async def talks(box: Box, caller: Line) -> str:
    """Let Anna take a call; gives the interaction."""
    await box.until(lambda: "101" in box.ringing and box.ringing["101"].doing == "ringing", SEALED_S)
    box.exchange.pick_up(box.ringing["101"])
    await box.until(lambda: isinstance(box.agent("anna"), st.Talking) and caller.doing == "bridged", SEALED_S)
    talking = box.agent("anna")
    assert isinstance(talking, st.Talking)
    return talking.interaction


async def goes(box: Box, caller: Line) -> None:
    """Let a caller hang up, and Anna be free again."""
    box.exchange.end(caller.leg)
    await box.until(lambda: caller.leg not in box.daemon.hub.centre.state.legs, SEALED_S)
    await box.ask(api.EndWrapUp(agent="anna"))
    await box.until(lambda: isinstance(box.agent("anna"), st.Available), SEALED_S)


async def is_called_back(box: Box) -> None:
    """Let somebody ask for a callback, and be called back."""
    dialled: list[Line] = []
    box.exchange.on_dial = dialled.append
    caller = await waits(box, CALLED_BACK, "Meise 山雀", "2005")
    box.exchange.press(caller, "1")
    await box.until(lambda: caller.doing == "gone", SEALED_S)
    await box.ask(api.TakeSeat(agent="anna"))
    await box.until(lambda: "101" in box.ringing, SEALED_S)
    box.exchange.pick_up(box.ringing["101"])
    await box.until(lambda: bool(dialled), SEALED_S)
    box.exchange.pick_up(dialled[0])
    await box.until(lambda: dialled[0].doing == "prompt", SEALED_S)
    box.exchange.press(dialled[0], "1")
    await box.until(lambda: dialled[0].doing == "bridged", SEALED_S)
    await goes(box, dialled[0])


async def is_sent_on(box: Box) -> None:
    """Let Anna send a caller to a number that she types, and another one to one that her phone names."""
    caller = await waits(box, NUMBER, NAME, "2001")
    call = await talks(box, caller)
    assert await box.ask(api.TransferCall(agent="anna", interaction=call, number=SENT_TO)) == api.Reply()
    await box.until(lambda: caller.hears.startswith("forward/"), SEALED_S)
    await goes(box, caller)
    caller = await waits(box, NUMBER, NAME, "2001")
    await talks(box, caller)
    party, _ = await box.daemon.parties.party_of(REFERRED_TO, "")
    box.exchange.refer(box.ringing["101"], Target(party=party))
    await box.until(lambda: caller.hears.startswith("forward/"), SEALED_S)
    await goes(box, caller)


async def comes_back(box: Box) -> None:
    """Let the exchange die under somebody who waits, and calls again."""
    await box.ask(api.LeaveSeat(agent="anna"))
    await waits(box, NUMBER, NAME, "2001")
    box.exchange.crash()
    box.exchange.found(restarted=True)
    await box.until(lambda: bool(box.daemon.hub.centre.state.returns), SEALED_S)
    caller = await waits(box, NUMBER, NAME, "2001")
    box.exchange.end(caller.leg)
    await box.until(lambda: caller.leg not in box.daemon.hub.centre.state.legs, SEALED_S)


async def is_told(box: Box) -> None:
    """Let the exchange tell of a call that nobody else saw."""
    folder = box.home / "asterisk" / FOLDER
    (folder / FILE).write_bytes(end(1, caller=ALONE, name="Finkenschlag"))
    assert found(files_of(box.home), OTHERS)[FILE] == [ALONE.encode(), b"Finkenschlag"]
    await box.until(lambda: not list(folder.iterdir()), SEALED_S)


def columns_of(home: Path) -> bytes:
    """Put every call of the box into columns."""
    reader = open_reader(home / "zeo.sock")
    told = [reader.call(listed.cdr.interaction) for listed in reader.calls(Query(size=100)).calls]
    reader.close()
    calls = [call for one in told if one is not None for call in filed(one.rows)]
    assert len(calls) >= CALLS
    pressed = press(calls, [0] * len(calls))
    return pressed.ready + pressed.who + pressed.rest


CALLS = 6
"Called back, sent on twice, cut off, come back, told by the exchange alone."


@pytest_twisted.ensureDeferred
async def test_whoever_else_has_to_do_with_a_call(writing: Box) -> None:
    """Sent on, called back, cut off and back, known to the exchange alone, an employee; then all but her are erased."""
    box = writing
    write_log(box)
    await is_called_back(box)
    await is_sent_on(box)
    await comes_back(box)
    await is_told(box)
    person = api.Person(slug="zoe", name="Zeisig", role="supervisor")
    assert not (await box.ask(api.PutPerson(person=person))).problems
    await box.store_answer(box.daemon._snapshot())  # noqa: SLF001  it is due after 5,000 facts
    (box.home / "columns").write_bytes(await deferToThread(columns_of, box.home))
    everyone = found(files_of(box.home), CANARIES[:4] + OTHERS)
    assert set(everyone) <= {"people.fs", "people.fs.tmp"}, "elsewhere an opaque id stands for the person"
    assert set(everyone["people.fs"]) == {*CANARIES[:4], *OTHERS}
    for number in (NUMBER, SENT_TO, REFERRED_TO, CALLED_BACK, ALONE):
        assert await box.ask(api.Erase(party=number)) == api.Reply()
    await box.until(lambda: not found(files_of(box.home), CANARIES[:4] + OTHERS[:-1]), SEALED_S)
