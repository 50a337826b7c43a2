"""The AMI side of one Asterisk: a connection for events, one for actions, and one for care if there is such an account.

Each connection is a `Line`: connect, greeting, MD5 log-in, then a ping every second. A ping that is not answered in
three seconds is a dead line even if TCP thinks otherwise: Asterisk drops the events of a slow reader without a word.
A line that ends for whatever reason connects again with a growing pause.

The link is up while the lines of events and actions both are. Every `on_up` means that events may have been missed:
look at the living channels. Order comes from the event line alone; an answer means accepted or refused, never state.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import NoReturn

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime, IStreamClientEndpoint, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from drivers.asterisk.codec import LocalProtocolError, RemoteProtocolError
from drivers.asterisk.codec_ami import Action, AmiConnection, Answer, Event, Greeting
from drivers.asterisk.vocabulary import Right, allowed

PING_S = 1.0
PING_DEADLINE_S = 3.0
ACTION_DEADLINE_S = 3.0
LOGIN_DEADLINE_S = 3.0
PAUSE_S_MIN = 0.1
PAUSE_S_MAX = 2.0
STEADY_S = 5.0
"A line that lived so long begins again with the shortest pause."

log = Logger()


class LinkError(Exception):
    """The exchange cannot be asked, or has not answered."""


class LinkDownError(LinkError):
    """There is no line to Asterisk, or it ended before the answer; whether the action was done is not known."""


class NoAnswerError(LinkError):
    """Asterisk has not answered in time; whether the action was done is not known."""


class RefusedError(LinkError):
    """Asterisk has refused to let us in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of manager.conf."""

    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOptions:
    """Who we are at an Asterisk, and what of it we want to hear."""

    events: Account
    calls: Account
    care: Account | None = None
    prefix: str = ""
    "Stands before every ActionID that we make, such as the boot number."
    wanted: Collection[str] | None = None
    "The names of the events to hand on, all if None."


class Wire(Protocol):
    """One connection while it lives."""

    def __init__(self, clock: IReactorTime, codec: AmiConnection, on_event: Callable[[Event], None]) -> None:
        """Begin before the connection is made."""
        self._clock = clock
        self._codec = codec
        self._on_event = on_event
        self._answers: dict[str, Deferred[Answer]] = {}
        self._pings: deque[float] = deque()
        self._tick: IDelayedCall | None = None
        self._ending: LinkDownError | None = None
        self._pipe: ITCPTransport | None = None
        self.greeting: Deferred[Greeting] = Deferred()
        self.ended: Deferred[str] = Deferred()
        "Fires once, with the reason."

    def ask(self, action: Action, *, action_id: str | None, deadline_s: float) -> Deferred[Answer]:
        """Send an action and give its answer."""
        if self._ending is not None:
            raise LinkDownError("the connection to Asterisk is over")
        action_id, data = self._codec.send(action, action_id=action_id)
        answer: Deferred[Answer] = Deferred(lambda _: self._forget(action_id))
        self._answers[action_id] = answer
        if self._pipe is not None:  # it is: the codec refuses to send before the greeting
            self._pipe.write(data)
        return answer.addTimeout(deadline_s, self._clock, lambda _result, _s: _no_answer(action, deadline_s))

    def keep_alive(self) -> None:
        """Ping from now on."""
        self._tick = self._clock.callLater(0, self._ping)

    def end(self, reason: str) -> None:
        """End the connection at once."""
        if self._ending is None:
            self._ending = LinkDownError(reason)
            self.greeting.addErrback(lambda _: None)  # nobody may wait for it any more
            if self._pipe is not None:
                self._pipe.abortConnection()

    @override
    def connectionMade(self) -> None:
        """Keep hold of the connection, or drop it if it came too late."""
        self._pipe = ITCPTransport(self.transport)
        self._pipe.setTcpNoDelay(True)  # an action behind one that is not yet acknowledged would wait 40 ms
        if self._ending is not None:
            self._pipe.abortConnection()

    @override
    def dataReceived(self, data: bytes) -> None:
        """Read what Asterisk says and hand it on."""
        if self._ending is not None:
            return
        try:
            for message in self._codec.receive(data):
                match message:
                    case Event():
                        self._tell(message)
                    case Answer():
                        answer = self._answers.pop(message.action_id, None)
                        if answer is not None:
                            answer.callback(message)
                    case Greeting():
                        self.greeting.callback(message)
        except RemoteProtocolError as problem:
            self.end(f"not AMI: {problem}")

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell everybody who waits."""
        if self._ending is None:
            self._ending = LinkDownError(reason.getErrorMessage())
        if self._tick is not None and self._tick.active():
            self._tick.cancel()
        answers, self._answers = self._answers, {}
        for answer in answers.values():
            answer.errback(self._ending)
        if not self.greeting.called:
            self.greeting.errback(self._ending)
        self.ended.callback(str(self._ending))

    def _forget(self, action_id: str) -> None:
        self._answers.pop(action_id, None)
        self._codec.forget(action_id)

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:  # noqa: BLE001  what a receiver does with an event is no reason to lose the line
            log.failure("ami: an event could not be taken in: {name}", name=event.name)

    def _ping(self) -> None:
        if self._ending is not None:
            return
        now = self._clock.seconds()
        if self._pings and now - self._pings[0] >= PING_DEADLINE_S:
            self.end(f"no answer to a ping for {PING_DEADLINE_S} s")
            return
        self._tick = self._clock.callLater(PING_S, self._ping)
        self._pings.append(now)
        try:
            pong = self.ask(Action(name="Ping"), action_id=None, deadline_s=2 * PING_DEADLINE_S)
        except LocalProtocolError as problem:
            self.end(str(problem))
            return
        pong.addCallbacks(lambda _: self._pings.popleft(), lambda _: None)


