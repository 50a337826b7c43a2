"""The codec, the link and the FastAGI server with a real Asterisk."""

import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

import pytest
import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater

from drivers.asterisk import agi_commands as say
from drivers.asterisk import render
from drivers.asterisk.agi import AgiOptions, AgiServer, Session
from drivers.asterisk.bundle import current_bundle
from drivers.asterisk.codec_ami import Action, Event
from drivers.asterisk.link import Account, Link, LinkOptions
from drivers.asterisk.reconcile import UNSET
from drivers.asterisk.vocabulary import Actions, caller_id
from drivers.pjsip.technology import Pjsip
from tests.contract.box import start
from tests.contract.company import company, equipment
from tests.contract.conftest import the_reactor
from tests.contract.slots import slot

pytestmark = pytest.mark.contract

DEADLINE_S = 30.0
SAY = Actions()
DIALPLAN = """
[trial]
exten => agi,1,Answer()
 same => n,AGI(agi://127.0.0.1:{port}/trial,one,two words)
 same => n,Hangup()
exten => far,1,Answer()
 same => n,Wait(60)
"""
HOSTILE = (
    *["", " ", " x ", ",", ",B=1", '"', '""', '"x', 'x"', "\\", "\\\\", "\\n", "'", "`id`", "$(id)", "${EXTEN}"],
    *["$[1+1]", "x)", "(x", "[x", "x|y", "x&y", "a;b", "a=b", "=", "%0d%0a", "%s%n", "<script>", "' OR 1=1 --"],
    *["=1+1", "@SUM(1)", "退款", "é\u0301", "\u202egnp", "😀", "\t", "\x7f", "\x1b[31m", "\x85", "\u2028", "x" * 900],
    *["-1", "HANGUP", "200 result=1", "x\x0by", "../../etc/passwd", "agi_uniqueid: x", "Event: Hangup"],
)
BLANKS = "".join(map(chr, range(33)))
"What Asterisk takes away in front of an AMI header's value."


@dataclass(kw_only=True)
class Exchange:
    """A real Asterisk, our link to it, and our FastAGI server."""

    reactor: AsyncioSelectorReactor
    site: render.Site
    link: Link
    restart: Callable[[], None]
    kill: Callable[[], None]
    events: list[Event] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    ended: list[Session] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    async def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until it has happened; raises after the deadline."""
        limit = time.monotonic() + DEADLINE_S
        while not happened():
            assert time.monotonic() < limit, f"waited in vain for {what}"
            await deferLater(self.reactor, 0.005)

    async def session(
        self, channel: str, *, caller: str = "", variables: Mapping[str, str | int] | None = None
    ) -> Session:
        """Send a Local channel into FastAGI; give its session."""
        before = len(self.sessions)
        action = SAY.originate(
            "Local/far@trial/n",
            "agi",
            "trial",
            "1",
            caller_id=caller,
            variables=variables,
            channel_id=channel,
            other_channel_id=f"{channel}-2",
        )
        answer = await self.link.act(action)
        assert answer.ok, answer.message
        await self.until(lambda: len(self.sessions) > before, "an AGI session")
        return self.sessions[-1]


@pytest_twisted.async_yield_fixture(scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    """Run a private Asterisk with the product's configuration and a few extensions of our own."""
    reactor = the_reactor()
    folder = tmp_path_factory.mktemp("exchange")
    bundle = current_bundle()
    with slot() as base:
        site = render.Site(
            home=folder / "asterisk",
            run=folder / "run",
            prompts=folder / "prompts",
            recordings=folder / "spool",
            modules=bundle.modules,
            data=bundle.data,
            music=bundle.music,
            base_port=base,
        )
        accounts = render.accounts_of(site)
        files = render.rendered(render.Options(site=site, technologies=(Pjsip(),)), equipment(company()), accounts)
        files["extensions.conf"] += DIALPLAN.format(port=site.agi_port)
        render.write(site, files)
        processes = [start(bundle, site, folder)]
        events: list[Event] = []
        sessions: list[Session] = []
        ended: list[Session] = []
        changes: list[str] = []
        users = {name: Account(user=name, secret=secret) for name, secret in accounts.items()}
        link = Link(
            reactor,
            TCP4ClientEndpoint(reactor, "127.0.0.1", site.ami_port, timeout=2),
            LinkOptions(events=users["events"], calls=users["calls"], care=users["care"], prefix="t-"),
            on_event=events.append,
            on_up=lambda: changes.append("up"),
            on_down=changes.append,
        )
        server = AgiServer(reactor, AgiOptions(port=site.agi_port), on_session=sessions.append, on_end=ended.append)

        def kill() -> None:
            processes[-1].kill()
            processes[-1].wait(10)

        made = Exchange(
            reactor=reactor,
            site=site,
            link=link,
            kill=kill,
            restart=lambda: processes.append(start(bundle, site, folder)),
            events=events,
            sessions=sessions,
            ended=ended,
            changes=changes,
        )
        link.start()
        try:
            await server.start()
            await made.until(lambda: any(event.name == "FullyBooted" for event in events), "Asterisk")
            await made.until(lambda: link.up, "the link")
            yield made
        finally:
            await link.stop()
            server.stop()
            kill()


