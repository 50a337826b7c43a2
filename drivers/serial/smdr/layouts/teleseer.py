"""Avaya and Lucent DEFINITY, TELESEER.

Source: DEFINITY ECS Release 8.2 Administrator's Guide (555-233-506), table 27 "CDR Data format - TELESEER" (columns
from 1; three NULs end a record), its date record, and table 45 "Condition Codes": 9 is a call in, A a call out, 4 one
of ten hours or more, whose duration is 9 hours 59.9 minutes. The time is that of the call's end. Of a calling number
the last five digits have room. The tables do not say on which side of its columns a number stands: ours end there.
"""

from drivers.serial.smdr.finished import FinishedCall, Sheet, digits, right

LABEL = "Avaya, Lucent DEFINITY (TELESEER)"
END = b"\r\n\0\0\0"
TENTHS_MAX = 10 * 600 - 1
"Of minutes: just below ten hours."


def opening(sheet: Sheet) -> bytes:
    """Print the date record."""
    return f"{sheet.day:%m%d}".encode("ascii") + END


def line(call: FinishedCall) -> bytes:
    """Print a call in or out."""
    talked = max(0, call.talk_s) // 6
    tenths = min(talked, TENTHS_MAX)
    condition = "4" if talked > TENTHS_MAX else "A" if call.outgoing else "9"
    number, ours = digits(call.number), digits(call.extension or call.dialled)
    dialled, calling = (number, ours) if call.outgoing else (ours, number)
    circuit = f"{call.trunk % 1000:03}"
    incoming, outgoing = ("", circuit) if call.outgoing else (circuit, "")
    text = (
        f"{'':3}{call.ended:%H%M}{tenths // 600}{tenths // 10 % 60:02}{tenths % 10}{condition}{'':3}{'':3}"
        f"{right(dialled, 15)}{right(calling, 5)}{'':15}{'':1}{'':1}{incoming:3}{outgoing:3}{'':1}{'':7}{'':7}"
    )
    return text.encode("ascii") + END
