"""Many calls that Asterisk alone knew: what is written of them grows with their number, and they are told in small."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_twisted
from ZODB.FileStorage.FileStorage import FileIterator

from appliance.core import facts
from appliance.daemon.chronicles import TOLD_AT_ONCE
from drivers.asterisk.chronicle import CALLS_MAX, FILE, FOLDER, Chronicle
from tests.daemon.real import Box, Zeo
from tests.drivers.asterisk.test_chronicle import birth, end

FEW, MANY = CALLS_MAX, 4 * CALLS_MAX


@pytest_twisted.async_yield_fixture()
async def writing(zeo: Zeo, tmp_path: Path) -> AsyncIterator[Box]:
    """Run a daemon whose exchange has written down what it alone knows."""
    assert zeo.process.poll() is None
    (tmp_path / "asterisk" / FOLDER).mkdir(parents=True)
    wrote(tmp_path, range(FEW))
    box = Box(tmp_path)
    box.exchange.chronicle = Chronicle(tmp_path / "asterisk")
    await box.daemon.start(box.boot)
    yield box
    await box.stop()


def wrote(home: Path, calls: range) -> None:
    """Let Asterisk have written down so many strangers' calls, which are over."""
    records = b"".join(birth(number) + end(number, caller=f"7{number:09}") for number in calls)
    (home / "asterisk" / FOLDER / f"{FILE}.{calls.start + 1}").write_bytes(records)


def commits(home: Path) -> int:
    """Count the commits in which callers were recognised."""
    return sum(record.description == b"parties" for record in FileIterator(str(home / "store" / "people.fs")))


@pytest_twisted.ensureDeferred
async def test_four_times_as_many_calls_cost_four_times_as_much(writing: Box) -> None:
    """Commits and facts; and no fact tells of more than the reactor may be kept by."""
    told: list[facts.CallsTold] = []
    hub, folder = writing.daemon.hub, writing.home / "asterisk" / FOLDER
    hub.listen(lambda row, _: told.append(row.fact) if isinstance(row.fact, facts.CallsTold) else None)
    await writing.until(lambda: not any(folder.iterdir()))
    first = hub.counts["calls-told"]
    before = commits(writing.home)
    assert (before, first) == (1, 1 + FEW // TOLD_AT_ONCE), "with the one of the beginning"
    wrote(writing.home, range(FEW, FEW + MANY))
    await writing.until(lambda: not any(folder.iterdir()))
    assert commits(writing.home) - before == MANY // FEW
    assert hub.counts["calls-told"] - first == MANY // TOLD_AT_ONCE
    assert max(len(fact.calls) for fact in told) == TOLD_AT_ONCE
    places = [(fact.part, fact.offset) for fact in told]
    assert places == sorted(set(places)), "each goes on where the one before has ended"
