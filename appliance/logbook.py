"""The box's logs as one list: what each part wrote, by part, level and text, the newest last.

A log is what programs wrote, and some of it came from outside: bytes that are no text become signs that do no harm,
and only so much of each file's end is read.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import msgspec

from appliance.texts import marked

READ_BYTES_MAX = 1 << 20
"Of the end of each file."
LINE_MAX = 1_000
"Characters of a line that are shown."
SHOWN_MAX = 500
PARTS: Mapping[str, str] = {
    "daemon": marked("Daemon"),
    "asterisk": marked("Exchange (Asterisk)"),
    "web": marked("Pages"),
    "nginx": marked("Front door (nginx)"),
    "lines": marked("Serial lines"),
    "zeo": marked("Database"),
}
FILES: tuple[tuple[str, str], ...] = (
    ("daemon", "log/daemon.jsonl"),
    ("daemon", "log/daemon.log"),
    ("asterisk", "asterisk/log/messages"),
    ("asterisk", "log/asterisk.log"),
    ("web", "log/web.log"),
    ("nginx", "log/nginx.log"),
    ("nginx", "log/access.log"),
    ("lines", "log/lines.log"),
    ("zeo", "log/zeo.log"),
)
"Part and file below the home."
LEVELS = ("debug", "info", "warning", "error")
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("debug", "verbose", "dtmf"), "debug"),
    **dict.fromkeys(("info", "notice"), "info"),
    **dict.fromkeys(("warn", "warning"), "warning"),
    **dict.fromkeys(("error", "crit", "critical", "alert", "emerg", "security", "fatal"), "error"),
}
_STAMPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{3}))?([+-]\d\d:\d\d) ?"), "%Y-%m-%dT%H:%M:%S"),
    (re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{3}))?(?: ([+-]\d{4}))?\] ?"), "%Y-%m-%d %H:%M:%S"),
    (re.compile(r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)()() ?"), "%Y/%m/%d %H:%M:%S"),
)
_LEVEL = re.compile(r"(?:^|\[|\] )([A-Za-z]{4,8})(?:\[\d+\]|\]|:)")


class _Line(msgspec.Struct):
    """A line of the daemon's own log; see `appliance.daemon.logs`."""

    at: str = ""
    level: str = "info"
    origin: str = msgspec.field(default="", name="from")
    text: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a log."""

    at_us: int
    "Microseconds UTC; of a line that says no time that of the one before."
    part: str
    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines."""

    part: str = ""
    "Empty for all."
    level: str = ""
    "The least; empty for all."
    words: tuple[str, ...] = ()
    "Any of them has to be in the line; none for all."


def entries(home: Path, wanted: Wanted, limit: int = SHOWN_MAX, zone: tzinfo | None = None) -> list[Entry]:
    """Read the last lines that are wanted, of all logs, in the order of time.

    Asterisk and nginx write local time without saying which: the machine's, or `zone`.
    """
    least = LEVELS.index(wanted.level) if wanted.level in LEVELS else 0
    found = [
        entry
        for part, name in FILES
        if wanted.part in {"", part}
        for entry in parsed(part, tail(home / name), zone)
        if LEVELS.index(entry.level) >= least
        if not wanted.words or any(word in entry.text for word in wanted.words)
    ]
    return sorted(found, key=lambda entry: entry.at_us)[-limit:]


def tail(path: Path, bytes_max: int = READ_BYTES_MAX) -> Iterator[str]:
    """Give the last lines of a file as text that does no harm; none of a file that cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - bytes_max))
            data = file.read(bytes_max)
    except OSError:
        return
    lines = data.split(b"\n")
    for line in lines[1:] if size > bytes_max else lines:
        if line.strip():
            yield harmless(line.decode("utf-8", "replace"))


def harmless(text: str) -> str:
    """Take out what would move a cursor, hide text or turn its direction."""
    kept = text[:LINE_MAX]
    return "".join("\ufffd" if unicodedata.category(letter).startswith("C") else letter for letter in kept)


def parsed(part: str, lines: Iterable[str], zone: tzinfo | None = None) -> Iterator[Entry]:
    """Read lines, whatever they are."""
    at_us = 0
    for line in lines:
        entry = _of_daemon(line) if line.startswith("{") else _of_others(part, line, zone)
        at_us = entry.at_us or at_us
        yield Entry(at_us=at_us, part=part, level=entry.level, text=entry.text)


def _of_daemon(line: str) -> Entry:
    try:
        known = msgspec.json.decode(line, type=_Line)
        at_us = round(datetime.fromisoformat(known.at).timestamp() * 1_000_000)
    except (ValueError, OverflowError, msgspec.DecodeError):
        return Entry(at_us=0, part="daemon", level="info", text=line)
    text = ": ".join(harmless(word) for word in (known.origin, known.text, known.error) if word)
    return Entry(at_us=at_us, part="daemon", level=_WORDS.get(known.level, "info"), text=text)


def _of_others(part: str, line: str, zone: tzinfo | None) -> Entry:
    at_us, text = 0, line
    for pattern, form in _STAMPS:
        if match := pattern.match(line):
            try:
                moment = datetime.strptime(match[1] + (match[3] or ""), form + ("%z" if match[3] else ""))  # noqa: DTZ007  see below
                moment = moment if moment.tzinfo else moment.replace(tzinfo=zone) if zone else moment.astimezone()
                at_us = round(moment.timestamp() * 1_000_000) + int(match[2] or 0) * 1_000
                text = line[match.end() :]
            except (ValueError, OverflowError):
                continue
            break
    level = next((_WORDS[word.lower()] for word in _LEVEL.findall(text) if word.lower() in _WORDS), "info")
    return Entry(at_us=at_us, part=part, level=level, text=text)


def iso(at_us: int) -> str:
    """Write a moment, UTC."""
    return datetime.fromtimestamp(at_us / 1_000_000, tz=UTC).isoformat(timespec="milliseconds")
