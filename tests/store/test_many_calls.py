"""Lists of calls over many chunks: only what a page needs is read, and every call comes once."""

from collections.abc import Callable, Iterator

import pytest

from appliance.commands.calls import FIRST, found, parts
from appliance.core.cdr import CDR
from appliance.store.ahead import AheadStorage
from appliance.store.batches import CHUNK
from appliance.store.ledger import SOME
from appliance.store.reader import Calls, Query, Reader
from tests.store.calls import a_year, by_end, filed_away
from tests.store.stand import Zeo

CHUNKS = 6
LOOSE = 300
SHEETS = 3
"Of a chunk."


@pytest.fixture(scope="module")
def calls() -> list[CDR]:
    """Give six chunks of calls, one page, and some that are in their batch."""
    return by_end(a_year(CHUNKS * CHUNK + LOOSE, length_s=60 * 86_400))


@pytest.fixture(scope="module")
def filed(calls: list[CDR], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zeo]:
    """Run a ZEO process that has them."""
    process = Zeo(tmp_path_factory.mktemp("many"))
    filed_away(process.folder, calls)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def loads(filed: Zeo) -> Iterator[Callable[[Query], tuple[Calls, int]]]:
    """Ask, with nothing in any cache; gives the answer and how many objects the process was asked for."""
    told = AheadStorage(
        str(filed.socket), "journal", cache_size=1 << 20, wait_timeout=5.0, read_only=True, server_sync=False
    )

    def count() -> int:
        status: dict[str, int] = told._server.call("server_status")  # type: ignore[assignment]  # it waits  # noqa: SLF001  ZEO has no public word for it
        return status["loads"]

    def asked(query: Query) -> tuple[Calls, int]:
        reader = filed.reader()
        reader.count()
        before = count()
        answer = reader.calls(query)
        after = count()
        reader.close()
        return answer, after - before

    yield asked
    told.close()


def test_a_page_reads_the_chunks_that_it_needs(loads: Callable[[Query], tuple[Calls, int]], calls: list[CDR]) -> None:
    """The newest none at all, the next page's one, a day's those of the day; a search the sheets that it looks at."""
    newest, read = loads(Query(size=20))
    assert [listed.cdr for listed in newest.calls] == calls[: -20 - 1 : -1]
    few = read
    beyond, read = loads(Query(size=20, before=CHUNKS * CHUNK + 1))
    assert [listed.cdr for listed in beyond.calls] == calls[CHUNKS * CHUNK - 20 : CHUNKS * CHUNK][::-1]
    assert read <= few + SHEETS
    middle = calls[2 * CHUNK + CHUNK // 2]
    day = Query(size=20, since=middle.began - 3_600_000_000, until=middle.began)
    within, read = loads(day)
    assert [listed.cdr for listed in within.calls] == [
        cdr for cdr in reversed(calls) if day.since <= cdr.began < day.until
    ][:20]
    assert read <= few + 2 * SHEETS, "a chunk's times reach into its neighbour's"
    nobody, read = loads(Query(agent="nobody"))
    assert (nobody.calls, nobody.scanned) == ((), len(calls))
    assert read <= few + SHEETS * CHUNKS
    assert read >= 2 * CHUNKS, "and what it looks at is really read"
    assert CHUNKS < SOME, "the last chunks are asked for together, though they are few"


def test_the_command_gives_every_call_once_and_a_few_at_first(filed: Zeo, calls: list[CDR]) -> None:
    """Page by page, from the newest to the oldest; so many and no more."""
    reader: Reader = filed.reader()
    assert [listed.cdr for listed in found(reader, Query(), 1_000_000)] == calls[::-1]
    assert [listed.ordinal for listed in found(reader, Query(queue="sales"), 5_000)] == [
        ordinal for ordinal, cdr in reversed(list(enumerate(calls, 1))) if cdr.queue == "sales"
    ][:5_000]
    long_us = 900_000_000
    assert [listed.cdr for listed in found(reader, Query(longer_us=long_us), 1_000_000)] == [
        cdr for cdr in reversed(calls) if cdr.ended - cdr.began > long_us
    ]
    reader.close()
    numbers = iter(range(FIRST + 10))
    first, rest = parts(numbers)
    assert (len(first), rest) == (FIRST, list(range(FIRST, FIRST + 10)))
