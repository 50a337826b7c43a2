r"""A channel as it stands in an AMI event, and how a caller's number is kept from forging one.

Asterisk 22.10.1 decodes `%0D%0A` in the user part of a SIP address and writes the caller's number into its events as
it is (the name is escaped, the number is not): who calls from `1%0D%0A%0D%0AEvent:%20Hangup…` writes an event of his
own. But every event about a channel has the same lines in the same order (main/manager_channels.c,
ast_manager_build_channel_state_string_prefix), and a number ends after 80 bytes, too few for the lines that follow
it. So the text between two of those lines is a value, whatever is in it.
"""

import re
from collections.abc import Sequence
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

NUMBER_BYTES_MAX = 128
"""How far from its beginning a number may end: more than Asterisk's 80, less than what follows a number in a channel.

That is the names from ConnectedLineName to Linkedid, which are 104 bytes, and their values.
"""

_STATE = b"ChannelState: "
_NUMBER = b"Num: "
"CallerIDNum, ConnectedLineNum, and the caller's and the connected line's of any other event, whatever their prefix."
_EXTEN = b"Exten: "
CLOSED_BYTES = NUMBER_BYTES_MAX + len(_EXTEN) - 1

STATUS = b"Status"
_STATUS = b"Event: Status\r\n"
_STATUS_NAMES = ("Type", "DNID", "EffectiveConnectedLineNum", "EffectiveConnectedLineName")
_STATUS_LAST = "TimeToHangup"
"""What follows a channel in the answer to Status (main/manager.c, generate_status): the dialled number, as it came.

The whole of this table does not fit into a number either.
"""

_LINE = ".*+\n"
_VALUE = "((?s:.*?))\r\n"
_LINE_END = re.compile(rb"[\r\n]")


def _pattern(value: str, names: Sequence[str], last: str, prefix: str = "", again: str = "") -> re.Pattern[bytes]:
    lines = "".join(f"{again if number else prefix}{name}: {value}" for number, name in enumerate(names))
    return re.compile(f"\r\n{lines}{again}{last}: ".encode())


_LOOSE = _pattern(_VALUE, _NAMES, _LAST, "(?P<p>[A-Za-z0-9]*)", "(?P=p)")
_STATUS_WELL = _pattern(_LINE, _STATUS_NAMES, _STATUS_LAST)
_WELL = _pattern(_LINE, _NAMES, _LAST)
_AFTER_EXTEN = re.compile(
    "Exten: {0}{1}Priority: {0}{1}Uniqueid: {0}{1}Linkedid: ".format(_LINE, "[A-Za-z0-9]*").encode()
)
_STATUS_LOOSE = _pattern(_VALUE, _STATUS_NAMES, _STATUS_LAST, "(?P<p>)")


@lru_cache(maxsize=PREFIXES_MAX)
def _well(prefix: bytes) -> re.Pattern[bytes]:
    """Give the pattern of a channel all of whose values are on their lines."""
    return _pattern(_LINE, _NAMES, _LAST, prefix.decode(), prefix.decode())


def whole(block: bytes) -> bool:
    """Whether every channel in the message has all its lines, one value a line."""
    place = block.find(_STATE)
    while place >= 0:
        found = _WELL.match(block, place - 2)  # nearly every channel has no prefix
        if found is None:
            line = block.rfind(b"\r\n", 0, place)
            prefix = block[line + 2 : place]
            if not prefix or prefix.isalnum():
                found = _well(prefix).match(block, line)
                if found is None:
                    return False
        place = block.find(_STATE, place + 1 if found is None else found.end())
    return not block.startswith(_STATUS) or _STATUS_WELL.search(block) is not None


def closed(text: bytes) -> bool:
    """Whether no number can be going on at the end of the text, be there messages in it or parts of them.

    The last `CLOSED_BYTES` of it are enough. False says nothing: then the messages have to be looked at.
    """
    start = max(0, len(text) - NUMBER_BYTES_MAX)
    if text.find(_NUMBER, max(0, start - len(_NUMBER) + 1)) >= 0:
        return False
    exten = text.rfind(_EXTEN, max(0, start - len(_EXTEN) + 1))
    return exten < 0 or _AFTER_EXTEN.match(text, exten) is not None


def mend(block: bytes) -> bytes | None:
    """Give the message with the line ends in its values made blanks; None if a channel's lines are not all there."""
    mended = _LOOSE.sub(_flatten, block)
    if mended.startswith(_STATUS):
        mended = _STATUS_LOOSE.sub(_flatten, mended, count=1)
    return mended if whole(mended) else None


def _flatten(match: re.Match[bytes]) -> bytes:
    """Give the lines again, each value on its own."""
    prefix, *values = match.groups()
    names, last = (_NAMES, _LAST) if len(values) == len(_NAMES) else (_STATUS_NAMES, _STATUS_LAST)
    pairs = zip(names, values, strict=True)
    lines = (b"%s%s: %s" % (prefix, name.encode(), _LINE_END.sub(b" ", value)) for name, value in pairs)
    return b"\r\n%s\r\n%s%s: " % (b"\r\n".join(lines), prefix, last.encode())
