"""Panasonic DBS and DBS 824.

Source: Panasonic DBS 824 Reference Manual, section 700 (April 2000), figure 1-2 "SMDR Format CPC-S and CPC-M", whose
columns are ruled from 0 to 77; its date and time are those of the beginning. A point stands before the seconds of the
duration, `>` for a star, `<` for a number sign, and "Private" for a number that was withheld.
"""

from drivers.serial.smdr.finished import FinishedCall, Sheet, bytes_of, clock, digits, left, right

LABEL = "Panasonic DBS"
SIGNS = str.maketrans("*#", "><")
PRIVATE = "Private"


def opening(_sheet: Sheet) -> bytes:
    """Print nothing: each line has its date."""
    return b""


def line(call: FinishedCall) -> bytes:
    """Print a call in or out."""
    hours, minutes, seconds = clock(call.talk_s).split(":")
    number = digits(call.number).translate(SIGNS) or PRIVATE
    return bytes_of(
        f"{'O' if call.outgoing else 'I'} {call.began:%m/%d %H:%M:%S} {hours}:{minutes}.{seconds} "
        f"{right(digits(call.extension), 3)} {left(number, 28)} {'':10} {'':5} {call.trunk % 100:02}"
    )
