"""Our side: the FastAGI server and the link as the daemon uses them, with a fixed script in place of the Centre."""

from collections.abc import Callable

import uvloop
from twisted.internet import asyncioreactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory

from drivers.asterisk import agi_commands as say
from drivers.asterisk.agi import AgiOptions, AgiServer, Session
from drivers.asterisk.agi_commands import Command
from drivers.asterisk.codec_agi import Reply
from drivers.asterisk.codec_ami import Event
from drivers.asterisk.link import Account, Link, LinkOptions
from tests.bench.side import CHANNEL, GREETED, NAME, NUMBER, STATE, UNIQUEID, WANTED, Count, check

STEPS: tuple[tuple[Callable[[], Command], Callable[[Reply], bool]], ...] = (
    (lambda: say.ANSWER, lambda reply: reply.ok),
    (lambda: say.set_variable("NAME", NAME), lambda reply: reply.ok),
    (lambda: say.get_variable("NAME"), lambda reply: reply.data == NAME),
    (lambda: say.stream_file("welcome", keys="12"), lambda reply: reply.endpos == GREETED),
    (lambda: say.get_option("menu", keys="123", timeout_ms=5_000), lambda reply: reply.digit == "2"),
    (lambda: say.wait_for_digit(timeout_ms=3_000), lambda reply: reply.digit == "#"),
    (lambda: say.say_digits("12"), lambda reply: reply.ok),
    (lambda: say.execute("Wait", "0.1"), lambda reply: reply.ok),
    (lambda: say.set_variable("DONE", "1"), lambda reply: reply.ok),
    (lambda: say.NOOP, lambda reply: reply.ok),
)
"Each command, made anew for each call, and what its reply has to be."


class Script:
    """One call."""

    __slots__ = ("_session", "_step")

    def __init__(self, session: Session) -> None:
        """Say the first command."""
        self._session = session
        self._step = 0
        session.ask(STEPS[0][0](), self._next)

    def _next(self, reply: Reply) -> None:
        check(STEPS[self._step][1](reply))
        self._step += 1
        if self._step < len(STEPS):
            self._session.ask(STEPS[self._step][0](), self._next)
        else:
            self._session.close()


def _begin(session: Session) -> None:
    Script(session)


def fastagi(port: int) -> None:
    """Serve until we are killed."""
    asyncioreactor.install(uvloop.new_event_loop())  # type: ignore[no-untyped-call]  # Twisted's
    from twisted.internet import reactor  # noqa: PLC0415  it is installed above

    server = AgiServer(reactor, AgiOptions(port=port), on_session=_begin, on_end=lambda _: None)
    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(server.start()))
    reactor.run()


def ami(port: int, *, subscribed: bool) -> Count:
    """Take in the stream, and give what was seen."""
    asyncioreactor.install(uvloop.new_event_loop())  # type: ignore[no-untyped-call]  # Twisted's
    from twisted.internet import reactor  # noqa: PLC0415  it is installed above

    Factory.noisy = False
    count = Count()

    def hear(event: Event) -> None:
        if event.name == "BenchEnd":
            count.end()
            reactor.stop()
        else:
            get = event.get
            count.add(event.name, get(CHANNEL), get(STATE), get(NUMBER), get(UNIQUEID))

    account = Account(user="bench", secret="bench")
    options = LinkOptions(events=account, calls=account, wanted=(*WANTED, "BenchEnd") if subscribed else None)
    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    link = Link(reactor, endpoint, options, on_event=hear, on_up=lambda: None, on_down=lambda _: None)
    reactor.callWhenRunning(link.start)
    count.begin()
    reactor.run()
    return count
