"""The daemon's log names nobody and stays within bounds."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.logger import Logger, LogPublisher

from appliance.daemon import logs


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Say where the log is."""
    return tmp_path / "daemon.jsonl"


@pytest.fixture
def log(file: Path) -> Iterator[Logger]:
    """Open a log."""
    lines = logs.LogFile(file)
    yield Logger(observer=LogPublisher(lines), namespace="test")
    lines.close()


def test_a_line_is_an_object(log: Logger, file: Path) -> None:
    """With its time, level, place and words."""
    log.info("boot {boot}\nforged line", boot=7)
    (line,) = file.read_text().splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["from"], entry["text"]) == ("info", "test", "boot 7\nforged line")
    assert file.stat().st_mode & 0o777 == 0o600


def test_numbers_are_masked(log: Logger, file: Path) -> None:
    """However they are written."""
    for number in ("13800138000", "+44 20 7946 0018", "(020) 7946-0018"):
        log.info("from {number}", number=number)
    assert "7946" not in file.read_text()
    assert "138001" not in file.read_text()


def test_an_errors_words_are_not_kept(log: Logger, file: Path) -> None:
    """They may hold what somebody said; its class and place are."""
    try:
        int("pin 4711 of Anna")
    except ValueError:
        log.failure("it failed")
    text = file.read_text()
    assert "4711" not in text
    assert "Anna" not in text
    assert json.loads(text)["error"] == "ValueError"
    assert "test_logs.py" in json.loads(text)["places"][-1]


def test_twisted_is_heard_only_when_something_is_wrong(log: Logger, file: Path) -> None:
    """Its factories start and stop all day."""
    twisted = Logger(observer=log.observer, namespace="twisted.internet")
    twisted.info("Starting factory")
    twisted.error("something is wrong")
    assert [json.loads(line)["text"] for line in file.read_text().splitlines()] == ["something is wrong"]


def test_files_are_put_aside(log: Logger, file: Path, tmp_path: Path) -> None:
    """And the oldest go."""
    rounds = logs.FILE_BYTES_MAX * (logs.FILES_KEPT + 2) // logs.TEXT_LENGTH_MAX
    for _ in range(rounds):
        log.info("x" * logs.TEXT_LENGTH_MAX)
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == logs.FILES_KEPT + 1
    assert max(sizes) <= logs.FILE_BYTES_MAX
    assert file.exists()
