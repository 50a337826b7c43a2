"""What others do to the daemon: the store goes away, the sealer dies, prompts cannot be spoken, a driver fails."""

import os
import signal
import time
import wave

import msgspec
import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from appliance import api
from appliance.client import Client
from appliance.core import state as st
from drivers.simulated.line import Line
from tests.contract.company import company
from tests.daemon.real import Box, Zeo, the_reactor

WORDS_S = 20.0


async def health(box: Box) -> dict[str, str]:
    """Ask how it is."""
    return (await deferToThread(Client(box.home / "door.sock").health)).parts


async def store_is(box: Box, state: str) -> None:
    """Wait until pages and `switchroom status` are told this of the store: its threads notice in their own time."""
    deadline = time.monotonic() + WORDS_S
    while (said := (await health(box))["store"]) != state:
        assert time.monotonic() < deadline, said
        await deferLater(the_reactor(), 0.02)


async def waits(box: Box, number: str) -> Line:
    """Let somebody call and choose support."""
    party, view = await box.daemon.parties.party_of(number, "")
    caller = box.exchange.call("2001", party=party, view=view)
    await box.until(lambda: caller.hears.startswith("prompt/en/menu"))
    box.exchange.press(caller, "1")
    return caller


@pytest_twisted.ensureDeferred
async def test_calls_go_on_while_the_database_is_away(box: Box, zeo: Zeo) -> None:
    """The phone rings and both talk; the command that was asked meanwhile is answered when it is back."""
    await box.ask(api.TakeSeat(agent="anna"))
    zeo.stop()
    party, _view = await box.daemon.parties.party_of("13800138000", "Wang")
    assert box.daemon.parties.labels[party] == ("13800138000", "Wang")
    caller = await waits(box, "13800138001")
    await box.until(lambda: "101" in box.ringing)
    box.exchange.pick_up(box.ringing["101"])
    await box.until(lambda: isinstance(box.agent("anna"), st.Talking))
    assert caller.doing == "bridged"
    await store_is(box, "waiting")
    asked = Deferred.fromCoroutine(box.ask(api.TakeSeat(agent="bela")))
    again = Zeo(zeo.folder, zeo.socket)
    zeo.process = again.process
    assert (await asked) == api.Reply()
    await box.until(lambda: box.store.journal.backlog == 0)
    box.daemon.parties.forget(party)
    assert await box.daemon.parties.label(party) == ("13800138000", "Wang"), "a slow disk loses no number"
    await store_is(box, "ok")


@pytest_twisted.ensureDeferred
async def test_a_command_that_the_database_keeps_waiting_is_busy(box: Box, zeo: Zeo) -> None:
    """The page may try again, with the same token."""
    zeo.stop()
    request = api.TakeSeat(agent="anna", token="t")
    reply = await box.ask(request, timeout_s=WORDS_S)
    assert [problem.code for problem in reply.problems] == ["busy"]
    zeo.process = Zeo(zeo.folder, zeo.socket).process
    await box.until(lambda: box.store.journal.backlog == 0)
    assert await box.ask(request) == api.Reply()


@pytest_twisted.ensureDeferred
async def test_a_recording_is_sealed_whatever_becomes_of_the_sealer(box: Box) -> None:
    """It is killed with the work before it, and started again."""
    await box.ask(api.TakeSeat(agent="anna"))
    caller = await waits(box, "13800138000")
    await box.until(lambda: "101" in box.ringing)
    raw = box.home / "spool" / f"{caller.recording}.raw"
    raw.parent.mkdir(exist_ok=True)
    raw.write_bytes(b"\x01\x00\x02\x00" * 8_000)
    box.exchange.pick_up(box.ringing["101"])
    await box.until(lambda: isinstance(box.agent("anna"), st.Talking))
    sealer = box.daemon.recordings.sealer_pid
    assert sealer
    os.kill(sealer, signal.SIGKILL)
    box.exchange.end(caller.leg)
    await box.until(lambda: not raw.exists(), WORDS_S)
    assert box.daemon.recordings.sealed == 1
    assert box.daemon.recordings.waiting == 0
    assert (await health(box))["recordings"] == "ok"


@pytest_twisted.ensureDeferred
async def test_a_recording_of_nothing_is_no_trouble(box: Box) -> None:
    """Nobody was bridged, so there is no file: nothing waits for ever."""
    caller = await waits(box, "13800138000")
    await box.until(lambda: bool(caller.recording))
    box.exchange.end(caller.leg)
    await box.until(lambda: not box.daemon.hub.centre.state.interactions)
    await box.until(lambda: box.daemon.recordings.waiting == 0)


@pytest_twisted.ensureDeferred
async def test_prompts_are_spoken_when_they_are_published(box: Box) -> None:
    """A changed prompt is heard at once; one that cannot be spoken shows in health and stops nothing."""
    with wave.open(str(box.home / "prompts" / "en" / "welcome.wav")) as sound:
        before = sound.getnframes()
    version = box.daemon.hub.centre.state.version
    value = b'{"slug": "welcome", "texts": {"en": "Hi."}}'
    assert not (await box.ask(api.Put(base=version, list="prompts", value=msgspec.Raw(value)))).problems
    with wave.open(str(box.home / "prompts" / "en" / "welcome.wav")) as sound:
        assert sound.getnframes() < before
    folder = box.home / "prompts" / "en"
    folder.rename(folder.with_name("old"))
    folder.write_text("no folder")
    version = box.daemon.hub.centre.state.version
    value = b'{"slug": "welcome", "texts": {"en": "Hi there."}}'
    assert not (await box.ask(api.Put(base=version, list="prompts", value=msgspec.Raw(value)))).problems
    assert (await health(box))["prompts"] == "prompts"


@pytest_twisted.ensureDeferred
async def test_a_driver_that_fails_keeps_no_change_from_holding(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged; the Centre goes by the new version."""

    async def fail(_equipment: api.Equipment) -> None:
        raise RuntimeError

    monkeypatch.setattr(box.exchange, "configure", fail)
    version = box.daemon.hub.centre.state.version
    value = msgspec.json.encode(msgspec.structs.replace(company().queues[0], ring_s=9))
    reply = await box.ask(api.Put(base=version, list="queues", value=msgspec.Raw(value)))
    assert not reply.problems
    assert box.daemon.hub.centre.state.version == reply.version
