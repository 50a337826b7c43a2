r"""A channel as it stands in an AMI event, and how a caller's number is kept from forging one.

Asterisk 22.10.1 decodes `%0D%0A` in the user part of a SIP address and writes the caller's number into its events as
it is (the name is escaped, the number is not): who calls from `1%0D%0A%0D%0AEvent:%20Hangup…` writes an event of his
own. But every event about a channel has the same lines in the same order (main/manager_channels.c,
ast_manager_build_channel_state_string_prefix), and a number ends after 80 bytes, too few for the lines that follow
it. So the text between two of those lines is a value, whatever is in it.
"""

import re

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


def _pattern(value: str, prefix: str) -> re.Pattern[bytes]:
    again = "(?P=p)" if prefix else ""
    lines = again.join(f"{name}: {value}" for name in _NAMES)
    return re.compile(f"\r\n{prefix}{lines}{again}{_LAST}: ".encode(), re.DOTALL)


_PREFIX = "(?P<p>[A-Za-z0-9]*)"
_PLAIN = _pattern("[^\n]*\n", "")
_WELL = _pattern("[^\n]*\n", _PREFIX)
_LOOSE = _pattern("(.*?)\r\n", _PREFIX)
_BEGINS = re.compile(rb"\r\n[A-Za-z0-9]*ChannelState: ")
_LINE_END = re.compile(rb"[\r\n]")


def whole(block: bytes) -> bool:
    """Whether every channel in the message has all its lines, one value a line."""
    states = block.count(b"ChannelState: ")
    if states == 0:
        return True
    if states == 1 and _PLAIN.search(block) is not None:
        return True
    return len(_BEGINS.findall(block)) == len(_WELL.findall(block))


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
