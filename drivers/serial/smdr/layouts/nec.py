"""NEC SL1000 and SL1100, also Aspire and Electra Elite IPK II, without date in the line.

Source: NEC SL1100 Features and Specifications Manual, issue 2.0, table 1-67 "SMDR Report Format with PRG 35-02-14 Set
to '0'" (columns from 1), and the sample in the SL1000's: a call without answer has neither duration nor station. A
line has the time of day alone, so that the manual's two head lines begin each day.
"""

from drivers.serial.smdr.finished import FinishedCall, Sheet, bytes_of, clock, digits, left

LABEL = "NEC SL1000, SL1100, Aspire"
NO_ANSWER = "NO ANSWER"


def opening(sheet: Sheet) -> bytes:
    """Print the two head lines and the empty one."""
    first = f"{'':60}{sheet.day:%m/%d/%Y} PAGE {sheet.page % 1000:03}"
    second = f"CLASS TIME{'':4}LINE{'':4}DURATION{'':2}STATION{'':5}DIALLED No./CLI{'':4}ACCOUNT"
    return bytes_of(first) + bytes_of(second) + b"\n"


def line(call: FinishedCall) -> bytes:
    """Print a call in or out."""
    duration = clock(call.talk_s) if call.answered else ""
    station = digits(call.extension) if call.answered else ""
    return bytes_of(
        f"{'POT' if call.outgoing else 'PIN':4} {call.began:%H:%M} {call.trunk % 1000:03}{'':7} {duration:8} "
        f"{left(station, 10)} {left(digits(call.number), 20)} {'' if call.answered else NO_ANSWER:16}"
    )
