"""AltiGen AltiWare OE, Call Accounting.

Source: AltiWare OE System Installation & Administration Manual, "Call Accounting Report Formats" (start and length of
each field, from column 0; a line ends with LF in column 80). Its times are those of the beginning. Our trunks have no
board, so that the board's two digits of a trunk's address are 00.
"""

from drivers.serial.smdr.finished import FinishedCall, Sheet, clock, digits, left

LABEL = "AltiGen AltiWare"
NOON = 12


def opening(_sheet: Sheet) -> bytes:
    """Print nothing: each line has its date."""
    return b""


def line(call: FinishedCall) -> bytes:
    """Print a call in or out."""
    pad = f"{call.trunk % 10_000:04}"
    began = f" {call.began:%m/%d} {call.began:%I:%M}{'P' if call.began.hour >= NOON else 'A'} {clock(call.talk_s)} "
    number, extension = digits(call.number), digits(call.extension)
    if call.outgoing:
        parties = f"{left(extension, 4)}{'':6}{left(number, 26)}{'':2}{pad}"
    else:
        parties = f"{pad}{left(number, 34)}{left(extension or digits(call.dialled), 4)}"
    return f"{began}{parties}{'':7}{'':8}\n".encode("ascii")
