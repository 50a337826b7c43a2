"""A company drawn by dice: queues, agents who work in many of them, limits, hours, breaks."""

from random import Random

import msgspec

from appliance.core import model
from appliance.core.plugins import all_strategies
from tests.simulation.flows import HOURS, the_flows

AGENTS_MAX = 10
QUEUES_MAX = 4
SKILLS = ("order", "french", "repair")
SITES = ("north", "south")
SECOND = 1_000_000
EVER = 400 * 24 * 3600 * SECOND
"Longer than any day that is simulated."


def a_company(dice: Random, begins: int) -> model.Configuration:
    """Draw a company in which everybody can be served: each queue has somebody, each caller a way out.

    Its hours close once, some time after it begins (centre time), and open again for good.
    """
    agents = [f"agent-{n:02d}" for n in range(dice.randint(2, AGENTS_MAX))]
    names = [f"queue-{n}" for n in range(dice.randint(1, QUEUES_MAX))]
    queues = tuple(_a_queue(dice, slug, agents, names) for slug in names)
    flows = the_flows(dice, queues, tuple(map(_extension, agents)))
    closes = begins + dice.randint(60, 1500) * SECOND
    opens = closes + dice.randint(200, 900) * SECOND
    return model.Configuration(
        company=model.Company(
            ageing_s=dice.choice([0, 0, 5, 30]),
            grades=dice.choice([{}, {"gold": 1, "lead": 9}]),
            rest_on_own_call=dice.random() < 0.5,
            voice_alone=dice.random() < 0.7,
            media={"chat": model.Medium(units=2, beside=("chat", "mail")), "mail": model.Medium()},
            midnights=(begins - EVER, begins + dice.randint(600, 6000) * SECOND),
        ),
        numbers=tuple(
            model.Number(
                slug=f"200{n}",
                flow=flow.slug,
                priority=dice.choice([0, 0, 2]),
                site=dice.choice(["", *SITES]),
            )
            for n, flow in enumerate(flows)
        ),
        extensions=tuple(model.Extension(slug=_extension(slug), agent=slug) for slug in agents),
        agents=tuple(_an_agent(dice, slug) for slug in agents),
        queues=queues,
        flows=flows,
        hours=(model.Hours(slug=HOURS, opening=((begins - EVER, closes), (opens, begins + EVER))),),
        breaks=(model.Reason(slug="lunch"), model.Reason(slug="training", at_once_max=1, minutes_max=1)),
        dispositions=(model.Reason(slug="order"), model.Reason(slug="question")),
    )


def the_trunks(dice: Random) -> tuple[model.Trunk, ...]:
    """Draw the trunks, half of them of few lines, so that there is not always one for who is to be called back."""
    lines = [dice.choice([0, 1, 2, 6]) for _ in range(dice.randint(1, 3))]
    return tuple(model.Trunk(slug=f"trunk-{n}", host="192.0.2.1", calls_max=most) for n, most in enumerate(lines))


def another(dice: Random, company: model.Configuration) -> model.Configuration:
    """Change a company as an administrator does in the middle of a day: other members, other limits, other order."""
    slugs = [agent.slug for agent in company.agents]
    names = [queue.slug for queue in company.queues]
    queues = tuple(
        _a_queue(dice, queue.slug, slugs, names) if dice.random() < 0.4 else queue for queue in company.queues
    )
    agents = tuple(_an_agent(dice, agent.slug) if dice.random() < 0.2 else agent for agent in company.agents)
    return msgspec.structs.replace(company, queues=queues, agents=agents)


def _extension(agent: str) -> str:
    return f"1{agent[-2:]}"


def _an_agent(dice: Random, slug: str) -> model.Agent:
    return model.Agent(
        slug=slug,
        extension=_extension(slug),
        skills={skill: dice.randint(1, 9) for skill in SKILLS if dice.random() < 0.6},
        site=dice.choice(["", *SITES]),
        wrap_up_s=dice.choice([0, 0, 15]),
        units=dice.choice([1, 1, 2]),
    )


def _an_overflow(dice: Random) -> model.Overflow:
    when, limit = dice.choice(
        [
            ("length", 3),
            ("wait", 40),
            ("service_level", 50),
            ("expected_wait", dice.choice([10, 60])),
            ("no_agents", 10),
            ("closing", dice.choice([0, 60])),
        ]
    )
    return model.Overflow(when=when, limit=limit)


def _a_wait(dice: Random) -> model.WaitingCaller:
    return model.WaitingCaller(
        welcome=dice.choice(["", "welcome"]),
        sounds=dice.choice([(), ("patience", "soon")]),
        first_s=dice.choice([5, 20]),
        every_s=dice.choice([15, 60]),
        position=dice.random() < 0.5,
        position_may_rise=dice.random() < 0.3,
        expected_wait=dice.random() < 0.7,
        leave_key=dice.choice(["", "4"]),
        callback_key=dice.choice(["", "3"]),
    )


def _a_callback(dice: Random) -> model.Callback:
    return model.Callback(
        customer_first=dice.random() < 0.5,
        ring_s=15,
        attempts=2,
        retry_s=30,
        expire_s=dice.choice([60, 600, 600]),
        hours=dice.choice(["", HOURS]),
        accepted="accepted",
        confirm=dice.choice(["", "confirm"]),
    )


def _a_need(dice: Random) -> model.Need:
    """Draw a need that is asked no more after a while, so that everybody is served in the end."""
    return model.Need(
        skill=dice.choice(SKILLS),
        level=dice.randint(1, 9),
        how=dice.choice(list(model.How)),
        relax_s=dice.choice([5, 20, 45]),
    )


def _a_queue(dice: Random, slug: str, agents: list[str], names: list[str]) -> model.Queue:
    own = tuple(dice.sample(agents, dice.randint(1, len(agents))))
    strategy = dice.choice(sorted(all_strategies()))
    lenders = [name for name in names if name != slug and dice.random() < 0.3]
    return model.Queue(
        slug=slug,
        agents=own,
        strategy=strategy,
        strategy_options=_strategy_options(dice, strategy, own),
        hours=dice.choice(["", "", HOURS]),
        weight=dice.choice([1, 1, 4]),
        requirement=tuple(_a_need(dice) for _ in range(dice.choice([0, 0, 1, 2]))),
        prefer_s=dice.choice([0, 0, 15]),
        local_s=dice.choice([0, 0, 10]),
        lenders=tuple(lenders),
        service_goal=dice.choice([30, 80]),
        missed_s=dice.choice([0, 0, 20]),
        overflow=tuple(_an_overflow(dice) for _ in range(dice.choice([0, 0, 1, 2]))),
        waiting=_a_wait(dice),
        callback=_a_callback(dice) if dice.random() < 0.6 else None,
        ring_s=dice.choice([5, 10, 20]),
        wrap_up_s=dice.choice([0, 3, 10, 30]),
        wait_s_max=dice.choice([0, 0, 30, 90]),
        length_max=dice.choice([0, 0, 3, 8]),
        priority=dice.choice([1, 3, 5, 5, 9]),
        recorded=dice.random() < 0.5,
    )


def _strategy_options(dice: Random, strategy: str, agents: tuple[str, ...]) -> model.OptionValues:
    match strategy:
        case "percentage":
            return {"shares": {slug: dice.randint(1, 100 // len(agents)) for slug in agents}}
        case "ring_some":
            return {"at_once": dice.randint(2, 4)}
        case "longest_idle":
            return {"count_breaks": dice.random() < 0.5}
        case "fewest_handled" | "least_talk_time":
            return {"all_queues": dice.random() < 0.5}
        case _:
            return {}
