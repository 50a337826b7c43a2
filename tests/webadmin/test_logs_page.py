"""The log page: what is asked for, and what stands in a log from outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile import HOSTILE, MARK
from tests.webadmin.conftest import Pages


@pytest.fixture
def log(pages: Pages) -> Iterator[Path]:
    """Write two logs into the box's home; gone after the test."""
    home = pages.media.parent
    files = (home / "log/daemon.jsonl", home / "log/nginx.log")
    files[0].parent.mkdir(exist_ok=True)
    files[0].write_text('{"at":"2026-11-22T10:00:00+00:00","level":"error","from":"door","text":"it broke"}\n')
    files[1].write_bytes(b"2026/11/22 10:00:01 [error] 7#7: " + "\n".join(HOSTILE).encode("utf-8", "surrogatepass"))
    yield home
    for file in files:
        file.unlink()


def test_lines_are_found_and_do_no_harm(pages: Pages, log: Path) -> None:
    """By part, level, text; nothing in a log is markup."""
    assert log.is_dir()
    text = pages.get("/system/logs", "administrator").text
    assert "it broke" in text
    assert not any(word in text for word in HOSTILE if "<" in word and MARK in word)
    assert "it broke" not in pages.get("/system/logs?part=nginx", "administrator").text
    assert "it broke" in pages.get("/system/logs?text=IT+BROKE&level=error", "administrator").text
    assert "it broke" not in pages.get("/system/logs?call=nothing", "administrator").text
    assert 'hx-trigger="every 2s"' in pages.get("/system/logs?follow=y", "administrator", language="zh").text


def test_a_call_is_found_by_its_leg(pages: Pages, log: Path) -> None:
    """An exchange knows a call by its channel alone."""
    found = pages.reader.call(pages.interactions[0])
    assert found is not None
    (log / "log/nginx.log").write_text(f"2026/11/22 10:00:01 [info] {found.cdr.leg.uniqueid} rang\n")
    assert "rang" in pages.get(f"/system/logs?call={pages.interactions[0]}", "administrator").text
