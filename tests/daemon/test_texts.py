"""Text messages of a real daemon on a real store, with a modem on a pseudo terminal in a process of its own."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from pytest_twisted import async_yield_fixture, ensureDeferred
from twisted.internet.interfaces import IReactorProcess
from twisted.internet.threads import deferToThread

from appliance import api
from appliance.client import Client
from appliance.core import model
from appliance.sms import Fitness, State
from appliance.store.reader import open_reader
from appliance.store.sms_record import Sms
from tests.daemon.real import Box, the_reactor
from tests.drivers.serial.office import Peers

CUSTOMER = "+8613800138000"
LONG = "您的订单已经发货，请注意查收。" * 8


def codes(reply: api.Reply) -> list[tuple[str, str]]:
    """Give the problems' words and fields."""
    return [(problem.code, problem.field) for problem in reply.problems]


@async_yield_fixture()
async def peers() -> AsyncIterator[tuple[Peers, Path]]:
    """Give the process with the modems, and the folder where they are found."""
    with tempfile.TemporaryDirectory() as folder:
        process = Peers(IReactorProcess(the_reactor()), Path(folder))
        yield process, Path(folder)
        await process.stop()


class Page:
    """Reads the texts as a page does."""

    def __init__(self, box: Box) -> None:
        """Open the store for reading."""
        self._reader = open_reader(box.home / "zeo.sock", media=None)
        box.closing.append(self._reader.close)

    def texts(self) -> tuple[Sms, ...]:
        """Give the newest."""
        return self._reader.texts(0, 100)


async def with_modem(box: Box, peers: Peers, folder: Path) -> None:
    """Set up a modem, and wait until it is ready."""
    peers.order("modem", "make", seed=1)
    await box.until((folder / "modem").is_symlink)
    line = model.SerialLine(slug="modem", place=str((folder / "modem").readlink()))
    put = api.Put(base="", list="lines", value=msgspec.Raw(msgspec.json.encode(line)))
    assert (await box.ask(put)).problems == ()
    await box.until(lambda: [modem.fitness for modem in box.daemon.lines.modems] == [Fitness.READY])


@ensureDeferred
async def test_a_text_goes_out_and_one_comes_in(box: Box, peers: tuple[Peers, Path]) -> None:
    """Asked at the door, kept, sent in parts, delivered; and what comes in is kept, and gone with the person."""
    process, folder = peers
    page = Page(box)
    assert codes(await box.ask(api.SendSms(number=CUSTOMER, text=LONG))) == [("no_modem", "")]
    await with_modem(box, process, folder)
    sue, anna = await box.sign_in("sue"), await box.sign_in("anna")
    assert codes(await box.ask(api.SendSms(number=CUSTOMER, text=LONG), anna)) == [("not_allowed", "")]
    assert codes(await box.ask(api.SendSms(number="the boss", text=LONG), sue)) == [("invalid", "number")]
    assert codes(await box.ask(api.SendSms(number=CUSTOMER, text=""), sue)) == [("empty", "text")]
    assert codes(await box.ask(api.SendSms(number=CUSTOMER, text=LONG * 20), sue)) == [("too_long", "text")]
    assert codes(await box.ask(api.SendSms(number=CUSTOMER, text="x", line="y"), sue)) == [("missing", "line")]
    request = api.SendSms(number="+86 138-0013 8000", text=LONG, token="once")
    assert [(await box.ask(request, sue)).message for _ in range(2)] == [1, 1]
    await box.until(lambda: [text.state for text in page.texts()] == [State.DELIVERED])
    (sent,) = page.texts()
    assert (sent.number, sent.text, sent.by, sent.parts, sent.done, sent.outgoing) == (
        CUSTOMER,
        LONG,
        "sue",
        2,
        2,
        True,
    )
    holding = await process.tell("modem")
    assert "".join(one["text"] for one in holding["aired"]) == LONG
    process.order("modem", "arrive", sender=CUSTOMER, text="谢谢", second=1)
    await box.until(lambda: len(page.texts()) == 2)
    assert (page.texts()[0].number, page.texts()[0].text, page.texts()[0].outgoing) == (CUSTOMER, "谢谢", False)
    assert (await box.ask(api.Erase(party=CUSTOMER))).problems == ()
    assert page.texts() == ()


@ensureDeferred
async def test_health_says_how_the_modem_is(box: Box, peers: tuple[Peers, Path]) -> None:
    """A word for the line, and operator and signal; a line that is taken out of the configuration is closed."""
    process, folder = peers
    await with_modem(box, process, folder)
    health = await deferToThread(Client(box.home / "console.sock").health)
    assert health.parts["line/modem"] == "ok"
    (modem,) = health.modems
    assert (modem.operator, modem.signal_percent) == ("Test, the network", 65)
    assert (await box.ask(api.Drop(base="", list="lines", slug="modem"))).problems == ()
    await box.until(lambda: box.daemon.lines.modems == ())


@ensureDeferred
async def test_a_pin_is_a_secret_of_the_line(box: Box, peers: tuple[Peers, Path]) -> None:
    """Four to eight digits; empty forgets it; a line that is not there has none."""
    process, folder = peers
    await with_modem(box, process, folder)
    for secret, expected in (
        ("1234", []),
        ("", []),
        ("12", [("invalid", "secret")]),
        ("abcd", [("invalid", "secret")]),
    ):
        assert codes(await box.ask(api.SetSecret(of="line/modem", secret=secret))) == expected
    assert codes(await box.ask(api.SetSecret(of="line/other", secret="1234"))) == [("unknown", "of")]
    await box.until(lambda: [modem.fitness for modem in box.daemon.lines.modems] == [Fitness.READY])
