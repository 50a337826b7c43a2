"""A stage for robots in programs that know no Twisted: it plays a scene under a reactor of its own.

A scene is a coroutine that awaits what phones and calls give. `Stage` adds what else it needs: to pause, to do several
things at once, and to have blocking work done in a thread, so that no audio is late for it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar  # any: what a coroutine awaits and is sent is Twisted's own affair

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.internet.interfaces import IReactorCore
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")
Scene = Coroutine[Deferred[Any], Any, Result]
THREADS_MAX = 16


class Stage:
    """What a scene may do beside phoning."""

    def __init__(self, reactor: AsyncioSelectorReactor) -> None:
        """`reactor` is what phones are made with."""
        self.reactor = reactor

    async def pause(self, seconds: float) -> None:
        """Wait."""
        await deferLater(self.reactor, max(0.0, seconds))

    def begin(self, scene: Scene[Result]) -> Deferred[Result]:
        """Let a scene go on by itself; await what this gives for its end, or cancel it."""
        return Deferred.fromCoroutine(scene)

    async def together(self, *scenes: Scene[Result]) -> list[Result]:
        """Play several at once and give what each gave; the first error ends the others and is raised."""
        begun = [self.begin(scene) for scene in scenes]
        try:
            return await gatherResults(begun, consumeErrors=True)
        except FirstError as first:
            error = first.subFailure.value
            raise error if isinstance(error, Exception) else first from None
        finally:
            for one in begun:
                one.cancel()

    async def aside(
        self, work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """Have blocking work done in a thread."""
        return await deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work, *arguments, **named)


def play(make: Callable[[Stage], Scene[Result]]) -> Result:
    """Play the scene that `make` gives, and give or raise what it does; KeyboardInterrupt if a signal ended it."""
    loop = asyncio.new_event_loop()
    reactor = AsyncioSelectorReactor(loop)
    reactor.suggestThreadPoolSize(THREADS_MAX)
    ended: list[Result | Failure] = []

    def end(result: Result | Failure) -> None:
        ended.append(result)
        _stop(reactor)

    def start() -> None:
        Deferred.fromCoroutine(make(Stage(reactor))).addBoth(end)

    reactor.callWhenRunning(start)
    try:
        _run(reactor)
    finally:
        loop.close()
    if not ended:
        raise KeyboardInterrupt
    result = ended[0]
    if isinstance(result, Failure):
        result.raiseException()
    return result


def _run(core: IReactorCore) -> None:
    core.run()


def _stop(core: IReactorCore) -> None:
    core.stop()
