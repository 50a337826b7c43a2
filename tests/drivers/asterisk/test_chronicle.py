"""The chronicle of Asterisk: read back whole, whatever callers sent, wherever a record was torn."""

import csv
import fcntl
import io
import os
import random
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.written import Page, Written
from drivers.asterisk import chronicle as chronicle_module
from drivers.asterisk.chronicle import CALLS_MAX, FIELDS, FILE, FOLDER, LINE, OPEN_MAX, Chronicle
from tests.hostile import HOSTILE

BORN = 1_795_328_220
SECOND = 1_000_000
BY_CALLER = '{"hangupcause":16,"hangupsource":"PJSIP/carrier-00000001","dialstatus":""}'
ANSWERED = '{"hangupcause":16,"hangupsource":"","dialstatus":"ANSWER"}'


def row(*fields: object) -> bytes:
    """Write a record as Asterisk does: all fields quoted, quotes doubled."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(fields)
    return text.getvalue().encode(errors="surrogatepass")


def birth(number: int = 1, *, channel: str = "PJSIP/carrier-00000001", dialled: str = "2004") -> bytes:
    """Write that a caller's channel was born."""
    own = f"main-{BORN}.{number}"
    return row(
        *("CHAN_START", f"{BORN}.250000", own, own),
        *(dialled, channel, "", "from-trunk", "5551234", "", "Cara", ""),
    )


def end(  # noqa: PLR0913  a record has as many fields
    number: int = 1,
    *,
    context: str = "sr-caller",
    channel: str = "PJSIP/carrier-00000001",
    exten: str = "s",
    dialled: str = "2004",
    caller: str = "5551234",
    name: str = "Cara",
    userfield: str = "",
    extra: str = BY_CALLER,
    uniqueid: str = "",
    linkedid: str = "",
) -> bytes:
    """Write that it ended, ten seconds later."""
    own = uniqueid or f"main-{BORN}.{number}"
    return row(
        *("HANGUP", f"{BORN + 10}.500000", own, linkedid or own, exten, channel, dialled, context),
        *(caller, userfield, name, extra),
    )


def written(home: Path, *records: bytes) -> Chronicle:
    """Let an Asterisk in `home` have written some records, and make a part of them."""
    (home / FOLDER).mkdir(parents=True, exist_ok=True)
    (home / FOLDER / FILE).write_bytes(b"".join(records))
    chronicle = Chronicle(home)
    chronicle.turn(0)
    return chronicle


def all_of(chronicle: Chronicle, part: int = 1) -> list[Written]:
    """Read a part to its end."""
    calls, page = list[Written](), Page(part=part, offset=0, whole=False)
    while not page.whole:
        page = chronicle.read(part, page.offset)
        calls += page.calls
    return calls


def test_a_call_is_read_by_its_birth_and_its_end(tmp_path: Path) -> None:
    """Give when it came and went, by which trunk, for whom, from whom, and who ended it."""
    (call,) = all_of(written(tmp_path, birth(), end()))
    assert call == Written(
        uniqueid=f"main-{BORN}.1",
        began=BORN * SECOND + 250_000,
        ended=(BORN + 10) * SECOND + 500_000,
        code=16,
        by_caller=True,
        endpoint="carrier",
        dialled="2004",
        number="5551234",
        name="Cara",
        end=len(birth()) + len(end()),
    )


def test_an_end_alone_is_enough(tmp_path: Path) -> None:
    """Know the second of birth by the id; who did not hang up is not said to have."""
    (call,) = all_of(written(tmp_path, end(extra=ANSWERED)))
    assert (call.began, call.by_caller, call.answered) == (BORN * SECOND, False, False)
    (call,) = all_of(written(tmp_path / "odd", end(extra="")))
    assert (call.code, call.by_caller) == (0, False)


