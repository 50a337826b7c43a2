"""Logs as one list: each form of line, the order of time, and bytes that would do harm."""

from datetime import UTC
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from appliance.logbook import LINE_MAX, READ_BYTES_MAX, Entry, Wanted, entries, parsed, tail


def write(home: Path, name: str, data: bytes) -> None:
    """Put a log in its place."""
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_bytes(data)


def test_lines_of_all_parts_stand_in_the_order_of_time(tmp_path: Path) -> None:
    """Each program writes time and level in a way of its own."""
    write(
        tmp_path,
        "log/daemon.jsonl",
        b'{"at":"2026-11-22T10:00:02.000+00:00","level":"warn","from":"door","text":"two"}\n',
    )
    write(tmp_path, "asterisk/log/messages", b"[2026-11-22 10:00:01.500] NOTICE[7] loader.c: one\n  and more of it\n")
    write(tmp_path, "log/nginx.log", b"2026/11/22 10:00:04 [error] 7#7: four\n")
    write(tmp_path, "log/web.log", b"[2026-11-22 11:00:03 +0100] [7] [INFO] three\n")
    write(tmp_path, "log/access.log", b"2026-11-22T11:00:05+01:00 GET /five 200 1 0.001\n")
    found = entries(tmp_path, Wanted(), zone=UTC)
    assert found.pop() == Entry(at_us=1_795_341_605_000_000, part="nginx", level="info", text="GET /five 200 1 0.001")
    assert [(one.part, one.level, one.text.split()[-1]) for one in found] == [
        ("asterisk", "info", "one"),
        ("asterisk", "info", "it"),
        ("daemon", "warning", "two"),
        ("web", "info", "three"),
        ("nginx", "error", "four"),
    ]
    assert [one.text for one in entries(tmp_path, Wanted(level="error"), zone=UTC)] == ["[error] 7#7: four"]
    assert [one.part for one in entries(tmp_path, Wanted(part="web"), zone=UTC)] == ["web"]
    assert [one.part for one in entries(tmp_path, Wanted(words=("two", "three")), zone=UTC)] == ["daemon", "web"]
    assert len(entries(tmp_path, Wanted(), limit=2, zone=UTC)) == 2


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    """And of a long line its beginning; what would move a cursor or turn the text does not."""
    write(tmp_path, "log/zeo.log", b"x" * 200 + b"\n" + b"y" * READ_BYTES_MAX + b"\nlast\x1b[2J\xff\xe2\x80\xaeend\n")
    *_, last = tail(tmp_path / "log/zeo.log")
    assert last == "last\ufffd[2J\ufffd\ufffdend"
    assert all(len(line) <= LINE_MAX for line in tail(tmp_path / "log/zeo.log"))
    assert list(tail(tmp_path / "log/nothing")) == []


@given(st.lists(st.text(max_size=80) | st.just('{"at": 1}') | st.just("[9999-99-99 10:00:00] x")))
def test_whatever_stands_in_a_log_is_read(lines: list[str]) -> None:
    """One entry a line, whatever it is."""
    assert len(list(parsed("web", lines, UTC))) == len(lines)
