"""Fairness: who is chosen, who is passed, and who stands idle beside a caller who waits.

`invariants.py` asks here, with its account of who waits and who is free. Whether an agent may serve a caller is
asked of the core's own predicate, all its holds included; what that says of skills is held against our own count.
"""

from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from appliance.core import state as st
from appliance.core.account import Account, Entry, lacks
from appliance.core.centre import Centre
from appliance.core.filing import Visited, waiting_of
from appliance.core.rules import Rule


class Fairness:
    """Judges choices, and what was not chosen."""

    def __init__(
        self, centre: Centre, account: Account, wrong: Callable[[Rule, str, str], None], *, depth: int
    ) -> None:
        """Judge by an account; `wrong` is told of what does not hold, `depth` bounds what one question looks at."""
        self._centre = centre
        self._account = account
        self._wrong = wrong
        self._depth = depth

    def chosen(self, now: int, slug: str, name: str, queue: str) -> None:
        """Judge a choice for a caller of a queue, unless the same fact has led the caller out of it again."""
        rest = self._account.rest.pop(slug, 0)
        if now < rest:
            self._wrong(Rule.WRAP_UP, slug, f"is offered a call {rest - now} us before the wrap-up ends")
        interaction = self._centre.state.interactions.get(name)
        known = self._centre.directory.agents.get(slug)
        if interaction is None or known is None or not isinstance(interaction.state, Visited):
            return
        waiting = waiting_of(interaction.state)
        bound = self._centre.directory.queues.get(waiting.queue)
        if bound is None or waiting.queue != queue:
            return
        known_to = slug in {interaction.view.preferred, interaction.view.last_agent} and bound.queue.prefer_s
        kept = known_to or slug == interaction.given_to
        if not kept and (skill := lacks(known, bound.queue, now - self._entered_at(name, waiting))):
            self._wrong(Rule.SKILLED, slug, f"is offered {name} without {skill}")

    def _entered_at(self, name: str, waiting: st.Waiting) -> int:
        """Tell since when a caller had waited who was chosen for, and whom the same fact may have led back since."""
        seen = self._account.calls.get(name)
        before = waiting_of(seen.state) if seen is not None and isinstance(seen.state, Visited) else waiting
        return min(waiting.entered_at, before.entered_at) if before.queue == waiting.queue else waiting.entered_at

    def not_passed(self, slug: str, name: str, about: dict[str, None]) -> None:
        """Hold a choice against all who waited before this fact, still wait, and came first."""
        interaction = self._centre.state.interactions.get(name)
        agent = self._centre.state.agents.get(slug)
        if interaction is None or agent is None or not isinstance(interaction.state, Visited):
            return
        place = self._account.place_of(interaction, waiting_of(interaction.state))
        then = msgspec.structs.replace(agent, state=st.Available(), reachable=True, busy=False)
        for queue in self._account.members.get(slug, ()):
            for older in self._account.lines.get(queue, ())[: self._depth]:
                if older[0] >= place:
                    break
                if older[1] not in about and self._suits(then, older):
                    live = not self._centre.state.interactions[older[1]].is_called_back
                    rule = Rule.CALLBACK if interaction.is_called_back and live else Rule.NOT_PASSED
                    self._wrong(rule, older[1], f"was passed by {name} at {slug}")
                    return

    def nobody_idle(self, name: str) -> None:
        """Hold a caller who waits against the free agents of the queue and of those that lend it theirs."""
        seen, interaction = self._account.calls.get(name), self._centre.state.interactions.get(name)
        if seen is None or interaction is None or seen.entry is None or not isinstance(seen.state, st.Waiting):
            return
        for slug in self._free_for(interaction, seen.state.queue):
            agent = self._centre.state.agents.get(slug)
            if agent is not None and self._suits(agent, seen.entry):
                self._wrong(Rule.NOBODY_IDLE, name, f"waits in {seen.state.queue} while {slug} is free")
                return

    def _free_for(self, interaction: st.Interaction, queue: str) -> Iterator[str]:
        """Name the agents whom a caller may be kept for, then some of those who are free."""
        yield from dict.fromkeys((interaction.given_to, interaction.view.preferred, interaction.view.last_agent))
        bound = self._centre.directory.queues.get(queue)
        for lender in (queue, *(bound.queue.lenders if bound is not None else ())):
            yield from islice(self._account.free.get(lender, ()), self._depth)

    def not_idle(self, slug: str) -> None:
        """Hold a free agent against those who wait."""
        agent = self._centre.state.agents.get(slug)
        for queue in self._account.members.get(slug, ()):
            if agent is not None and slug in self._account.free.get(queue, ()):
                for entry in self._account.lines.get(queue, ())[: self._depth]:
                    if self._suits(agent, entry):
                        self._wrong(Rule.NOBODY_IDLE, entry[1], f"waits in {queue} while {slug} is free")
                        return

    def _suits(self, agent: st.Agent, entry: Entry) -> bool:
        """Ask the core whether an agent may serve somebody who waits; who lacks a skill by our own count may not."""
        state, directory = self._centre.state, self._centre.directory
        interaction = state.interactions.get(entry[1])
        if interaction is None or not isinstance(interaction.state, st.Waiting):
            return False
        waiting, known = interaction.state, directory.agents.get(agent.slug)
        bound = directory.queues.get(waiting.queue)
        if bound is None or known is None or interaction.leg.exchange not in state.seen:
            return False
        missing = lacks(known, bound.queue, state.now - waiting.entered_at)
        view = interaction.view
        if missing and agent.slug not in {interaction.given_to, view.preferred, view.last_agent}:
            return False
        why = self._centre.why_not(agent, interaction)
        if why == "skill" and not missing:
            self._wrong(Rule.SKILLED, agent.slug, f"may not serve {entry[1]}, but lacks nothing")
        return not why
