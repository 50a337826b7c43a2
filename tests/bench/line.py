"""An AMI connection for asyncio round our own codec: actions are asked, events are heard with the moment they came."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from typing_extensions import override

from drivers.asterisk.codec_ami import Action, AmiConnection, Answer, Event, Greeting
from tests.bench.asterisk import WrongAnswerError

ANSWER_S = 20.0


class Line(asyncio.Protocol):
    """One connection, logged in by `line`."""

    def __init__(self, hear: Callable[[Event, float], None] | None = None) -> None:
        """Tell `hear` of each event and of the moment, by `time.perf_counter`, at which its last byte was there."""
        self._codec = AmiConnection()
        self._hear = hear
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self._transport: asyncio.Transport | None = None
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # a stream's

    @override
    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        for message in self._codec.receive(data):
            match message:
                case Greeting():
                    self.greeted.set_result(None)
                case Answer():
                    self._answers.pop(message.action_id).set_result(message)
                case Event():
                    if self._hear is not None:
                        self._hear(message, now)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(WrongAnswerError("Asterisk has closed the connection"))

    async def ask(self, name: str, **headers: str) -> Answer:
        """Ask for an action; raises `WrongAnswerError` if it is refused."""
        answer = await self.say(name, **headers)[1]
        if not answer.ok:
            raise WrongAnswerError(f"Asterisk refuses {name}: {answer.message}")
        return answer

    def say(self, name: str, **headers: str) -> tuple[float, asyncio.Future[Answer]]:
        """Write an action; gives the moment before, by `time.perf_counter`, and the answer to come."""
        action_id, data = self._codec.send(Action(name=name, headers=tuple(headers.items())))
        answer = self._answers[action_id] = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        began = time.perf_counter()
        self._transport.write(data)
        return began, answer

    def close(self) -> None:
        """Hang up the connection."""
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def line(
    port: int, user: str, secret: str, hear: Callable[[Event, float], None] | None = None
) -> AsyncIterator[Line]:
    """Connect to an Asterisk on loopback and log in; with somebody to hear events they come."""
    _, made = await asyncio.get_running_loop().create_connection(lambda: Line(hear), "127.0.0.1", port)
    try:
        async with asyncio.timeout(ANSWER_S):
            await made.greeted
            await made.ask("Login", Username=user, Secret=secret, Events="off" if hear is None else "on")
        yield made
    finally:
        made.close()
