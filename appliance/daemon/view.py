"""What the floor looks like at this moment: the Centre's state joined with names, as `appliance.live.LiveView`. Pure.

Numbers and names are joined here, at the border; the Centre knows none. A delta holds the members that changed, whole,
and None for those that went.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from appliance import live
from appliance.core import estimate, figures, model
from appliance.core import state as st
from appliance.core.staffing import serves
from appliance.core.waits import Outlook

ValueT = TypeVar("ValueT")

FREE = "available"
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
ENDED = "wrap_up"
"State of a call that is over while its agent finishes it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What people are called."""

    agents: Mapping[str, str]
    "Agent's slug to name."
    parties: Mapping[str, tuple[str, str]]
    "Party to number and name; one that is not in it is not known yet."


def floor(
    state: st.State,
    configuration: model.Configuration,
    labels: Labels,
    ended: Mapping[str, live.LiveCall],
) -> live.LiveView:
    """Everything; `ended` has the calls that agents in wrap-up finish."""
    places = _places(state, configuration.company.ageing_s)
    attempts = {queue.slug: (queue.callback or model.Callback()).attempts for queue in configuration.queues}
    calls: dict[str, live.LiveCall | None] = {
        interaction.id: _called_back(
            _call(interaction, labels, places.get(interaction.id, 0)), interaction, state, attempts
        )
        for interaction in state.interactions.values()
    }
    agents: dict[str, live.LiveAgent | None] = {}
    queues_of: dict[str, tuple[str, ...]] = {}
    for queue in configuration.queues:
        for slug in queue.agents:
            queues_of[slug] = (*queues_of.get(slug, ()), queue.slug)
    for part in configuration.agents:
        agent = state.agents.get(part.slug) or st.Agent(slug=part.slug)
        card = _ends(_agent(agent, part, queues_of.get(part.slug, ()), labels), agent, state, configuration)
        agents[part.slug] = card
        over = ended.get(card.interaction)
        if over is not None and card.interaction not in calls:
            number, name = labels.parties.get(over.party, ("", ""))
            calls[card.interaction] = msgspec.structs.replace(over, caller_number=number, caller_name=name)
    entered: dict[str, list[int]] = {}
    promised: dict[str, int] = {}
    for call in calls.values():
        if call is not None and call.state in {"waiting", "offered"}:
            entered.setdefault(call.queue, []).append(call.entered_at)
        elif call is not None and call.state == "callback":
            promised[call.queue] = promised.get(call.queue, 0) + 1
    queues: dict[str, live.LiveQueue | None] = {
        queue.slug: _foretold(
            _queue(
                queue,
                state.counts.get(queue.slug) or st.QueueCounts(),
                entered.get(queue.slug, []),
                agents,
                configuration.company.measure,
            ),
            state,
            promised.get(queue.slug, 0),
            _ahead(queue, state, configuration.company.ageing_s),
            queue.agents,
        )
        for queue in configuration.queues
    }
    return live.LiveView(now=state.now, agents=agents, queues=queues, calls=calls)


def desk(view: live.LiveView, agent: str) -> live.LiveView:
    """Leave what an agent may see of the floor: the own card, the own call, the figures of the own queues."""
    card = view.agents.get(agent)
    if card is None:
        return live.LiveView(now=view.now, health=view.health)
    call = view.calls.get(card.interaction)
    return live.LiveView(
        now=view.now,
        agents={agent: card},
        queues={slug: view.queues[slug] for slug in card.queues},
        calls={card.interaction: call} if call is not None else {},
        health=view.health,
    )


def colleagues(view: live.LiveView) -> live.LiveView:
    """Leave what whoever sends a caller on may see of all others: who they are, their state, how many wait where."""
    return live.LiveView(
        now=view.now,
        agents={
            slug: live.LiveAgent(agent=slug, name=card.name, extension=card.extension, state=card.state)
            for slug, card in view.agents.items()
            if card is not None
        },
        queues={
            slug: live.LiveQueue(
                queue=slug, title=card.title, waiting=card.waiting, agents={FREE: card.agents.get(FREE, 0)}
            )
            for slug, card in view.queues.items()
            if card is not None
        },
    )


def delta(before: live.LiveView, after: live.LiveView) -> live.LiveView:
    """Tell what changed; a view without members if nothing did."""
    return live.LiveView(
        now=after.now,
        agents=_changed(before.agents, after.agents),
        queues=_changed(before.queues, after.queues),
        calls=_changed(before.calls, after.calls),
        health=after.health if after.health != before.health else None,
    )