class _Once(Factory):
    """Gives the one connection that was made beforehand."""

    noisy = False

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @override
    def buildProtocol(self, addr: IAddress | None) -> Wire:
        return self._wire


def _no_answer(action: Action, deadline_s: float) -> NoReturn:
    raise NoAnswerError(f"{action.name}: no answer in {deadline_s} s")


async def log_in(wire: Wire, account: Account, clock: IReactorTime, *, events: bool) -> None:
    """Wait for the greeting and log in by MD5 challenge, with or without events.

    Raises `LinkError` with the reason.
    """
    await wire.greeting.addTimeout(
        LOGIN_DEADLINE_S, clock, lambda _result, _s: _no_answer(Action(name="greeting"), LOGIN_DEADLINE_S)
    )
    ask = Action(name="Challenge", headers=(("AuthType", "MD5"),))
    challenge = await wire.ask(ask, action_id=None, deadline_s=LOGIN_DEADLINE_S)
    # The challenge keeps the secret out of a trace; it is Asterisk's only one. It protects nothing else.
    proof = hashlib.md5((challenge.get("Challenge") + account.secret).encode(), usedforsecurity=False).hexdigest()
    headers: tuple[tuple[str, str], ...] = (("AuthType", "MD5"), ("Username", account.user), ("Key", proof))
    if not events:
        headers = (*headers, ("Events", "off"))
    answer = await wire.ask(Action(name="Login", headers=headers), action_id=None, deadline_s=LOGIN_DEADLINE_S)
    if not answer.ok:
        raise RefusedError(f"Asterisk refuses {account.user}: {answer.message}")


