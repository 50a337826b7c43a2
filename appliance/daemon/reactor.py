"""The reactor as the daemon uses it, and the store's threads seen from it."""

from concurrent.futures import CancelledError, Future
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IReactorCore,
    IReactorFromThreads,
    IReactorProcess,
    IReactorTCP,
    IReactorTime,
    IReactorUNIX,
)

ResultT = TypeVar("ResultT")
Timer = IDelayedCall


class Reactor(IReactorCore, IReactorTime, IReactorFromThreads, IReactorProcess, IReactorTCP, IReactorUNIX):
    """All that the daemon asks of it; every reactor of Twisted on Linux gives that."""


def answer_of(reactor: IReactorFromThreads, future: Future[ResultT]) -> Deferred[ResultT]:
    """Wait for what a thread of the store works on; the Deferred fires in the reactor's thread."""
    waiting: Deferred[ResultT] = Deferred()

    def settle() -> None:
        if waiting.called:
            return
        try:
            error = future.exception()
        except CancelledError as cancelled:
            error = cancelled
        if error is None:
            waiting.callback(future.result())
        else:
            waiting.errback(error)

    future.add_done_callback(lambda _: reactor.callFromThread(settle))
    return waiting
