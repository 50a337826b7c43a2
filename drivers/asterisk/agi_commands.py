r"""The commands that we send over AGI, each built by a function that checks and quotes what it is given.

Asterisk splits a command at blanks; inside double quotes a blank is a blank, and `\"` and `\\` give the character
itself (res/res_agi.c, parse_args). A line end or NUL cannot be said at all and is refused. Names of variables,
sounds, keys and applications are checked against what such a name may be, because Asterisk gives some of them a
meaning of their own: `GET VARIABLE SHELL(…)` runs a program, and `STREAM FILE http://…` fetches a page.
"""

import re
from functools import lru_cache

import msgspec

from drivers.asterisk.codec import LINE_BYTES_MAX, LocalProtocolError, clean, encode

COMMAND_BYTES_MAX = LINE_BYTES_MAX - 2
"Asterisk reads a command into 8,192 bytes, LF and NUL among them, and takes the rest for another command."
TIMEOUT_MS_MAX = 3_600_000
MUSIC_S_MAX = 60
CACHE_MAX = 1_024
"How many commands are kept that have nothing of a caller's in them: the same few are said in every call."

_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}")
_FUNCTION = re.compile(r"([A-Z][A-Z0-9_]{0,39})\([A-Za-z0-9_.,:-]{0,80}\)")
_FUNCTIONS = frozenset({"CALLERID", "CDR", "CHANNEL", "CONNECTEDLINE", "PJSIP_HEADER", "REDIRECTING", "TIMEOUT"})
_KEYS = re.compile(r"[0-9*#A-D]{0,16}")
_DIGITS = re.compile(r"[0-9*#]{1,80}")
_SOUND = re.compile(r"(?!.*://)(?!(?:.*/)?\.\.(?:/|$))[^,&|<>\0-\x1f]{1,255}")

_CLASS = re.compile(r"[A-Za-z0-9_-]{1,80}")
_SECONDS = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,3})?")
_FILE = re.compile(r"(?!(?:.*/)?\.\.(?:/|$))[^,|^${}()\0-\x1f]{1,255}")
_FLAGS = re.compile(r"[A-Za-z]{0,16}")
_TONE = re.compile(r"[a-z]{1,20}")
_SPECIAL = re.compile(r'[\r\n\0"\\]').search

