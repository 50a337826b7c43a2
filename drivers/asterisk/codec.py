"""What the AMI and the AGI codec share: whose fault an error is, the limits, and what may stand in a line.

The codecs are sans-I/O: bytes go in and frozen messages come out, commands go in and bytes come out. They know no
socket, no clock and no reactor, so every test of them is a function call.

A peer may send any bytes in any chunks: what is wrong raises `RemoteProtocolError` and nothing else, after all that
came before it was handed out. A caller of ours may hand over any text: what could end a line early raises
`LocalProtocolError` and changes nothing.
"""

import re

LINE_BYTES_MAX = 8_192
"The longest line that we read or write, without its end; Asterisk's own AGI buffer has this size."

_FORBIDDEN = re.compile("[\r\n\0]").search


class ProtocolError(Exception):
    """Something that the protocol does not allow."""


class LocalProtocolError(ProtocolError):
    """We asked for something that cannot be said; nothing was sent and nothing changed."""


class RemoteProtocolError(ProtocolError):
    """The peer said something that cannot be understood; the connection is of no more use."""


def clean(value: str | int, *, what: str) -> str:
    r"""Give the value as text that cannot end a line: CR, LF and NUL are refused, never dropped.

    `what` names the value in the message; the value itself is not shown, because it may be a digit of a PIN.
    """
    text = str(value)
    if _FORBIDDEN(text):
        raise LocalProtocolError(f"{what} has a line end or a NUL in it")
    return text


def encode(text: str, *, what: str, bytes_max: int) -> bytes:
    """Give the line as UTF-8; raise `LocalProtocolError` if it is too long or has half a surrogate pair in it."""
    try:
        line = text.encode()
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"{what} cannot be written in UTF-8") from error
    if len(line) > bytes_max:
        raise LocalProtocolError(f"{what} is {len(line)} bytes long; at most {bytes_max} fit in a line")
    return line