def test_the_fall_back_and_emergency_calls_are_told_as_such(tmp_path: Path) -> None:
    """Say which route a call took, when, and whether somebody was reached."""
    phone = "PJSIP/101-00000001"
    chronicle = written(
        tmp_path,
        end(1, context="sr-fall-back", userfield=str(BORN + 4), extra=ANSWERED),
        end(2, context="sr-fall-back", userfield="x"),
        end(3, context="sr-emergency", channel=phone, exten="112", dialled="9112", extra=ANSWERED),
        end(4, context="sr-outside", channel=phone, dialled="95550199"),
        end(5, context="phone-inside", channel=phone, exten="102", dialled=""),
    )
    told = [(one.route, one.routed, one.answered, one.sure, one.dialled) for one in all_of(chronicle)]
    assert told == [
        ("fall_back", (BORN + 4) * SECOND, True, True, "2004"),
        ("fall_back", 0, False, True, "2004"),
        ("emergency", 0, True, True, "112"),
        ("", 0, False, False, "95550199"),
        ("", 0, False, False, "102"),
    ]


def test_what_is_no_call_of_a_customer_is_left_out(tmp_path: Path) -> None:
    """Leave out legs that others made, those with ids of ours, stand-ins, and channels that are no telephones."""
    chronicle = written(
        tmp_path,
        end(1, linkedid=f"main-{BORN}.7"),
        end(uniqueid="o-000001-00000003"),
        end(2, channel="Surrogate/PJSIP/carrier-00000001"),
        end(3, channel="Local/x@y-00000001;1"),
        end(4),
    )
    assert [call.uniqueid for call in all_of(chronicle)] == [f"main-{BORN}.4"]


@pytest.mark.parametrize("value", HOSTILE)
def test_what_callers_send_is_text_and_nothing_else(tmp_path: Path, value: str) -> None:
    """Give back every value, in every field that a caller chooses, and the call after it."""
    sent = value.replace("\0", "")
    hostile = end(1, dialled=sent, caller=sent, name=sent, exten=sent)
    first, second = all_of(written(tmp_path, hostile, end(2)))
    shown = sent.encode(errors="surrogatepass").decode(errors="replace")
    assert (first.dialled or "s", first.number) == (shown or "s", shown)
    assert second.uniqueid == f"main-{BORN}.2"


@pytest.mark.parametrize("field", ["dialled", "caller", "name", "exten"])
def test_a_record_within_a_name_is_none(tmp_path: Path, field: str) -> None:
    """Take a whole record, torn or not, that a caller sends as a name for a name."""
    forged = end(9).decode()
    for sent in (forged, f"\n{forged}", forged[:40], '"', '","', f'","{forged}', f'""\n{forged}', "HANGUP", '"HANGUP'):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        record = end(1, **{field: sent})
        told = all_of(written(folder, record, end(2)))
        assert [call.uniqueid for call in told] == [f"main-{BORN}.1", f"main-{BORN}.2"], sent
    fields = dict.fromkeys(("exten", "dialled", "caller", "name"), "HANGUP")
    told = all_of(written(tmp_path / "all", end(1, **fields), end(2)))
    assert [call.uniqueid for call in told] == [f"main-{BORN}.1", f"main-{BORN}.2"]


def test_a_torn_record_takes_no_other_with_it(tmp_path: Path) -> None:
    """Cut a record at every byte: it is left out unless it is whole, and the one after it is read."""
    record = end(1, name='Ca"ra, "x"')
    for cut in range(1, len(record)):
        chronicle = written(tmp_path / str(cut), birth(3), record[:cut], end(2))
        told = [call.uniqueid for call in all_of(chronicle)]
        expected = [f"main-{BORN}.1", f"main-{BORN}.2"] if record[:cut] == record[:-1] else [f"main-{BORN}.2"]
        assert told == expected, record[:cut]