_APPLICATIONS: dict[str, tuple[re.Pattern[str], ...]] = {
    "MixMonitor": (_FILE, _FLAGS),  # a third argument would be a program to run
    "MusicOnHold": (_CLASS, _SECONDS),
    "PlayTones": (_TONE,),
    "Playback": (_SOUND,),
    "Progress": (),
    "Ringing": (),
    "SendDTMF": (_DIGITS,),
    "StartMusicOnHold": (_CLASS,),
    "StopMixMonitor": (),
    "StopMusicOnHold": (),
    "StopPlayTones": (),
    "Wait": (_SECONDS,),
}
"The applications that end by themselves, and what their arguments may be: one that does not would outlive us."


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command, checked and quoted."""

    name: str
    "What it does, for a log: without the values, which may be digits of a PIN."
    line: bytes
    "What is sent, with its LF."


def quote(value: str | int, *, what: str) -> str:
    """Give the value as one argument that parse_args reads back as it was."""
    text = str(value)
    if _SPECIAL(text):
        text = clean(text, what=what).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _build(name: str, *arguments: str | int) -> Command:
    words = [name]
    words += [quote(argument, what=name) for argument in arguments]
    line = encode(" ".join(words), what=name, bytes_max=COMMAND_BYTES_MAX)
    return Command(name=name, line=line + b"\n")


def _check(pattern: re.Pattern[str], value: str, *, what: str) -> str:
    if not pattern.fullmatch(value):
        raise LocalProtocolError(f"that cannot be {what}")
    return value


@lru_cache(maxsize=CACHE_MAX)
def _variable(name: str) -> str:
    function = _FUNCTION.fullmatch(name)
    if function is None:
        return _check(_VARIABLE, name, what="the name of a variable")
    if function[1] not in _FUNCTIONS:
        raise LocalProtocolError(f"{function[1]} is not a function that we use")
    return name


def _timeout(timeout_ms: int) -> int:
    if not 0 <= timeout_ms <= TIMEOUT_MS_MAX:
        raise LocalProtocolError(f"a time of {timeout_ms} ms; it has to be between 0 and {TIMEOUT_MS_MAX}")
    return timeout_ms


ANSWER = _build("ANSWER")
HANG_UP = _build("HANGUP")
NOOP = _build("NOOP")


@lru_cache(maxsize=CACHE_MAX)
def stream_file(sound: str, *, keys: str = "", offset_samples: int = 0) -> Command:
    """Play a sound until its end or until one of the keys is pressed (`Reply.digit`)."""
    offset = max(0, offset_samples)
    return _build("STREAM FILE", _check(_SOUND, sound, what="a sound"), _check(_KEYS, keys, what="keys"), offset)


@lru_cache(maxsize=CACHE_MAX)
def get_option(sound: str, *, keys: str, timeout_ms: int) -> Command:
    """Play a sound and wait so long after it for one of the keys (`Reply.digit`)."""
    keys = _check(_KEYS, keys, what="keys")
    return _build("GET OPTION", _check(_SOUND, sound, what="a sound"), keys, _timeout(timeout_ms))


@lru_cache(maxsize=CACHE_MAX)
def wait_for_digit(*, timeout_ms: int) -> Command:
    """Wait so long for any key (`Reply.digit`)."""
    return _build("WAIT FOR DIGIT", _timeout(timeout_ms))


def say_digits(digits: str, *, keys: str = "") -> Command:
    """Speak the digits one by one."""
    # Asterisk reads them as a number first, so a `*` or `#` in front is a usage error there.
    if not digits[:1].isdigit():
        raise LocalProtocolError("the digits to say have to begin with one")
    return _build("SAY DIGITS", _check(_DIGITS, digits, what="digits"), _check(_KEYS, keys, what="keys"))


def set_variable(name: str, value: str | int) -> Command:
    """Set a variable of the channel; the value is taken as it is, nothing in it is expanded."""
    return _build("SET VARIABLE", _variable(name), value)


@lru_cache(maxsize=CACHE_MAX)
def get_variable(name: str) -> Command:
    """Ask for a variable or a function of the channel (`Reply.data`; result 0 if it is not set)."""
    return _build("GET VARIABLE", _variable(name))


def get_full_variable(name: str, *, channel: str = "") -> Command:
    """Ask for a variable of this or, by its full name, another channel (`Reply.data`)."""
    expression = f"${{{_variable(name)}}}"
    return _build("GET FULL VARIABLE", expression, channel) if channel else _build("GET FULL VARIABLE", expression)


@lru_cache(maxsize=CACHE_MAX)
def execute(application: str, *arguments: str) -> Command:
    """Run one of the applications that end by themselves."""
    patterns = _APPLICATIONS.get(application)
    if patterns is None:
        raise LocalProtocolError(f"{application!r} is not an application that ends by itself")
    if len(arguments) != len(patterns):  # MusicOnHold without its seconds has no end
        raise LocalProtocolError(f"{application} takes {len(patterns)} arguments")
    for pattern, argument in zip(patterns, arguments, strict=True):
        _check(pattern, argument, what=f"an argument of {application}")
    words = ("EXEC", application, quote(",".join(arguments), what=application))
    line = encode(" ".join(words), what=application, bytes_max=COMMAND_BYTES_MAX)
    return Command(name=f"EXEC {application}", line=line + b"\n")


def music_on_hold(music_class: str, *, seconds: int) -> Command:
    """Play music for so many seconds, `MUSIC_S_MAX` at most: then the dialplan's loop has the caller again."""
    if not 1 <= seconds <= MUSIC_S_MAX:
        raise LocalProtocolError(f"music for {seconds} s; it has to be between 1 and {MUSIC_S_MAX}")
    return execute("MusicOnHold", music_class, str(seconds))
