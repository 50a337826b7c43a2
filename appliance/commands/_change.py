"""What is to be different on a day that is lived through again."""

from random import Random

import msgspec

from appliance.commands._day import Day
from appliance.core import model

EXTRA = "what-if-"
"What the slug of an agent who is added begins with."


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different."""

    agents: int = 0
    "More (or, below 0, fewer) agents."
    queue: str = ""
    "The queue that it is about; empty for all."
    skills: dict[str, int] = {}
    "Of the agents who are added; if there are none, those of whom they are like."
    strategy: str = ""
    wrap_up_s: int | None = None


class Staffing(msgspec.Struct, frozen=True, kw_only=True):
    """Who is added or stays away in one trial."""

    like: dict[str, str] = {}
    "Each agent who is added, and whose skills, queues and hours that one has; empty for nobody's."
    away: frozenset[str] = frozenset()


def at_work(day: Day, configuration: model.Configuration, queue: str) -> list[str]:
    """Name who worked on the day, in one queue or in any."""
    known = {agent.slug for agent in configuration.agents}
    members = {slug for one in configuration.queues if queue in {"", one.slug} for slug in one.agents}
    return sorted(day.worked & known & members)


def staffing(change: Change, there: list[str], dice: Random) -> Staffing:
    """Draw whom those who are added are like, or who stays away, of those who worked."""
    if change.agents < 0:
        return Staffing(away=frozenset(dice.sample(there, min(len(there), -change.agents))))
    rounds = [slug for _ in range(change.agents // max(1, len(there)) + 1) for slug in dice.sample(there, len(there))]
    extra = [f"{EXTRA}{number}" for number in range(1, change.agents + 1)]
    return Staffing(like=dict(zip(extra, rounds or [""] * len(extra), strict=False)))


def changed(configuration: model.Configuration, change: Change, who: Staffing) -> model.Configuration:
    """Change a configuration; who stays away is still in it, and does not come."""
    known = model.by_slug(configuration.agents)
    agents = tuple(_like(known.get(like), slug, change.skills) for slug, like in who.like.items())
    phones = tuple(model.Extension(slug=agent.extension, agent=agent.slug) for agent in agents)
    return msgspec.structs.replace(
        configuration,
        queues=tuple(_queue(queue, change, who) for queue in configuration.queues),
        agents=configuration.agents + agents,
        extensions=configuration.extensions + phones,
    )


def _like(like: model.Agent | None, slug: str, skills: dict[str, int]) -> model.Agent:
    one = like or model.Agent(slug=slug, extension=slug)
    return msgspec.structs.replace(one, slug=slug, extension=slug, skills=skills or one.skills)


def _queue(queue: model.Queue, change: Change, who: Staffing) -> model.Queue:
    if change.queue not in {"", queue.slug}:
        return queue
    extra = tuple(slug for slug, like in who.like.items() if change.queue or like in queue.agents or not like)
    return msgspec.structs.replace(
        queue,
        agents=queue.agents + extra,
        strategy=change.strategy or queue.strategy,
        strategy_options={} if change.strategy else queue.strategy_options,
        wrap_up_s=queue.wrap_up_s if change.wrap_up_s is None else change.wrap_up_s,
    )