class Line:
    """One account's connection, made again whenever it ends.

    Not a ClientService: that one has no place for a connection that is lost while it is being logged in.
    """

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        account: Account,
        right: Right,
        *,
        codec: Callable[[int], AmiConnection],
        on_event: Callable[[Event], None],
        on_change: Callable[[str], None],
    ) -> None:
        """Begin without a connection; `codec` is given the number of each, `on_change` a reason or nothing if up."""
        self._clock = clock
        self._endpoint = endpoint
        self._account = account
        self._right = right
        self._codec = codec
        self._on_event = on_event
        self._on_change = on_change
        self._wire: Wire | None = None
        self._running: Deferred[None] | None = None
        self.connections = 0
        "How many have been tried."

    @property
    def up(self) -> bool:
        """Whether actions can be asked now."""
        return self._wire is not None

    def start(self) -> None:
        """Connect, and stay connected."""
        self._running = Deferred.fromCoroutine(self._run())

    async def stop(self) -> None:
        """End the connection and make no other."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await running

    async def act(self, action: Action, *, action_id: str | None, deadline_s: float) -> Answer:
        """Ask for an action that this account is for."""
        if not allowed(self._right, action):
            raise LocalProtocolError(f"{action.name!r} is not for the account of {self._right.value}")
        if self._wire is None:
            raise LinkDownError(f"{action.name}: there is no line to Asterisk")
        return await self._wire.ask(action, action_id=action_id, deadline_s=deadline_s)

    async def _run(self) -> None:
        pause_s = PAUSE_S_MIN
        wire: Wire | None = None
        try:
            while True:
                self.connections += 1
                wire = Wire(self._clock, self._codec(self.connections), self._on_event)
                began = self._clock.seconds()
                reason = await self._live(wire)
                if self._clock.seconds() - began >= STEADY_S:
                    pause_s = PAUSE_S_MIN
                log.info("ami: {user}: {reason}", user=self._account.user, reason=reason)
                await deferLater(self._clock, pause_s)
                pause_s = min(PAUSE_S_MAX, 2 * pause_s)
        except (CancelledError, ConnectingCancelledError):  # an endpoint has a word of its own for it
            self._wire = None
            if wire is not None:
                wire.end("we stop")

    async def _live(self, wire: Wire) -> str:
        """Connect, log in and stay until the end; give its reason."""
        try:
            await self._endpoint.connect(_Once(wire))
            await log_in(wire, self._account, self._clock, events=self._right is Right.EVENTS)
        except (LinkError, ConnectError, LocalProtocolError) as problem:
            wire.end(str(problem))
            return str(problem)
        self._wire = wire
        wire.keep_alive()
        self._on_change("")
        reason = await wire.ended
        self._wire = None
        self._on_change(reason)
        return reason


class Link:
    """All lines to one Asterisk."""

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        options: LinkOptions,
        *,
        on_event: Callable[[Event], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
    ) -> None:
        """Begin without a connection.

        `on_event` is called with every wanted event, in order, also while the link is not yet up. `on_up` and
        `on_down` (with the reason) follow each other by turns.
        """
        self._on_up = on_up
        self._on_down = on_down
        self._up = False

        def line(account: Account, right: Right, changed: Callable[[str], None]) -> Line:
            def codec(number: int) -> AmiConnection:
                prefix = f"{options.prefix}{right.value}-{number}-"
                return AmiConnection(prefix=prefix, wanted=options.wanted if right is Right.EVENTS else ())

            heard = on_event if right is Right.EVENTS else _unheard
            return Line(clock, endpoint, account, right, codec=codec, on_event=heard, on_change=changed)

        self._events = line(options.events, Right.EVENTS, self._changed)
        self._calls = line(options.calls, Right.CALLS, self._changed)
        self._care = None if options.care is None else line(options.care, Right.CARE, _unheard)

    @property
    def up(self) -> bool:
        """Whether events come in and actions can be asked."""
        return self._up

    def start(self) -> None:
        """Connect every line, and stay connected."""
        for line in self._lines():
            line.start()

    async def stop(self) -> None:
        """End every line; `on_down` is not called."""
        for line in self._lines():
            await line.stop()
        self._up = False

    async def act(
        self, action: Action, *, action_id: str | None = None, deadline_s: float = ACTION_DEADLINE_S
    ) -> Answer:
        """Ask for something about calls, and give the answer, be it yes or no (`Answer.ok`).

        Raises `LocalProtocolError` if it may not or cannot be said (nothing was sent), `LinkDownError` or
        `NoAnswerError` if it is not known whether it was done.
        """
        return await self._calls.act(action, action_id=action_id, deadline_s=deadline_s)

    async def care(self, action: Action, *, deadline_s: float = ACTION_DEADLINE_S) -> Answer:
        """Ask for something about Asterisk itself, such as a reload; as `act`."""
        if self._care is None:
            raise LinkDownError(f"{action.name}: there is no account for the care of Asterisk")
        return await self._care.act(action, action_id=None, deadline_s=deadline_s)

    def _lines(self) -> tuple[Line, ...]:
        lines = (self._events, self._calls)
        return lines if self._care is None else (*lines, self._care)

    def _changed(self, reason: str) -> None:
        up = self._events.up and self._calls.up
        if up == self._up:
            return
        self._up = up
        try:
            if up:
                self._on_up()
            else:
                self._on_down(reason)
        except Exception:  # noqa: BLE001  the lines live on, whatever a receiver does
            log.failure("ami: a change of the link could not be taken in")


def _unheard(_: object) -> None:
    """Take in what nobody wants to know."""
