"""Toshiba Strata CTX.

Source: Toshiba Strata CTX Installation and Maintenance Manual (06/04), table 12-4 "SMDR Record Format (Software Release
1.03)" (columns from 1) and its samples; the lines' ends, after columns 91 and 62, are those that the TeleVantage SMDR
service prints. The time is that of the call's end. A call in has a second line with the caller's number and the number
that was called. All our trunks are line group 001 and have no B channel.
"""

from drivers.serial.smdr.finished import FinishedCall, Sheet, bytes_of, clock, digits, left, right

LABEL = "Toshiba Strata CTX"
RECORDS = 128
"Record numbers count from 000 to 127."
NODE = "00"


def opening(_sheet: Sheet) -> bytes:
    """Print nothing: each line has its date."""
    return b""


def line(call: FinishedCall) -> bytes:
    """Print a call in or out."""
    trunk = f"T001{call.trunk % 1000:03}00"
    station = f"DN{digits(call.extension)[-7:]}" if call.extension else ""
    origin, end = (station, trunk) if call.outgoing else (trunk, station)
    first = (
        f"{'N' if call.answered else 'B'} {call.ordinal % RECORDS:03} {NODE:6} {left(origin, 9)} {left(end, 9)} "
        f"{call.ended:%m/%d %H:%M:%S} {clock(call.talk_s)}.0 "
        f"{left(digits(call.number) if call.outgoing else '', 32)}"
    )
    if call.outgoing:
        return bytes_of(first)
    number = digits(call.number)
    caller = f"C{number[-16:]}" if number else ""
    return bytes_of(first) + bytes_of(
        f" &{left(caller, 17)} {'':4} {'':13} {right(digits(call.dialled), 7)} {'':7} {'':7}"
    )
