"""What /proc/dahdi/<span> tells beside sysfs: how often the wire went wrong.

Source: `dahdi_seq_show` in drivers/dahdi/dahdi-base.c of DAHDI 3.4.0. A counter that is 0 has no line there. Timing
slips are told here alone: the ioctl has no place for them.
"""

import re

import msgspec

COUNTER_MAX = 2**31 - 1
_COUNTERS = {
    "BPV count": "bpv",
    "CRC4 error count": "crc4",
    "E-bit error count": "ebit",
    "FAS error count": "fas",
    "IRQ misses": "irq_misses",
    "Timing slips": "slips",
}
_COUNTER = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9 -]{0,30}): ([0-9]{1,10})")
_HEAD = re.compile(r'Span [0-9]{1,4}: .*"(.*)"(?P<rest>[^"]*)')
_CANCELLER = re.compile(r"\s+([0-9]{1,4}) .*\(EC: ([A-Za-z0-9_-]{1,30}) - (ACTIVE|INACTIVE)\)")


class Proc(msgspec.Struct, frozen=True, kw_only=True):
    """A span's counters since it was configured, and what else only /proc tells."""

    bpv: int = 0
    "Bipolar violations."
    crc4: int = 0
    ebit: int = 0
    "CRC-4 errors that the other side has seen of ours."
    fas: int = 0
    irq_misses: int = 0
    slips: int = 0
    alarms: tuple[str, ...] = ()
    master: bool = False
    "Whether all other spans follow its clock."
    cancellers: dict[int, str] = {}
    "Channel to the name of its echo canceller."


NOTHING = Proc()
_ALARMS = ("BLUE", "YELLOW", "RED", "LOOP", "RECOVERING", "NOTOPEN")


def read_proc(text: str) -> Proc:
    """Read such a file, torn or foreign; what means nothing is left out."""
    lines = text.split("\n")
    head = _HEAD.match(lines[0])
    words = head["rest"].split() if head else []
    counters: dict[str, int] = {}
    cancellers: dict[int, str] = {}
    for line in lines[1:]:
        if (counter := _COUNTER.fullmatch(line.rstrip())) and counter[1] in _COUNTERS:
            counters[_COUNTERS[counter[1]]] = min(int(counter[2]), COUNTER_MAX)
        elif canceller := _CANCELLER.match(line):
            cancellers[int(canceller[1])] = canceller[2]
    return Proc(
        bpv=counters.get("bpv", 0),
        crc4=counters.get("crc4", 0),
        ebit=counters.get("ebit", 0),
        fas=counters.get("fas", 0),
        irq_misses=counters.get("irq_misses", 0),
        slips=counters.get("slips", 0),
        alarms=tuple(alarm for alarm in _ALARMS if alarm in words),
        master="(MASTER)" in words,
        cancellers=cancellers,
    )