@pytest_twisted.ensureDeferred
async def test_ten_commands_and_a_hang_up(exchange: Exchange) -> None:
    """Each is answered; what may be said to a dead channel still is."""
    session = await exchange.session("trial-ten", caller=caller_id("Anna", "5550100"))
    environment = session.environment
    assert environment is not None
    assert (environment["agi_uniqueid"], environment["agi_callerid"]) == ("trial-ten", "5550100")
    assert (environment["agi_calleridname"], environment.arguments) == ("Anna", ("one", "two words"))
    replies = [
        await session.command(command)
        for command in (
            say.ANSWER,
            say.NOOP,
            say.set_variable("A", "1"),
            say.get_variable("A"),
            say.get_full_variable("CALLERID(num)"),
            say.stream_file("beep", keys="12"),
            say.get_option("beep", keys="1", timeout_ms=50),
            say.wait_for_digit(timeout_ms=10),
            say.execute("Wait", "0.05"),
            say.music_on_hold("default", seconds=1),
        )
    ]
    assert [(reply.code, reply.ok) for reply in replies] == [(200, True)] * 10
    assert [reply.data for reply in replies[3:5]] == ["1", "5550100"]
    assert (replies[5].endpos or 0) > 0
    assert (await session.command(say.get_variable("UNSET"))).result == "0"
    assert not (await session.command(say.stream_file("no-such-sound"))).ok
    await session.command(say.HANG_UP)
    await exchange.until(lambda: session.hung_up, "HANGUP")
    assert (await session.command(say.stream_file("beep"))).code == 511
    session.close()
    assert session in exchange.ended
    await exchange.until(
        lambda: any(e.name == "Hangup" and e.get("Uniqueid") == "trial-ten" for e in exchange.events), "Hangup"
    )


@pytest_twisted.ensureDeferred
async def test_hostile_values_come_back_as_they_are(exchange: Exchange) -> None:
    """Through AGI and AMI, set and read; none does anything else."""
    variables = {f"H{number}": value for number, value in enumerate(HOSTILE) if len(value) < 900}
    session = await exchange.session("trial-hostile", variables=variables)
    for name, value in variables.items():
        reply = await session.command(say.get_variable(name))
        assert (reply.result, reply.data) == ("1", value), "given with Originate"
    channel = session.environment["agi_channel"] if session.environment else ""
    for value in HOSTILE:
        assert (await session.command(say.set_variable("BACK", value))).ok
        assert (await session.command(say.get_variable("BACK"))).data == value, "by AGI"
        answer = await exchange.link.act(SAY.getvar(channel, "BACK"))
        assert answer.get("Value") == value, "set by AGI, read by AMI"
        assert (await exchange.link.act(SAY.setvar(channel, "BACK", value))).ok
        data = (await session.command(say.get_variable("BACK"))).data
        assert data == value.lstrip(BLANKS), "set by AMI, read by AGI"
    assert (await session.command(say.get_variable("B"))).result == "0", "no value has set another variable"
    assert (await exchange.link.act(SAY.hangup("trial-hostile"))).ok
    session.close()
    assert exchange.changes == ["up"]


@pytest.mark.parametrize("name", [value for value in HOSTILE if 0 < len(value.strip()) < 70 and value.isprintable()])
@pytest_twisted.ensureDeferred
async def test_a_hostile_name_is_a_name(exchange: Exchange, name: str) -> None:
    """What cannot be in a name is a blank; the number stays the number."""
    caller = caller_id(name, "5550100")
    session = await exchange.session(f"trial-name-{HOSTILE.index(name):03}", caller=caller)
    environment = session.environment
    assert environment is not None
    assert environment["agi_callerid"] == "5550100"
    expected = name.translate({ord(character): " " for character in '"<>\\'}).strip()
    assert environment["agi_calleridname"].strip() == expected or not expected
    await session.command(say.HANG_UP)
    session.close()


FORGED = "1%0D%0A%0D%0AEvent%3A%20Hangup%0D%0AUniqueid%3A%20victim%0D%0A"
FORGED_AGI = "1%0Aagi_uniqueid%3A%20victim%0Aagi_arg_9%3A%20x%0A%0A200%20result%3D1%0A"


