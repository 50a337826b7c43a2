"""An Asterisk that the test plays, with our observer and performer in front of it."""

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any  # any: what a coroutine of Twisted yields

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer

from appliance.core import effects
from appliance.core.facts import AnyFact, Leg, PartyView
from drivers.asterisk.agi import AgiOptions, AgiServer, Session
from drivers.asterisk.channels import Channels
from drivers.asterisk.codec_ami import Event
from drivers.asterisk.conf import Site
from drivers.asterisk.observe import Observer
from drivers.asterisk.perform import Performer
from tests.drivers.asterisk import pipes, test_agi
from tests.drivers.asterisk.wire import environment, lines

SITE = Site(
    home=Path("/box/asterisk"),
    run=Path("/box/run"),
    prompts=Path("/box/prompts"),
    recordings=Path("/box/spool"),
    modules=Path("/bundle/modules"),
    data=Path("/bundle/data"),
    music=Path("/bundle/moh"),
    base_port=8_080,
)
CALLER = Leg("main", "main-1.1")
AGENT = Leg("main", "o-000001-00000001")
HOLD = effects.Hold(leg=CALLER, interaction="i-1", queue="support", music="default", place="5,100,1", recording="r-1")
TOLD = [
    "SET VARIABLE SR_INTERACTION i-1",
    "SET VARIABLE SR_QUEUE support",
    "SET VARIABLE SR_PLACE 5,100,1",
    "SET VARIABLE SR_MUSIC default",
    "SET VARIABLE SR_KEYS ",
    "SET VARIABLE SR_SECONDS 10",
]
ASKED = "GET VARIABLE MIXMONITOR_FILENAME"
RECORDED = "EXEC MixMonitor /box/spool/r-1.raw,bD"
HELD = "SET VARIABLE SR_DONE hold"


def event(name: str, **headers: str) -> Event:
    """Give an event."""
    lines_of = (f"{key}: {value}" for key, value in (("Event", name), *headers.items()))
    return Event(name=name, text="\r\n".join(lines_of))


def wait(work: Coroutine[Deferred[Any], Any, object]) -> list[object]:
    """Run a coroutine as far as it comes; give what it returned or raised, if it has."""
    found: list[object] = []
    Deferred.fromCoroutine(work).addCallbacks(found.append, lambda failure: found.append(failure.value))
    return found


class Played:
    """Asterisk's end of both lines, and what we make of it."""

    def __init__(self) -> None:
        """Log in."""
        self.asterisk = pipes.Exchange()
        self.link = pipes.up(self.asterisk, care=True)
        self.clock = self.asterisk.clock
        self.told: list[AnyFact] = []
        self.channels = Channels()
        self.observer = Observer("main", self.channels, self.observed)
        self.performer = Performer(
            self.clock,
            self.link,
            SITE,
            channels=self.channels,
            observer=self.observer,
            parties=self,
            tell=self.observed,
        )
        self._server = AgiServer(
            self.clock, AgiOptions(port=1), on_session=lambda _: None, on_end=self.performer.asks_no_more
        )
        self.number, self.name = "5550100", "Anna"

    async def party_of(self, _number: str, _name: str) -> tuple[str, PartyView]:
        """Know everybody by one name."""
        return "party", PartyView()

    async def label(self, _party: str) -> tuple[str, str]:
        """Give the number and name that the test has set."""
        return self.number, self.name

    def observed(self, fact: AnyFact) -> None:
        """Keep what is told."""
        self.told.append(fact)

    def actions(self) -> list[dict[str, str]]:
        """Give the actions about calls that were asked since the last time, pings answered."""
        return pipes.pong(self.asterisk.pipes[1])

    def answer(self, action: dict[str, str], response: str = "Success") -> None:
        """Answer an action."""
        answer = lines(("Response", response), ("ActionID", action["ActionID"]), ("Message", "so"))
        self.asterisk.pipes[1].protocol.dataReceived(answer)

    def born(self, leg: Leg, name: str, state: str = "4") -> None:
        """Let a channel appear."""
        self.hear("Newchannel", Uniqueid=leg.uniqueid, Channel=name, ChannelState=state)

    def hear(self, name: str, **headers: str) -> None:
        """Let an event come."""
        self.observer.hear(event(name, **headers))

    def asks(self, leg: Leg = CALLER, *, interaction: str = "") -> tuple[Session, test_agi.Pipe]:
        """Let a leg ask, one that has been told of an interaction or of none."""
        told = environment("carrier", "2001", interaction, uniqueid=leg.uniqueid)
        session, pipe = test_agi.connect(self._server, told)
        self.performer.asks(leg.uniqueid, session)
        return session, pipe


def said(pipe: test_agi.Pipe) -> str:
    """Give the AGI command that was written since the last time, its quotes left out."""
    written, pipe.written = pipe.written, b""
    return written.decode().rstrip("\n").replace('"', "")


def go_through(session: Session, pipe: test_agi.Pipe, *replies: str) -> list[str]:
    """Answer one command after another, `result=0` where no more is given; give all that were asked."""
    asked: list[str] = []
    left = list(replies)
    while command := said(pipe):
        asked.append(command)
        session.data_received(f"200 result={left.pop(0) if left else 0}\n".encode())
    return asked


@contextmanager
def logged_errors() -> Iterator[list[str]]:
    """Collect what is logged as an error or a warning."""
    errors: list[str] = []

    @implementer(ILogObserver)
    def look(event: LogEvent) -> None:
        if event.get("log_level") in {LogLevel.error, LogLevel.warn}:
            errors.append(str(event.get("log_format")))

    globalLogPublisher.addObserver(look)
    try:
        yield errors
    finally:
        globalLogPublisher.removeObserver(look)


def a_prompt(**other: object) -> effects.Prompt:
    """Give a prompt for a key."""
    usual: dict[str, object] = {
        "leg": CALLER,
        "prompt": 7,
        "sounds": ("hello", "menu"),
        "language": "zh",
        "keys": "12",
        "wait_ms": 3_000,
    }
    return effects.Prompt(**(usual | other))  # type: ignore[arg-type]  # what differs
