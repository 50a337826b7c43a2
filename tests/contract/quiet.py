"""Looks for errors in our own log."""

from collections.abc import Iterator
from contextlib import contextmanager

from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer


@contextmanager
def no_error_is_logged() -> Iterator[None]:
    """Collect what we log as an error; there is to be none."""
    errors: list[LogEvent] = []

    @implementer(ILogObserver)
    def look(event: LogEvent) -> None:
        if event.get("log_level") in {LogLevel.error, LogLevel.critical}:
            errors.append(event)

    globalLogPublisher.addObserver(look)
    try:
        yield
    finally:
        globalLogPublisher.removeObserver(look)
    assert [event.get("log_format") for event in errors] == []
