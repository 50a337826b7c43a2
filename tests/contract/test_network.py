"""The network as real Asterisk feels it: clean and torn calls, what the other side reports, and who answers probes."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import deferLater
from typing_extensions import override

from appliance import network
from appliance.daemon.network import ROUNDS, Network
from appliance.network import Leg
from drivers.asterisk.quality import GIVE_UP
from drivers.robot.call import Call
from tests.contract.box import Box
from tests.contract.company import equipment
from tests.contract.floor_real import opened
from tests.daemon.real import the_reactor

pytestmark = pytest.mark.contract

FAR_S = 0.03
"How far away the reporting telephone is, there and back."
FRACTION, JITTER = 13, 40
"What it reports: 13 of 256 packets lost, 40 ticks of jitter, which is 5 ms."
REPORTS = 2
LOOK_S, LOOKS = 0.1, 300
_SENDER_REPORT = 200


class Reporter(DatagramProtocol):
    """A telephone's RTCP: hears Asterisk's reports, and answers each with one of its own (RFC 3550 6.4.2)."""

    noisy = False

    def __init__(self, *, answers: bool) -> None:
        """Answer, or only listen."""
        self.enough: Deferred[None] = Deferred()
        self._answers = answers
        self._heard = 0

    @override
    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """Take a report."""
        if len(datagram) < 16 or datagram[1] != _SENDER_REPORT:
            return
        source, seconds, fraction = struct.unpack_from(">III", datagram, 4)
        last = (seconds & 0xFFFF) << 16 | fraction >> 16
        block = struct.pack(">IIIIII", source, FRACTION << 24 | 9, 500, JITTER, last, 0)
        report = struct.pack(">BBHI", 0x81, 201, 7, 4_711) + block
        if self._answers:
            deferLater(the_reactor(), FAR_S, self._send, report, addr)
        self._heard += 1
        if self._heard == REPORTS:
            self.enough.callback(None)

    def _send(self, report: bytes, addr: tuple[str, int]) -> None:
        if self.transport is not None:
            self.transport.write(report, addr)


@asynccontextmanager
async def reporting(call: Call, *, answers: bool = False) -> AsyncIterator[Reporter]:
    """Stand where a robot's RTCP belongs: at the port above that of its audio (RFC 3550 11)."""
    transport = call.stream.transport
    assert transport is not None
    host = transport.getHost()
    reporter = Reporter(answers=answers)
    port = the_reactor().listenUDP(host.port + 1, reporter, host.host)  # type: ignore[attr-defined]  # Reactor has no UDP
    try:
        yield reporter
    finally:
        await port.stopListening()


async def talk(box: Box, one: str, other: str) -> Call:
    """Let a desk phone call another, and give the first one's call once both talk."""
    call = box.phones[one].dial(other)
    (await box.phones[other].next_call(5)).answer()
    await call.answered(5)
    return call


async def until_kept(test: Network, *names: str) -> dict[str, Leg]:
    """Wait until a test is over and these have had a call; gives their last ones."""
    for _ in range(LOOKS):
        standing = test.standing
        if standing.running is None and set(names) <= set(standing.calls):
            return {name: standing.calls[name][0] for name in names}
        await deferLater(the_reactor(), LOOK_S)
    raise AssertionError(f"after {LOOKS * LOOK_S} s: {test.standing}")


@pytest_twisted.ensureDeferred
async def test_calls_and_probes(box: Box, tmp_path: Path) -> None:
    """A clean call, one that loses each tenth packet, one whose telephone reports; one telephone that is switched off.

    The figures are Asterisk's own, at the end of each leg; the probes are told of by it, too.
    """
    async with opened(box) as floor:
        test = Network(the_reactor(), home=tmp_path, exchanges=(floor.running.exchange,))
        await test.configure(equipment(box.configuration))
        await box.phones["110"].unregister()
        box.phones["109"].line.close()
        assert not test.test("ada").problems
        clean, torn, told = [
            await talk(box, one, other) for one, other in (("101", "102"), ("103", "104"), ("105", "106"))
        ]
        torn.stream.loses_every = 10
        async with reporting(clean) as first, reporting(torn) as second, reporting(told, answers=True) as third:
            for reporter in (first, second, third):
                await reporter.enough.addTimeout(20, the_reactor())
            for call in (clean, torn, told):
                await call.hang_up()
        legs = await until_kept(test, "101", "102", "103", "104", "105")
        _look_at_calls(legs)
        (run,) = test.standing.runs
    probed = {each.name: each for each in run.tested}
    assert (run.problem, run.lookups) == ("", ())
    for name in ("carrier", "101", "102"):
        assert (probed[name].sent, probed[name].lost) == (ROUNDS, 0), probed[name]
        assert 0 < (probed[name].median_ms or 0) < 500
        assert network.verdict_on_probed(probed[name]).level != "bad"
    assert (probed["109"].contact, probed["109"].sent, probed["109"].lost) == (True, GIVE_UP, GIVE_UP)
    assert "does not answer" in network.verdict_on_probed(probed["109"]).advice
    assert (probed["110"].contact, probed["110"].sent) == (False, 0)
    assert "Not registered" in network.verdict_on_probed(probed["110"]).advice


def _look_at_calls(legs: dict[str, Leg]) -> None:
    clean, torn, told = legs["101"], legs["103"], legs["105"]
    assert clean.heard is not None
    assert clean.heard.loss_percent == 0
    assert clean.mos >= 4.3
    assert network.verdict_on_leg(clean).level == "good"
    assert (clean.said, clean.round_trip_ms) == (None, None)
    assert torn.heard is not None
    assert torn.heard.loss_percent == pytest.approx(10, abs=1.5)
    assert torn.mos < 2
    assert network.verdict_on_leg(torn).level == "bad"
    assert legs["104"].heard is not None
    assert legs["104"].heard.loss_percent == 0
    assert told.said is not None
    assert told.said.loss_percent == pytest.approx(100 * FRACTION / 256, abs=0.01)
    assert told.said.jitter_ms == JITTER / 8
    assert told.round_trip_ms == pytest.approx(1_000 * FAR_S, abs=25)
    assert told.round_trip_ms is not None
    assert told.round_trip_ms >= 1_000 * FAR_S - 1
