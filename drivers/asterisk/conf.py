"""Asterisk's configuration files as text: where things lie, sections, and what may stand in a line.

Asterisk reads such a file line by line (main/config.c): `;` begins a comment unless a backslash stands before it, `;--`
one over many lines, `[` a section, `#` a directive; what is round a value is trimmed. So a name is checked and a value
is refused or escaped here, once, for every file of every driver: no value can end its line or begin another meaning.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.api import Equipment

VALUE_CHARACTERS_MAX = 1_000
SIGNALLING = "signalling/"
"What stands before a span's number where it is told whether its signalling channel is up."
COMPANY = "-company.conf"
"How the names of the files end that hold what the company set; the others depend on the site alone."

Setting = tuple[str, str | float | Path]
"A setting's name and its value; a truth value is written as yes or no."

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/+-]{0,79}")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")


class ConfError(ValueError):
    """Something cannot be said in a configuration file; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where one Asterisk lies, listens and finds what it plays. Every path is absolute."""

    home: Path
    "Its own folder: `etc`, `lib`, `log`, `spool`, `cache` and `keys` are made below it."
    run: Path
    "The folder of its control socket, shorter than 100 characters."
    prompts: Path
    "What is said to callers: `<language>/<slug>.wav`."
    recordings: Path
    "Where live recordings grow: `<recording id>.raw`."
    modules: Path
    data: Path
    "The bundle's data: documentation, sounds."
    music: Path
    "A folder of music, 8 kHz mono WAV."
    base_port: int
    "*P*: AMI on P+1, HTTP on P+2, FastAGI on P+3, SIP on P+5, RTP from P+1000, UDPTL from P+2000."
    listen: str = "127.0.0.1"
    "The address that phones and carriers reach us at."
    name: str = "main"
    "The exchange's name, and its systemname."
    without_daemon_s_max: int = 60
    "Seconds without an answer of ours after which the static fall-back takes a caller."

    @property
    def etc(self) -> Path:
        """The folder of configuration files."""
        return self.home / "etc"

    @property
    def ami_port(self) -> int:
        """Where Asterisk takes AMI connections."""
        return self.base_port + 1

    @property
    def http_port(self) -> int:
        """Where Asterisk serves HTTP."""
        return self.base_port + 2

    @property
    def agi_port(self) -> int:
        """Where Asterisk finds our FastAGI server."""
        return self.base_port + 3

    @property
    def sip_port(self) -> int:
        """Where Asterisk takes SIP by UDP and TCP."""
        return self.base_port + 5

    @property
    def rtp_ports(self) -> tuple[int, int]:
        """First and last port of audio."""
        return self.base_port + 1_000, self.base_port + 1_999

    @property
    def udptl_ports(self) -> tuple[int, int]:
        """First and last port of fax."""
        return self.base_port + 2_000, self.base_port + 2_199


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an event tells of a phone or a trunk; None where it tells nothing."""

    name: str
    "The phone's extension or the trunk's slug."
    contact: str = ""
    "Which of its addresses; it is reachable while one of them is."
    reachable: bool | None = None
    registered: bool | None = None
    "Whether the carrier knows us."


class Technology(Protocol):
    """What a technology of phones and trunks brings to Asterisk; `drivers/pjsip` is one."""

    @property
    def events(self) -> tuple[str, ...]:
        """The events to be told of; one that `seen` says nothing of means: ask the questions again."""

    @property
    def questions(self) -> tuple[str, ...]:
        """The actions whose lists `seen` understands, asked after each connection."""

    @property
    def silent(self) -> bool:
        """Whether something of it is told by no event, so that its questions are to be asked each second."""

    @property
    def modules(self) -> tuple[str, ...]:
        """Asterisk's modules that it needs beside those that are always loaded."""

    @property
    def restart(self) -> str:
        """The action that takes all its lines anew, and ends their calls; empty where a reload does all."""

    def files(self, site: Site, equipment: Equipment) -> Mapping[str, str]:
        """Give its configuration files, name to text."""

    def seen(self, event: str, header: Callable[[str], str]) -> Seen | None:
        """Say what an event, or an entry of a list, tells of a phone or trunk."""

    def probe(self, name: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        """Give the action, name and headers, that probes a phone or trunk now; None if there is no such thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One exchange: its site and its technologies."""

    site: Site
    technologies: tuple[Technology, ...]


def name(text: str, *, what: str = "a name") -> str:
    """Give the text if it can be the name of a section or a setting."""
    if not _NAME.fullmatch(text):
        raise ConfError(f"{text!r} cannot be {what}")
    return text


def value(given: str | float | Path, *, what: str) -> str:
    """Give a value as it is to stand in a line: `;` escaped, a line end refused, yes and no for a truth value."""
    text = ("yes" if given else "no") if isinstance(given, bool) else str(given)
    if _FORBIDDEN.search(text) or len(text) > VALUE_CHARACTERS_MAX:
        raise ConfError(f"{what} has a control character in it or is too long")
    if text != text.strip():
        raise ConfError(f"{what} has blanks round it, which would be lost")
    return text.replace(";", "\\;")


def section(title: str, settings: Sequence[Setting], *, of: str = "") -> str:
    """Give a section: its title, in parentheses the templates that it follows (or `!`), and its settings in order."""
    head = f"[{name(title, what='the name of a section')}]"
    if of:
        head += f"({of})"
    lines = (f"{name(key, what='a setting')} = {value(given, what=f'{title}.{key}')}" for key, given in settings)
    return "\n".join((head, *lines)) + "\n"


def sections(*parts: str, include: str = "") -> str:
    """Give a whole file of the sections, and of another file if it is there."""
    tail = (f"#tryinclude {name(include, what='the name of a file')}\n",) if include else ()
    return "; Written by Switchroom; what is changed by hand is lost.\n\n" + "\n".join((*parts, *tail))