def test_rubbish_is_counted_and_passed_over(tmp_path: Path) -> None:
    """Read on behind bytes that are no record, many of them too."""
    rubbish = random.Random(7).randbytes(300_000)  # noqa: S311  a game, and one that must repeat
    chronicle = written(tmp_path, rubbish, b"\n", end(1), b'"HANGUP","1.000000","x', end(2))
    calls, torn, page = list[Written](), 0, Page(part=1, offset=0, whole=False)
    while not page.whole:
        page = chronicle.read(1, page.offset)
        calls += page.calls
        torn += page.torn
    assert [call.uniqueid for call in calls] == [f"main-{BORN}.1", f"main-{BORN}.2"]
    assert torn > 1
    bad = row("HANGUP", "1.000000", *["x"] * 9, "{no json")
    assert all_of(written(tmp_path / "json", bad)) == []


def test_reading_goes_on_from_every_place_that_was_told(tmp_path: Path) -> None:
    """Give each call once, in pages; begun anew at any page's end, the rest and nothing else."""
    count = 3 * CALLS_MAX + 5
    records = [piece for number in range(count) for piece in (birth(number), end(number))]
    chronicle = written(tmp_path, *records)
    pages, page = list[Page](), Page(part=1, offset=0, whole=False)
    while not page.whole:
        page = chronicle.read(1, page.offset)
        pages.append(page)
    assert [len(page.calls) for page in pages] == [CALLS_MAX, CALLS_MAX, CALLS_MAX, 5]
    names = [call.uniqueid for page in pages for call in page.calls]
    assert names == [f"main-{BORN}.{number}" for number in range(count)]
    for number, page in enumerate(pages[:-1], 1):
        again = Chronicle(tmp_path)
        assert again.read(1, page.offset).calls[0].uniqueid == names[number * CALLS_MAX]


def test_the_work_of_reading_grows_with_what_is_written(tmp_path: Path) -> None:
    """Counted in calls of functions: for four times as many records about four times as many."""
    worked: list[int] = []
    for count in (3 * CALLS_MAX, 12 * CALLS_MAX):
        chronicle = written(tmp_path / str(count), *(end(number) for number in range(count)))
        steps = [0]

        def step(_frame: object, _event: str, _argument: object, steps: list[int] = steps) -> None:
            steps[0] += 1

        sys.setprofile(step)
        told = all_of(chronicle)
        sys.setprofile(None)
        assert len(told) == count
        worked.append(steps[0])
    assert worked[1] < 4.5 * worked[0], worked


def test_a_page_ends_though_nothing_in_it_is_a_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call says where whoever knows it reads on, and the last one of a page is the page's own end."""
    monkeypatch.setattr(chronicle_module, "PAGE_BYTES_MAX", 2_000)
    others = [end(number, linkedid=f"main-{BORN}.0") for number in range(1, 40)]
    chronicle = written(tmp_path, *others, end(40), end(41))
    page = chronicle.read(1, 0)
    assert (page.calls, page.whole) == ((), False)
    assert 2_000 <= page.offset < 2_500
    pages = [page]
    while not page.whole:
        page = chronicle.read(1, page.offset)
        pages.append(page)
    (one, other) = pages[-1].calls
    assert chronicle.read(1, one.end).calls == (other,)
    assert other.end == page.offset == len(b"".join([*others, end(40), end(41)]))


def test_parts_are_numbered_on_and_removed(tmp_path: Path) -> None:
    """Make a part of what is there, above every number that was used; nothing of nothing."""
    chronicle = written(tmp_path, end(1))
    folder = tmp_path / FOLDER
    assert chronicle.parts() == (1,)
    chronicle.turn(0)
    (folder / FILE).touch()
    chronicle.turn(0)
    assert chronicle.parts() == (1,)
    (folder / FILE).write_bytes(end(2))
    (folder / f"{FILE}.other").touch()
    chronicle.turn(7)
    assert chronicle.parts() == (1, 8)
    chronicle.remove(1)
    chronicle.remove(1)
    assert chronicle.parts() == (8,)


