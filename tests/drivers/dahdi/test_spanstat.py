"""The ioctl that tells a span's state: its number and layout as the C compiler makes them of DAHDI's header."""

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dahdi import spanstat
from drivers.dahdi.spanstat import Asker, SpanStatError, question, read


def answer(**counters: int) -> bytes:
    """Give an answer of DAHDI 3.4.0."""
    given = {"alarms": 8, "bpv": 3, "crc4": 4, "ebit": 5, "fas": 6, "errored": 7} | counters
    head = (2, b"TE2/0/1", b"T2XXP (PCI) Card 0 Span 1", given["alarms"], 0, 0)
    counts = (given["bpv"], given["crc4"], given["ebit"], given["fas"], 1, 2, 9, 0, given["errored"])
    state = (11, 1, 30, 31, 2, 0, 1792)
    texts = (
        b"0 db (CSU)/0-133 feet (DSX-1)",
        b"PCI Bus 04 Slot 03\0junk",
        b"Digium",
        b"Wildcard TE220",
        0,
        1920,
        b"E1",
    )
    return struct.pack("=i20s40s3i4i5I7i40s40s40s40sii6s", *head, *counts, *state, *texts)


def test_its_number_and_size_are_those_of_the_header() -> None:
    """As gcc prints them of include/dahdi/user.h, DAHDI 3.4.0, on x86-64."""
    assert (spanstat.SPANSTAT, spanstat.SPANSTAT_BEFORE, spanstat.GETVERSION) == (0xC13ADA0A, 0xC128DA0A, 0x80A0DA39)
    assert len(question(1)) == len(answer()) == 314


def test_an_answer_is_read() -> None:
    """Each counter in its place; a text ends where C ends it."""
    found = read(answer())
    assert (found.number, found.name, found.alarms, found.line) == (2, "TE2/0/1", 8, "E1")
    assert (found.bpv, found.crc4, found.ebit, found.fas) == (3, 4, 5, 6)
    assert (found.framing, found.violations, found.bits, found.errored_s, found.irq_misses) == (1, 2, 9, 7, 11)
    assert (found.clock, found.configured, found.channels, found.spans) == (1, 30, 31, 2)
    assert (found.location, found.manufacturer, found.kind) == ("PCI Bus 04 Slot 03", "Digium", "Wildcard TE220")


def test_the_answer_of_an_older_driver_is_read() -> None:
    """It has no errored seconds."""
    old = struct.pack(
        "=i20s40s14i40s40s40s40sii6s2x",
        *(1, b"WCTDM/0", b"Wildcard TDM400P", 4, 0, 0, 3, 4, 5, 6, 11, 0, 4, 4, 1, 0, 0),
        *(b"", b"PCI Bus 04 Slot 03", b"Digium", b"Wildcard TDM400P REV I", 0, 0, b"FXS"),
    )
    found = read(old)
    assert (found.alarms, found.bpv, found.fas, found.errored_s, found.irq_misses, found.line) == (
        4,
        3,
        6,
        0,
        11,
        "FXS",
    )


@settings(deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_an_answer_or_refused(data: bytes) -> None:
    """Of the right length: some state with plain letters and no figure below zero; of any other: refused."""
    if len(data) in {314, 296}:
        found = read(data)
        assert found.alarms >= 0
    else:
        with pytest.raises(SpanStatError):
            read(data)


@settings(deadline=None)
@given(data=st.binary(min_size=314, max_size=314))
def test_bytes_of_an_answers_length_are_read_without_harm(data: bytes) -> None:
    """Whatever they are."""
    found = read(data)
    assert min(found.alarms, found.bpv, found.crc4, found.ebit, found.fas, found.irq_misses) >= 0
    assert all(text.isprintable() for text in (found.name, found.text, found.location, found.kind, found.line))


def test_a_file_that_is_no_card_is_refused(tmp_path: Path) -> None:
    """The kernel says that it knows no such question, and we say so; nothing stays open."""
    with pytest.raises(SpanStatError, match="No such file"):
        Asker(tmp_path / "ctl")
    (tmp_path / "ctl").write_bytes(b"")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  names are enough
    asker = Asker(tmp_path / "ctl")
    for ask in (asker.version, lambda: asker.span(1)):
        with pytest.raises(SpanStatError, match="DAHDI does not tell"):
            ask()
    asker.close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  as above
