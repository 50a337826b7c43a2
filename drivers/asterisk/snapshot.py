r"""A channel as it stands in an AMI event, and how a caller's number is kept from forging one.

Asterisk 22.10.1 decodes `%0D%0A` in the user part of a SIP address and writes the caller's number into its events as
it is (the name is escaped, the number is not): who calls from `1%0D%0A%0D%0AEvent:%20Hangup…` writes an event of his
own. But every event about a channel has the same lines in the same order (main/manager_channels.c,
ast_manager_build_channel_state_string_prefix), and a number ends after 80 bytes, too few for the lines that follow
it. So the text between two of those lines is a value, whatever is in it.
"""

import re
from functools import lru_cache

_NAMES = (
    "ChannelState",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Language",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
)
_LAST = "Linkedid"


PREFIXES_MAX = 64
"Asterisk has a dozen (Dest, LocalOne, Transferee, …)."

_STATE = b"ChannelState: "


def _pattern(value: str, prefix: str, again: str) -> re.Pattern[bytes]:
    lines = "".join(f"{again if number else prefix}{name}: {value}" for number, name in enumerate(_NAMES))
    return re.compile(f"\r\n{lines}{again}{_LAST}: ".encode())


_LOOSE = _pattern("((?s:.*?))\r\n", "(?P<p>[A-Za-z0-9]*)", "(?P=p)")
_LINE_END = re.compile(rb"[\r\n]")


@lru_cache(maxsize=PREFIXES_MAX)
def _well(prefix: bytes) -> re.Pattern[bytes]:
    """Give the pattern of a channel all of whose values are on their lines."""
    return _pattern(".*+\n", prefix.decode(), prefix.decode())


def whole(block: bytes) -> bool:
    """Whether every channel in the message has all its lines, one value a line."""
    place = block.find(_STATE)
    while place >= 0:
        line = block.rfind(b"\r\n", 0, place)
        prefix = block[line + 2 : place]
        if not prefix or prefix.isalnum():
            found = _well(prefix).match(block, line)
            if found is None:
                return False
            place = found.end()
        place = block.find(_STATE, place + 1)
    return True


def mend(block: bytes) -> bytes | None:
    """Give the message with the line ends in its values made blanks; None if a channel's lines are not all there."""
    mended = _LOOSE.sub(_flatten, block)
    return mended if whole(mended) else None


def _flatten(match: re.Match[bytes]) -> bytes:
    prefix, *values = match.groups()
    lines = (
        b"%s%s: %s" % (prefix, name.encode(), _LINE_END.sub(b" ", value))
        for name, value in zip(_NAMES, values, strict=True)
    )
    return b"\r\n%s\r\n%s%s: " % (b"\r\n".join(lines), prefix, _LAST.encode())
