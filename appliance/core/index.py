"""The index: who could be offered what, kept so that nobody has to be searched for.

Callers of a queue who need the same stand in one *pool*, by their places; beside them stand, in the order of the
queue's strategy, the free agents who suit them. A free agent stands in every pool whose callers the agent may be
offered, and in none while not free. A pool with somebody on both sides is *ready*; after each fact offers are made
until none is.

Everything here follows from state and configuration alone, so that it can be made anew at any moment.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from itertools import chain, islice

from appliance.core import state as st
from appliance.core.directory import BoundQueue, Directory, Seat
from appliance.core.plugins import drawing
from appliance.core.views import MemberView

Place = tuple[int, int, int, int]
"A caller's place: smallest is served first. No two are equal, for the last number is the ticket."
Key = tuple[int | str, ...]
"A strategy's, of an agent: smallest is chosen first."
Entry = tuple[Key, str]
"A free agent: the key and the slug."
PoolName = tuple[str, int, str]
"Queue, stage and site; or, for callers who are kept for an agent, that agent's slug with `KEPT` and nothing."
KEPT = -1
NO_WORK = st.Work()


class Pool:
    """Callers who need the same, and the free agents who suit them."""

    __slots__ = ("free", "lent", "name", "waiting")

    def __init__(self, name: PoolName, lenders: tuple[str, ...]) -> None:
        """Begin with nobody."""
        self.name = name
        self.waiting: list[tuple[Place, str]] = []
        self.free: list[Entry] = []
        "The queue's own."
        self.lent: dict[str, list[Entry]] = {lender: [] for lender in lenders}


class Index:
    """All pools of the company."""

    def __init__(
        self,
        directory: Directory,
        agents: dict[str, st.Agent],
        why_absent: Callable[[st.Agent], str],
        lends: Callable[[str], bool],
    ) -> None:
        """Let the free agents stand in their pools. `lends` says whether a queue's agents may help out just now."""
        self._directory = directory
        self._agents = agents
        self._why_absent = why_absent
        self._lends = lends
        self._pools: dict[PoolName, Pool] = {}
        self._ready: dict[PoolName, Pool] = {}
        self._absent: dict[str, str] = {}
        self._standing: dict[str, list[tuple[list[Entry], Entry]]] = {}
        "Free agent to where the agent stands, and as what."
        self._tallies: dict[str, dict[str, int]] = {slug: {} for slug in directory.queues}
        "Queue to the number of its agents by why they are absent, those who are not under the empty reason."
        for agent in agents.values():
            self._enlist(agent, list.append)
        for pool in self._pools.values():
            for entries in (pool.free, *pool.lent.values()):
                entries.sort()

    # -- agents

    def look(self, agent: st.Agent) -> None:
        """Take in that an agent has changed."""
        was = self._absent.get(agent.slug, "")
        for entries, entry in self._standing.pop(agent.slug, ()):
            del entries[bisect_left(entries, entry)]
        for queue in self._directory.queues_of(agent.slug):
            self._tallies[queue][was] -= 1
        self._enlist(agent, insort)

    def _enlist(self, agent: st.Agent, put: Callable[[list[Entry], Entry], None]) -> None:
        slug = agent.slug
        why = self._absent[slug] = self._why_absent(agent)
        for queue in self._directory.queues_of(slug):
            tally = self._tallies[queue]
            tally[why] = tally.get(why, 0) + 1
        if why:
            return
        standing = self._standing[slug] = []
        keys: dict[int, Key] = {}
        for seat in self._directory.seats(slug):
            if not seat.pools:
                continue
            bound = seat.bound
            key = keys.get(bound.order)
            if key is None:
                key = keys[bound.order] = bound.strategy.rank(bound.options, agent, member(agent, seat))
            entry = (key, slug)
            for stage, site in seat.pools:
                pool = self._pool((bound.queue.slug, stage, site))
                entries = pool.lent[seat.lender] if seat.lender else pool.free
                put(entries, entry)
                standing.append((entries, entry))
                if pool.waiting:
                    self._ready[pool.name] = pool
        kept = self._pools.get((slug, KEPT, ""))
        if kept is not None:
            self._stand_alone(kept, slug)

    # -- callers

    def enter(self, name: PoolName, place: Place, interaction: str) -> None:
        """Let a caller stand in a pool."""
        pool = self._pool(name)
        insort(pool.waiting, (place, interaction))
        if pool.free or pool.lent:
            self._ready[name] = pool

    def leave(self, name: PoolName, place: Place, interaction: str) -> None:
        """Let a caller stand there no more."""
        waiting = self._pools[name].waiting
        del waiting[bisect_left(waiting, (place, interaction))]

    def _pool(self, name: PoolName) -> Pool:
        pool = self._pools.get(name)
        if pool is None:
            kept = name[1] == KEPT
            pool = self._pools[name] = Pool(name, () if kept else self._directory.queues[name[0]].queue.lenders)
            if kept and name[0] in self._standing:
                self._stand_alone(pool, name[0])
        return pool

    def _stand_alone(self, pool: Pool, agent: str) -> None:
        entry: Entry = ((), agent)
        pool.free.append(entry)
        self._standing[agent].append((pool.free, entry))
        if pool.waiting:
            self._ready[pool.name] = pool

    def lent_again(self, lender: str) -> None:
        """Take in that a queue's agents may help out again."""
        for borrower in self._directory.borrowers.get(lender, ()):
            bound = self._directory.queues[borrower]
            for stage in range(len(bound.stages)):
                for site in sorted({"", *bound.sites}):
                    pool = self._pools.get((borrower, stage, site))
                    if pool is not None and pool.waiting:
                        self._ready[pool.name] = pool

    # -- choosing

    def head(self) -> Pool | None:
        """Find the pool whose first caller is to be served now; None if no caller can be.

        That is the first by place of those for whom an agent of their own is free; callers who need one that is lent
        come after them all.
        """
        best: tuple[bool, tuple[Place, str], Pool] | None = None
        for name, pool in list(self._ready.items()):
            borrows = not pool.free
            if not pool.waiting or (borrows and not any(map(self._lent, pool.lent.items()))):
                del self._ready[name]
            elif best is None or (borrows, pool.waiting[0]) < best[:2]:
                best = (borrows, pool.waiting[0], pool)
        return best[2] if best else None

    def _lent(self, of: tuple[str, list[Entry]]) -> bool:
        lender, entries = of
        return bool(entries) and self._lends(lender)

    def choose(self, pool: Pool, bound: BoundQueue, turn: int, most: int) -> list[Entry]:
        """List the agents for a pool's first caller in the order in which they are to be chosen, at most so many."""
        if pool.name[1] == KEPT:
            slug = pool.name[0]
            return [(self._key(slug, bound), slug)]
        own: Iterator[Entry] = iter(pool.free)
        draws = drawing(bound.strategy)
        if draws is not None and pool.free:
            begin = draws.draw(bound.options, turn, len(pool.free))
            own = chain(islice(pool.free, begin, None), islice(pool.free, begin))
        lent = chain.from_iterable(entries for lender, entries in pool.lent.items() if entries and self._lends(lender))
        chosen: dict[str, Entry] = {}
        for entry in chain(own, lent):
            chosen.setdefault(entry[1], entry)
            if len(chosen) >= most:
                break
        return list(chosen.values())

    def _key(self, agent: str, bound: BoundQueue) -> Key:
        """Give an agent's key; it is empty for one of another queue, whom the caller was sent to."""
        known = self._agents[agent]
        seats = (seat for seat in self._directory.seats(agent) if seat.bound is bound)
        return next((bound.strategy.rank(bound.options, known, member(known, seat)) for seat in seats), ())

    def excluded(self, pool: Pool, queue: str) -> dict[str, int]:
        """Count a queue's own agents who may not be offered the callers of a pool, by the first reason that holds."""
        reasons = {reason: count for reason, count in sorted(self._tallies[queue].items()) if reason and count}
        present = self._tallies[queue].get("", 0)
        if pool.name[1] == KEPT:
            left = {"preferred": present - 1}
        else:
            anywhere = len(self._pool((queue, pool.name[1], "")).free)
            left = {"skill": present - anywhere, "site": anywhere - len(pool.free)}
        return reasons | {reason: count for reason, count in left.items() if count > 0}


def member(agent: st.Agent, seat: Seat) -> MemberView:
    """Tell what an agent is to a queue."""
    work = agent.work.get(seat.bound.queue.slug, NO_WORK)
    return MemberView(seat.position, seat.level, work.handled, work.talk_us, work.offered + work.head, work.last_turn)