def is_empty(change: live.LiveView) -> bool:
    """Tell whether a delta tells nothing but the time."""
    return not (change.agents or change.queues or change.calls or change.health)


def _changed(before: Mapping[str, ValueT | None], after: Mapping[str, ValueT | None]) -> dict[str, ValueT | None]:
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    changed.update({key: None for key in before if key not in after})
    return changed


def _places(state: st.State, ageing_s: int) -> dict[str, int]:
    """Tell the place of everybody who waits in a queue, 1 for who is served first; its weight is the same for all."""
    queues: dict[str, list[tuple[int, int, int, str]]] = {}
    for one in state.interactions.values():
        if isinstance(one.state, st.Waiting | st.Offered | st.Joining):
            waiting = one.state if isinstance(one.state, st.Waiting) else one.state.waiting
            queues.setdefault(waiting.queue, []).append((*_order(one, waiting, ageing_s), waiting.ticket, one.id))
    return {entry[-1]: place for entries in queues.values() for place, entry in enumerate(sorted(entries), 1)}


def _order(one: st.Interaction, waiting: st.Waiting, ageing_s: int) -> tuple[int, int]:
    since = waiting.entered_at - one.credit_us
    step = ageing_s * SECOND_US
    return (0, since + one.priority * step) if step else (one.priority, since)


def _ahead(queue: model.Queue, state: st.State, ageing_s: int) -> int:
    """Count who would be before a caller of the queue's own priority who came now: as for the words that callers hear.

    A caller for whom a phone rings is before nobody any more; one who is called back is, while the turn is waited for.
    """
    step = ageing_s * SECOND_US
    mine = (0, state.now + queue.priority * step) if step else (queue.priority, state.now)
    ones = ((one, one.state) for one in state.interactions.values())
    return sum(
        _order(one, waiting, ageing_s) <= mine
        for one, waiting in ones
        if isinstance(waiting, st.Waiting) and waiting.queue == queue.slug
    )


def _call(interaction: st.Interaction, labels: Labels, place: int) -> live.LiveCall:
    queue, entered_at, agent = "", 0, ""
    match interaction.state:
        case st.Waiting(queue=queue, entered_at=entered_at):
            state = "callback" if interaction.is_called_back else "waiting"
        case st.Offered(waiting=waiting, agent=agent) | st.Joining(waiting=waiting, agent=agent):
            state, queue, entered_at = "offered", waiting.queue, waiting.entered_at
        case st.Connected(waiting=waiting, agent=agent):
            state, queue, entered_at = "talking", waiting.queue, waiting.entered_at
        case st.Forwarded():
            state = "forwarded"
        case st.Suspended(waiting=waiting):
            state, queue, entered_at = "callback", waiting.queue, waiting.entered_at
        case st.Calling(waiting=waiting, agent=agent):
            state, queue, entered_at = "calling", waiting.queue, waiting.entered_at
        case _:
            state = "flow"
    number, name = labels.parties.get(interaction.party, ("", ""))
    return live.LiveCall(
        interaction=interaction.id,
        state=state,
        since=interaction.since,
        began=interaction.began,
        number=interaction.number,
        queue=queue,
        entered_at=entered_at,
        place=place,
        agent=agent,
        caller_number=number,
        caller_name=name,
        party=interaction.party,
        path=tuple(interaction.path),
    )


def _called_back(
    call: live.LiveCall, interaction: st.Interaction, state: st.State, attempts: Mapping[str, int]
) -> live.LiveCall:
    """Add how far a callback is, and what happens next."""
    callback = interaction.callback
    if callback is None:
        return call
    made, follows, follows_at = callback.attempts, "", 0
    match interaction.state:
        case st.Suspended():
            follows = "line" if interaction.leg in state.legs else "later"
            follows_at, made = state.deadlines.get(f"callback/{interaction.id}", 0), made + 1
        case st.Waiting() if interaction.is_called_back:
            follows, made = "turn", made + 1
        case st.Offered() if interaction.is_called_back:
            follows, made = "pick_up", made + 1
        case st.Calling() if callback.placed:
            follows = "confirm"
        case st.Calling(leg=leg):
            follows = "customer" if leg in state.legs else "customer_first"
        case st.Offered() | st.Waiting():
            follows = "waits"
        case _:
            pass
    return msgspec.structs.replace(
        call,
        attempt=made,
        attempts=max(made, attempts.get(call.queue, 0)),
        expires_at=callback.expires_at if interaction.is_called_back else 0,
        next=follows,
        next_at=follows_at,
    )


