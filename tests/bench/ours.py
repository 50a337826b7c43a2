"""Our side: the FastAGI server and the link as the daemon uses them, with a fixed script in place of the Centre."""

import uvloop
from twisted.internet import asyncioreactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory

from drivers.asterisk import agi_commands as say
from drivers.asterisk.agi import AgiOptions, AgiServer, Session
from drivers.asterisk.codec_agi import Reply
from drivers.asterisk.codec_ami import Event
from drivers.asterisk.link import Account, Link, LinkOptions
from tests.bench.side import CHANNEL, GREETED, NAME, NUMBER, STATE, UNIQUEID, WANTED, Count, check


class Script:
    """One call: each command is made anew, and each reply is looked at."""

    __slots__ = ("_ask", "_session")

    def __init__(self, session: Session) -> None:
        """Say the first command."""
        self._session = session
        self._ask = session.ask
        self._ask(say.ANSWER, self._answered)

    def _answered(self, reply: Reply) -> None:
        check(reply.ok)
        self._ask(say.set_variable("NAME", NAME), self._named)

    def _named(self, reply: Reply) -> None:
        check(reply.ok)
        self._ask(say.get_variable("NAME"), self._told)

    def _told(self, reply: Reply) -> None:
        check(reply.ok and reply.data == NAME)
        self._ask(say.stream_file("welcome", keys="12"), self._greeted)

    def _greeted(self, reply: Reply) -> None:
        check(reply.ok and reply.endpos == GREETED)
        self._ask(say.get_option("menu", keys="123", timeout_ms=5_000), self._chosen)

    def _chosen(self, reply: Reply) -> None:
        check(reply.ok and reply.digit == "2")
        self._ask(say.wait_for_digit(timeout_ms=3_000), self._pressed)

    def _pressed(self, reply: Reply) -> None:
        check(reply.ok and reply.digit == "#")
        self._ask(say.say_digits("12"), self._said)

    def _said(self, reply: Reply) -> None:
        check(reply.ok)
        self._ask(say.execute("Wait", "0.1"), self._waited)

    def _waited(self, reply: Reply) -> None:
        check(reply.ok)
        self._ask(say.set_variable("DONE", "1"), self._marked)

    def _marked(self, reply: Reply) -> None:
        check(reply.ok)
        self._ask(say.NOOP, self._done)

    def _done(self, reply: Reply) -> None:
        check(reply.ok)
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
