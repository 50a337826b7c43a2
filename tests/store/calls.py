"""Finished calls by the thousand, as a contact centre has them; one seed makes one year."""

import random
from collections.abc import Iterator
from pathlib import Path

from transaction import TransactionManager

from appliance import api
from appliance.core import effects, facts
from appliance.core.cdr import CDR, Outcome, Segment, Stretch
from appliance.core.facts import Leg
from appliance.store.batches import CHUNK, PAGE, Bound, encode_bound, encode_page
from appliance.store.chunks import press
from appliance.store.durable import DurableStorage
from appliance.store.guard import GuardedDB
from appliance.store.pressing import PressedChunk
from appliance.store.schema import JOURNAL, JournalTables, Sheet, lay_out, position, tables
from appliance.store.upkeep import SWEPT, keep_chunk
from tests.store.stand import BEGIN, SECOND

YEAR_S = 365 * 86_400
PARTIES = 200_000
AGENTS = 40


def a_year(calls: int, *, seed: int = 1, begin: int = BEGIN, length_s: float = YEAR_S) -> Iterator[CDR]:
    """Give so many calls over a stretch of time, in the order in which they arrived."""
    dice = random.Random(seed)  # noqa: S311  a test's dice
    parties = [dice.randbytes(8).hex() for _ in range(PARTIES)]
    now, minted, sequence = begin, 0, 0
    for number in range(calls):
        now += int(dice.expovariate(calls / length_s) * SECOND)
        abandoned = dice.random() < 0.06
        menu, wait = dice.randrange(4 * SECOND, 20 * SECOND), int(dice.expovariate(1 / 25) * SECOND)
        talk = 0 if abandoned else int(dice.expovariate(1 / 200) * SECOND)
        queue, agent = dice.choice(("sales", "support")), "" if abandoned else f"agent{dice.randrange(AGENTS)}"
        times = [now, now + menu, now + menu + wait, now + menu + wait + talk]
        segments = [
            Segment(stretch=Stretch.FLOW, since=times[0], until=times[1], node="welcome/menu"),
            Segment(
                stretch=Stretch.WAITING,
                since=times[1],
                until=times[2],
                queue=queue,
                outcome=Outcome.ABANDONED if abandoned else Outcome.ANSWERED,
            ),
        ]
        if not abandoned:
            segments.append(Segment(stretch=Stretch.TALKING, since=times[2], until=times[3], queue=queue, agent=agent))
        minted += 1
        first, sequence = sequence + 1, sequence + dice.randrange(20, 40)
        yield CDR(
            interaction=f"000001-{minted:08d}",
            leg=Leg("main", f"main-{now // SECOND}.{2 * number}"),
            trunk="carrier",
            number=dice.choice(("2000", "2001", "2002")),
            party=dice.choice(parties),
            began=now,
            ended=times[-1],
            outcome=Outcome.ABANDONED if abandoned else Outcome.ANSWERED,
            cause=dice.choice(("caller", "agent")),
            segments=tuple(segments),
            queue=queue,
            agent=agent,
            wait_us=wait,
            talk_us=talk,
            recording="" if abandoned else f"000001-{minted + 1:08d}",
            first=(1, first),
            last=(1, sequence),
        )
        minted += not abandoned


def by_end(calls: Iterator[CDR]) -> list[CDR]:
    """List calls in the order in which they ended."""
    return sorted(calls, key=lambda cdr: cdr.ended)


def filed_away(folder: Path, listed: list[CDR]) -> None:
    """Put calls, in the order of their ends, where the journal's upkeep puts them; `folder` is of a new store."""
    folder.mkdir(parents=True)
    database = GuardedDB(DurableStorage(str(folder / f"{JOURNAL}.fs")))
    manager = TransactionManager()
    root = database.open(manager).root()
    lay_out(root, JOURNAL)
    journal = tables(root, JournalTables)
    for number in range(len(listed) // CHUNK):
        chunk = listed[number * CHUNK : (number + 1) * CHUNK]
        for page in range(CHUNK // PAGE):
            journal.pages[number * CHUNK // PAGE + page] = (0, 0, Sheet(b""))
        keep_chunk(journal, PressedChunk(number=number, chunk=press(chunk, [(1 << 40) + cdr.last[1] for cdr in chunk])))
        journal.numbers[SWEPT] = number + 1
        manager.commit()
    rest = listed[len(listed) // CHUNK * CHUNK :]
    for place in range(0, len(rest) - PAGE + 1, PAGE):
        page_calls = rest[place : place + PAGE]
        times = (min(cdr.began for cdr in page_calls), max(cdr.ended for cdr in page_calls))
        journal.pages[(len(listed) - len(rest) + place) // PAGE] = (*times, Sheet(encode_page(page_calls)))
    first = len(listed) - len(rest) % PAGE + 1
    rows = [
        api.Row(sequence=ordinal, now=cdr.ended, fact=facts.Due(), kept=(effects.CallFiled(cdr=cdr),))
        for ordinal, cdr in enumerate(listed[first - 1 :], first)
    ]
    if rows:
        key = position(1, first)
        batch = api.Batch(release="bench", boot=1, rows=tuple(rows))
        journal.batches[key] = Sheet(encode_bound(Bound(links={}, first=first, batch=batch)))
        for ordinal in range(first, len(listed) + 1):
            journal.calls[ordinal] = key
    manager.commit()
    database.close()