@pytest_twisted.ensureDeferred
async def test_no_caller_writes_events_or_an_environment_of_his_own(exchange: Exchange) -> None:
    """`%0D%0A` in a SIP address is decoded by Asterisk, and comes to us as lines."""
    del exchange.events[:]
    del exchange.sessions[:]
    users = (FORGED, FORGED + "%0D%0A", FORGED_AGI, "5550100")
    to = ("127.0.0.1", exchange.site.sip_port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        for number, user in enumerate(users):
            sender.sendto(_invite(user, number, to[1], sender.getsockname()[1]), to)
        await exchange.until(lambda: len(exchange.sessions) >= len(users), "four sessions")
    calls = [event for event in exchange.events if event.name == "Newchannel"]
    numbers = sorted(event.get("CallerIDNum") for event in calls)
    assert [number.split()[0] for number in numbers] == ["1", "1", "1", "5550100"]
    assert sum("Event: Hangup  Uniqueid: victim" in number for number in numbers) == 2
    assert not [event for event in exchange.events if "victim" in event.get("Uniqueid")]
    ids = {event.get("Uniqueid") for event in calls}
    environments = [session.environment for session in exchange.sessions if session.environment]
    assert sorted(environment["agi_callerid"] for environment in environments) == ["1", "1", "1", "5550100"]
    assert {environment["agi_uniqueid"] for environment in environments} == ids
    assert {environment.get("agi_arg_9") for environment in environments} == {""}
    for session in exchange.sessions:
        assert (await session.command(say.NOOP)).ok
        await session.command(say.HANG_UP)
        session.close()
    assert exchange.changes == ["up"]


@pytest_twisted.ensureDeferred
async def test_a_dialled_number_does_not_keep_us_from_looking_at_the_channels(exchange: Exchange) -> None:
    """Status tells it, and a line that ends on it would end again at each look; our dialplan keeps its digits alone."""
    del exchange.sessions[:]
    to = ("127.0.0.1", exchange.site.sip_port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        sender.sendto(_invite("5550100", 9, to[1], sender.getsockname()[1], dialled="2001%0D%0A%0D%0AX%3A%20y"), to)
        await exchange.until(lambda: len(exchange.sessions) >= 1, "a session")
    answer = await exchange.link.act(SAY.status(variables="SR_NUMBER,SR_OFFER"))
    (status,) = [event for event in answer.events if event.get("DNID")]
    assert (status.get("DNID"), status.all("Variable")) == ("2001", ("SR_NUMBER=2001", f"SR_OFFER={UNSET}"))
    assert (await exchange.sessions[0].command(say.HANG_UP)).ok
    exchange.sessions[0].close()
    assert exchange.changes == ["up"]


def _invite(user: str, number: int, to: int, port: int, *, dialled: str = "2001") -> bytes:
    body = f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 0\r\n"
    head = (
        f"INVITE sip:{dialled}@127.0.0.1:{to} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{port}{number}\r\n"
        f"From: <sip:{user}@127.0.0.1>;tag={number}\r\nTo: <sip:2001@127.0.0.1>\r\nCall-ID: {port}-{number}\r\n"
        f"CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:x@127.0.0.1:{port}>\r\n"
        f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


@pytest_twisted.ensureDeferred
async def test_a_stranger_at_the_fastagi_port_disturbs_nobody(exchange: Exchange) -> None:
    """Each is dropped; a call beside them goes on."""
    session = await exchange.session("trial-strangers")
    before = len(exchange.sessions)
    strangers = []
    for data in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0" * 20_000,
        b"agi_network: yes\n",
        b"agi_network: yes\n\n200 result=1\n",
    ):
        stranger = socket.create_connection(("127.0.0.1", exchange.site.agi_port))
        stranger.sendall(data)
        stranger.shutdown(socket.SHUT_WR)
        strangers.append(stranger)
    assert (await session.command(say.execute("Wait", "0.2"))).ok
    for stranger in strangers:
        stranger.settimeout(DEADLINE_S)
        with contextlib.suppress(ConnectionResetError):
            assert stranger.recv(100) == b""
        stranger.close()
    assert len(exchange.sessions) == before
    assert (await session.command(say.HANG_UP)).ok
    session.close()


@pytest_twisted.ensureDeferred
async def test_care_is_a_matter_of_its_own(exchange: Exchange) -> None:
    """Lists come whole; Asterisk's own rights are narrow too."""
    answer = await exchange.link.care(SAY.pjsip_show_endpoints())
    assert (answer.ok, len(answer.events) >= 10) == (True, True)
    answer = await exchange.link.act(SAY.core_show_channels())
    assert answer.ok
    assert not (await exchange.link.act(Action(name="Bridge", headers=(("Channel1", "a"), ("Channel2", "b"))))).ok
    assert (await exchange.link.care(SAY.reload("logger"))).ok


@pytest_twisted.ensureDeferred
async def test_the_link_comes_back_when_asterisk_does(exchange: Exchange) -> None:
    """A session that was open is over, and who asks is told."""
    session = await exchange.session("trial-killed")
    exchange.kill()
    await exchange.until(lambda: not exchange.link.up and bool(session.ended), "the end")
    exchange.restart()
    await exchange.until(lambda: exchange.link.up, "the link")
    assert exchange.changes[0] == exchange.changes[-1] == "up"
    assert len(exchange.changes) == 3
    del exchange.events[:]
