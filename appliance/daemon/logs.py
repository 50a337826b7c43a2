"""The daemon's log: one JSON object a line, with nobody's number, name or digits in it.

Of an error only its class and the places in the source are kept: its text may hold what a caller said or keyed. Runs
of digits in texts are masked for the same reason.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # any: a log event is a mapping of whatever was given

import msgspec
from twisted.logger import ILogObserver, LogLevel, formatEvent, globalLogBeginner
from twisted.python.failure import Failure
from zope.interface import implementer

TEXT_LENGTH_MAX = 1_000
PLACES_MAX = 30
FILE_BYTES_MAX = 10 * 1024 * 1024
FILES_KEPT = 5
_DIGITS = re.compile(r"[0-9][0-9 ()+-]{4,}[0-9]")


@implementer(ILogObserver)
class LogFile:
    """A file of lines that is put aside when it grows too long; the oldest go."""

    def __init__(self, path: Path) -> None:
        """Append to `path`; made 0600."""
        self._path = path
        self._out = path.open("ab", buffering=0)
        path.chmod(0o600)

    def __call__(self, event: dict[str, Any]) -> None:
        """Write one event (twisted.logger.ILogObserver); what Twisted says of its own doings is left out."""
        if is_chatter(event):
            return
        line = msgspec.json.encode(entry(event)) + b"\n"
        if self._out.tell() + len(line) > FILE_BYTES_MAX:
            self._put_aside()
        self._out.write(line)

    def close(self) -> None:
        """Write no more."""
        self._out.close()

    def _put_aside(self) -> None:
        self._out.close()
        for number in range(FILES_KEPT - 1, 0, -1):
            older = self._path.with_suffix(f"{self._path.suffix}.{number}")
            if older.exists():
                older.replace(self._path.with_suffix(f"{self._path.suffix}.{number + 1}"))
        self._path.replace(self._path.with_suffix(f"{self._path.suffix}.1"))
        self._out = self._path.open("ab", buffering=0)
        self._path.chmod(0o600)


def begin(path: Path) -> None:
    """Send everything that Twisted's loggers say to a file."""
    globalLogBeginner.beginLoggingTo([LogFile(path)], redirectStandardIO=False, discardBuffer=True)


def entry(event: dict[str, Any]) -> dict[str, Any]:
    """Make the line's object of a log event."""
    level = event.get("log_level")
    line: dict[str, Any] = {
        "at": datetime.fromtimestamp(float(event.get("log_time", 0.0)), UTC).isoformat(timespec="milliseconds"),
        "level": getattr(level, "name", "info"),
        "from": str(event.get("log_namespace", "")),
        "text": masked(formatEvent(event) or ""),
    }
    failure = event.get("log_failure")
    if isinstance(failure, Failure):
        line["error"] = failure.type.__name__ if failure.type else ""
        line["places"] = [f"{frame[1]}:{frame[2]} {frame[0]}" for frame in failure.frames[-PLACES_MAX:]]
    return line


def is_chatter(event: dict[str, Any]) -> bool:
    """Tell whether Twisted reports that it works as it should."""
    quiet = event.get("log_level") in {None, LogLevel.debug, LogLevel.info}
    return quiet and str(event.get("log_namespace", "")).startswith("twisted.") and "log_failure" not in event


def masked(text: str) -> str:
    """Take out what may be somebody's number or digits, and what would break a line."""
    return _DIGITS.sub("…", text[:TEXT_LENGTH_MAX])
