"""The presser: a process that reads full pages of the list of calls and puts them into columns.

Run as `python -m appliance.store.presser --uri URI`. It only reads; what is to be stored it writes to its standard
output as a row of messages, each with its length before it, and the daemon's writer stores them. So neither numpy nor
the work of squeezing is in the daemon, whose reactor shares a lock with all its threads.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np

from appliance.store.batches import CHUNK, PAGES_A_CHUNK, decode_page
from appliance.store.chunks import BATCH, press
from appliance.store.guard import StoreError
from appliance.store.ledger import chunk_of
from appliance.store.link import Where, connect
from appliance.store.pressing import Entry, PressedChunk, Pressing, Sweep, framed
from appliance.store.schema import JOURNAL, JournalTables, tables
from appliance.store.upkeep import SWEPT

FAILED = 65


def work_of(journal: JournalTables) -> Iterator[Pressing]:
    """Give what can be done now: a chunk for each full set of pages, and the indexes that a chunk makes needless."""
    for number in range(journal.numbers.get(SWEPT, 0), journal.chunks.maxKey() + 1 if journal.chunks else 0):
        yield _sweep(journal, number)
    pages = list(journal.pages.keys())
    while len(pages) >= PAGES_A_CHUNK:
        taken, pages = pages[:PAGES_A_CHUNK], pages[PAGES_A_CHUNK:]
        number = taken[0] // PAGES_A_CHUNK
        calls = [cdr for page in taken for cdr in decode_page(journal.pages[page][2].data)]
        if len(calls) != CHUNK or taken[0] != number * PAGES_A_CHUNK:
            return
        batches = [journal.interactions.get(cdr.interaction, 0) for cdr in calls]
        entries = tuple(Entry(cdr.interaction, batch, cdr.party) for cdr, batch in zip(calls, batches, strict=True))
        yield PressedChunk(number=number, chunk=press(calls, batches))
        yield Sweep(number=number, entries=entries)


def _sweep(journal: JournalTables, number: int) -> Sweep:
    chunk = chunk_of(journal, number)
    rows = np.arange(chunk.rows)
    names, parties = chunk.texts("interaction", rows), chunk.texts("party", rows)
    entries = zip(names, chunk.ints(BATCH).tolist(), parties, strict=True)
    return Sweep(number=number, entries=tuple(Entry(str(name), batch, str(party)) for name, batch, party in entries))


def run(uri: str, out: BinaryIO) -> None:
    """Write what can be done now; raises `StoreError`."""
    database = connect(Where(uri=uri, storage=JOURNAL, read_only=True, wait_s=10.0))
    connection = database.open()
    try:
        for message in work_of(tables(connection.root(), JournalTables)):
            out.write(framed(message))
            out.flush()
            connection.cacheMinimize()
    finally:
        connection.close()
        database.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process; a failure is one line on stderr."""
    parser = argparse.ArgumentParser(prog="appliance.store.presser", description=__doc__)
    parser.add_argument("--uri", required=True, help="where the journal is")
    os.nice(10)
    try:
        run(parser.parse_args(arguments).uri, sys.stdout.buffer)
    except BrokenPipeError:  # who asked is gone
        return FAILED
    except StoreError as error:
        sys.stderr.write(f"presser: {error}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