def test_a_part_that_is_still_written_is_left_for_later(tmp_path: Path) -> None:
    """Wait for the one record whose file Asterisk had opened when it was renamed."""
    chronicle = written(tmp_path, end(1))
    with (tmp_path / FOLDER / f"{FILE}.1").open("ab") as late:
        assert chronicle.read(1, 0) == Page(part=1, offset=0, whole=False)
        late.write(end(2))
    assert [call.uniqueid for call in all_of(chronicle)] == [f"main-{BORN}.1", f"main-{BORN}.2"]


def test_calls_that_the_exchange_took_with_it_are_told(tmp_path: Path) -> None:
    """Tell, once it is known to have been restarted, those that were born before and neither ended nor live."""
    chronicle = written(tmp_path, birth(1), birth(2), birth(3), end(2), birth(4, channel="Local/x-1"))
    all_of(chronicle)
    assert chronicle.cut_off(1, 99) is None
    found = (BORN + 60) * SECOND
    chronicle.cut(found, frozenset({f"main-{BORN}.3"}))
    page = chronicle.cut_off(1, 99)
    assert page is not None
    (call,) = page.calls
    assert (page.part, page.offset, page.whole) == (1, 100, True)
    assert (call.uniqueid, call.began, call.ended, call.cut) == (
        f"main-{BORN}.1",
        BORN * SECOND + 250_000,
        found,
        True,
    )
    chronicle.cut(found, frozenset({f"main-{BORN}.3"}))
    assert chronicle.cut_off(1, 100) is None
    chronicle.cut(BORN * SECOND, frozenset())
    assert chronicle.cut_off(1, 100) is None, "it was born after the look"


def test_ends_are_found_before_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of callers' legs, in every part and behind them, the oldest first; not what only looks like one."""
    assert Chronicle(tmp_path).ends() == {}
    chronicle = written(
        tmp_path, birth(), end(), end(2, linkedid="main-1.1"), end(3, name='","HANGUP","9.000000","x","x",')
    )
    (tmp_path / FOLDER / FILE).write_bytes(birth(5) + end(4) + end(5))
    assert chronicle.ends() == {f"main-{BORN}.{number}": (BORN + 10) * SECOND + 500_000 for number in (1, 3, 4, 5)}
    monkeypatch.setattr(chronicle_module, "ENDS_MAX", 2)
    assert list(chronicle.ends()) == [f"main-{BORN}.{number}" for number in (1, 3)]
    monkeypatch.setattr(chronicle_module, "ENDS_BYTES_MAX", len(birth()) + len(end()))
    assert list(chronicle.ends()) == [f"main-{BORN}.1"]
    assert len(all_of(chronicle)) == 2


def test_births_are_remembered_within_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the oldest; their ends are told all the same."""
    assert OPEN_MAX > 1_000
    monkeypatch.setattr(chronicle_module, "OPEN_MAX", 2)
    chronicle = written(tmp_path, *(birth(number) for number in range(4)), *(end(number) for number in range(4)))
    began = [call.began % SECOND for call in all_of(chronicle)]
    assert began == [0, 0, 250_000, 250_000]


def test_the_line_of_the_configuration_has_all_fields() -> None:
    """Quote every field; no two that a caller chooses stand side by side."""
    assert LINE.count("${CSV_QUOTE(") == len(FIELDS) == 12
    chosen = {"${CHANNEL(exten)}", "${CALLERID(dnid)}", "${CALLERID(num)}", "${CALLERID(name)}"}
    assert not any(one in chosen and other in chosen for one, other in pairwise(FIELDS))


def test_a_file_system_without_leases_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read at once where the system gives no lease."""

    def refuse(*_arguments: Iterable[object]) -> int:
        raise OSError(22, os.strerror(22))

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    assert len(all_of(written(tmp_path, end(1)))) == 1