def _agent(agent: st.Agent, part: model.Agent, queues: tuple[str, ...], labels: Labels) -> live.LiveAgent:
    state, interaction, queue, disposition, until, reason, cause = "signed_out", "", "", "", 0, agent.wants_break, ""
    match agent.state:
        case st.Available():
            state = "available" if agent.reachable else "unreachable"
        case st.Ringing(interaction=interaction):
            state = "ringing"
        case st.Talking(interaction=interaction, queue=queue, disposition=disposition):
            state = "talking"
        case st.WrapUp(interaction=interaction, queue=queue, disposition=disposition, until=until):
            state = "wrap_up"
        case st.OnBreak(reason=reason):
            state = "on_break"
        case st.Missed(cause=cause):
            state = "missed"
        case st.SignedOut():
            pass
    return live.LiveAgent(
        agent=agent.slug,
        name=labels.agents.get(agent.slug, ""),
        extension=part.extension,
        state=state,
        since=agent.since,
        until=until,
        reason=reason,
        cause=cause,
        leaves=agent.wants_out,
        interaction=interaction,
        queue=queue,
        disposition=disposition,
        queues=queues,
        handled=agent.handled,
        talk_us=agent.talk_us,
        missed=agent.missed,
    )


def _ends(card: live.LiveAgent, agent: st.Agent, state: st.State, configuration: model.Configuration) -> live.LiveAgent:
    """Add when *missed* ends by itself, and when the minutes of a break are used up."""
    match agent.state:
        case st.Missed():
            return msgspec.structs.replace(card, until=state.deadlines.get(f"missed/{agent.slug}", 0))
        case st.OnBreak(reason=reason):
            limit = model.by_slug(configuration.breaks).get(reason, model.Reason(slug=reason)).minutes_max
            left = limit * MINUTE_US - agent.away_us.get(reason, 0)
            return msgspec.structs.replace(card, spent_at=agent.since + left if limit else 0)
        case _:
            return card


def _queue(
    queue: model.Queue,
    counts: st.QueueCounts,
    entered: list[int],
    agents: Mapping[str, live.LiveAgent | None],
    measure: figures.Measure,
) -> live.LiveQueue:
    states: dict[str, int] = {}
    for slug in queue.agents:
        card = agents.get(slug)
        if card is not None:
            states[card.state] = states.get(card.state, 0) + 1
    level = figures.level_of(counts, measure)
    answer_s = figures.speed_of_answer(counts.wait_us, counts.answered)
    return live.LiveQueue(
        queue=queue.slug,
        title=queue.title,
        waiting=len(entered),
        longest_since=min(entered, default=0),
        answered=counts.answered,
        answered_within=counts.answered_within,
        abandoned=counts.abandoned,
        abandoned_short=counts.abandoned_short,
        flowed_out=counts.flowed_out,
        wait_us=counts.wait_us,
        answer_within_s=queue.answer_within_s,
        service_level="" if level is None else f"{level * 100:.1f}",
        speed_of_answer="" if answer_s is None else f"{answer_s:.1f}",
        formula=measure.name,
        agents=states,
    )


def _foretold(
    card: live.LiveQueue, state: st.State, promised: int, ahead: int, agents: Iterable[str]
) -> live.LiveQueue:
    """Add what a caller would be told of the wait, how well such words have come true, and who is to be called back."""
    outlook = state.outlooks.get(card.queue) or Outlook()
    staff = sum(serves(state.agents[slug]) for slug in agents if slug in state.agents)
    wait = estimate.guess(outlook, state.now, ahead, staff)
    counts = state.counts.get(card.queue) or st.QueueCounts()
    told, inside = estimate.came_true(outlook, state.day, estimate.DAYS_MAX)
    told_today, inside_today = estimate.came_true(outlook, state.day, 1)
    return msgspec.structs.replace(
        card,
        callbacks=counts.callbacks,
        callbacks_answered=counts.callbacks_answered,
        callbacks_failed=counts.callbacks_failed,
        callbacks_waiting=promised,
        expected_low_s=wait.low_s,
        expected_high_s=wait.high_s,
        expected_share=estimate.SHARE // 10,
        expected_told=told,
        expected_inside=inside,
        expected_told_today=told_today,
        expected_inside_today=inside_today,
    )
