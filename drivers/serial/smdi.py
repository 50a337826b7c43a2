"""SMDI, the Simplified Message Desk Interface, on both sides of the line. Sans-I/O.

A telephone system tells a voice mail system, the *desk*, of each call that it sends there: who calls, for whom, and why
(`Call`). The desk tells which telephones have messages (`Waiting`), and hears of those that cannot be told (`Refused`).

Source: Telcordia GR-283-CORE as publicly described, and Asterisk's `res_smdi`: CR LF `MD`, three digits of the desk,
four of its terminal, a letter, the station that was called, a blank, the one that calls, a blank, CR LF EM;
`OP:MWI` or `RMV:MWI`, a blank, the station, `!` EOT; CR LF `MWI`, the station, a blank, `INV` or `BLK`, CR LF EM.
The line is 7E1 at 1,200 bit/s unless both sides agree otherwise. A message that is torn is lost: there is no answer
and no repetition in this protocol.
"""

import enum
import re
from dataclasses import dataclass

STATION_DIGITS_MAX = 10
"More does not fit into a message desk's record (`SMDI_MAX_STATION_NUM_LEN`)."
MESSAGE_BYTES_MAX = 64
"A longer run of bytes without an end is no message."
EM, EOT = b"\x19", b"\x04"


class SmdiError(ValueError):
    """What should be said cannot be said on this line."""


class Reason(enum.StrEnum):
    """Why a call comes to the desk."""

    DIRECT = "D"
    ALL = "A"
    "All calls of the station are forwarded."
    BUSY = "B"
    NO_ANSWER = "N"
    UNKNOWN = "U"


class Cause(enum.StrEnum):
    """Why a telephone's lamp was not switched."""

    INVALID = "INV"
    BLOCKED = "BLK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that the desk is about to get."""

    desk: int = 1
    terminal: int
    "The line of the desk on which it rings, from 1."
    reason: Reason
    station: str = ""
    "The telephone that was called; empty if the caller dialled the desk itself."
    caller: str = ""
    "Empty if it was withheld."


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Whether messages wait for a telephone."""

    station: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A telephone whose lamp was not switched."""

    station: str
    cause: Cause


def encode(message: Call | Waiting | Refused) -> bytes:
    """Write a message; raises `SmdiError` for what has no room in it."""
    match message:
        case Waiting(station=station, on=on):
            return f"{'OP' if on else 'RMV'}:MWI {_station(station)}!".encode("ascii") + EOT
        case Refused(station=station, cause=cause):
            return f"\r\nMWI{_station(station)} {cause}\r\n".encode("ascii") + EM
        case Call(desk=desk, terminal=terminal, reason=reason, station=station, caller=caller):
            if not 0 <= desk <= 999 or not 0 <= terminal <= 9999:  # noqa: PLR2004  as many digits have room
                raise SmdiError(f"desk {desk}, terminal {terminal}")
            if (reason is Reason.DIRECT) == bool(station):
                raise SmdiError(f"a call of reason {reason} for {station or 'no station'}")
            parties = f"{_station(station) if station else ''} {_station(caller) if caller else ''} "
            return f"\r\nMD{desk:03}{terminal:04}{reason}{parties}\r\n".encode("ascii") + EM


def _station(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= STATION_DIGITS_MAX):
        raise SmdiError(f"{text!r} is no station: 1 to {STATION_DIGITS_MAX} digits")
    return text


_DIGITS = rf"[0-9]{{1,{STATION_DIGITS_MAX}}}".encode()
_CALL = re.compile(rb"MD([0-9]{3})([0-9]{4})(?:D ?|([ABNU])(" + _DIGITS + rb") )(" + _DIGITS + rb")? ?\r?\n?")
_REFUSED = re.compile(rb"MWI(" + _DIGITS + rb") (INV|BLK)\r?\n?")
_WAITING = re.compile(rb"(OP|RMV):MWI (" + _DIGITS + rb")!")


class Listening:
    """Takes bytes as they come and gives the messages in them; what is none is counted and dropped."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._rest = b""
        self._skipping = False
        self.spoiled = 0
        "Runs of bytes that were no message."

    def receive(self, data: bytes) -> tuple[Call | Waiting | Refused, ...]:
        """Take in some bytes, cut anywhere."""
        *runs, self._rest = re.split(b"[" + EM + EOT + b"]", self._rest + data)
        found: list[Call | Waiting | Refused] = []
        for run in runs:
            message = None if self._skipping else _message(run)
            self._skipping = False
            if message is None:
                self.spoiled += 1
            else:
                found.append(message)
        if len(self._rest) > MESSAGE_BYTES_MAX:
            self._rest, self._skipping = b"", True
        return tuple(found)


def _message(run: bytes) -> Call | Waiting | Refused | None:
    """Read what stands before an end: the last of its lines, for noise may stand before."""
    bare = run.strip(b"\r\n\0")
    line = bare[max(bare.rfind(b"\n"), bare.rfind(b"\r")) + 1 :]
    if (found := _CALL.fullmatch(line)) is not None:
        desk, terminal, reason, station, caller = (part.decode("ascii") if part else "" for part in found.groups())
        why = Reason(reason) if reason else Reason.DIRECT
        return Call(desk=int(desk), terminal=int(terminal), reason=why, station=station, caller=caller)
    if (found := _WAITING.fullmatch(line)) is not None:
        return Waiting(station=found[2].decode("ascii"), on=found[1] == b"OP")
    if (found := _REFUSED.fullmatch(line)) is not None:
        return Refused(station=found[1].decode("ascii"), cause=Cause(found[2].decode("ascii")))
    return None
