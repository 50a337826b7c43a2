"""Live through a recorded day again with other staffing, by the real routing, and compare the figures."""

import sys
from dataclasses import asdict

import click
import msgspec
from rich.table import Table

from appliance.commands._box import out
from appliance.commands._day import Reading
from appliance.commands._recorded import recorded_of
from appliance.commands._trial import Told, Trial, told
from appliance.core import model
from appliance.core.plugins import all_strategies

EXTRA = "what-if-"
FIGURES = {
    "service_level": "service level %",
    "speed_of_answer_s": "ASA s",
    "abandon_rate": "abandoned %",
    "answered": "answered",
    "abandoned": "abandoned",
}
BAND_LEFT_OUT = 0.1
"Share of what might happen that a band is to leave out."


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different."""

    agents: int = 0
    "More (or, below 0, fewer) agents."
    queue: str = ""
    "The queue that it is about; empty for all."
    skills: dict[str, int] = {}
    "Of the agents who are added."
    strategy: str = ""
    wrap_up_s: int | None = None


def changed(configuration: model.Configuration, change: Change) -> model.Configuration:
    """Change a configuration."""
    extra = [f"{EXTRA}{number}" for number in range(1, change.agents + 1)]
    queues = tuple(
        _queue(queue, change, extra) if change.queue in {"", queue.slug} else queue for queue in configuration.queues
    )
    agents = tuple(
        model.Agent(slug=slug, extension=f"9900{slug[-1:]}{i}", skills=change.skills) for i, slug in enumerate(extra)
    )
    phones = tuple(model.Extension(slug=agent.extension, agent=agent.slug) for agent in agents)
    return msgspec.structs.replace(
        configuration,
        queues=queues,
        agents=configuration.agents + agents,
        extensions=configuration.extensions + phones,
    )


def _queue(queue: model.Queue, change: Change, extra: list[str]) -> model.Queue:
    members = (*queue.agents, *extra)
    if change.agents < 0:
        members = members[: max(0, len(members) + change.agents)]
    return msgspec.structs.replace(
        queue,
        agents=members,
        strategy=change.strategy or queue.strategy,
        strategy_options={} if change.strategy else queue.strategy_options,
        wrap_up_s=queue.wrap_up_s if change.wrap_up_s is None else change.wrap_up_s,
    )


def band(figures: list[float]) -> tuple[float, float, float]:
    """Give the median of some trials' figures and a band that one more trial falls into nine times of ten.

    Between the k-th smallest and the k-th largest of n lies one more with probability (n + 1 - 2k) / (n + 1). Fewer
    than 19 trials cannot say so much; then it is all of them.
    """
    ordered = sorted(figures)
    out = max(1, int(BAND_LEFT_OUT / 2 * (len(ordered) + 1)))
    return ordered[len(ordered) // 2], ordered[out - 1], ordered[-out]


def _skills(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    skills: dict[str, int] = {}
    for value in values:
        name, _, level = value.partition(":")
        if not name or not level.isdigit() or not 1 <= int(level) <= 9:  # noqa: PLR2004  levels are 1 to 9
            raise click.BadParameter(f"{value!r} is no skill: give name:level, level 1 to 9")
        skills[name] = int(level)
    return skills


@click.command()
@click.argument("what", metavar="FILE|DATE")
@click.option("--agents", default=0, help="So many agents more, such as +2, or fewer, such as -1.")
@click.option("--skill", "skills", multiple=True, callback=_skills, help="Of the agents who are added: name:level.")
@click.option("--queue", default="", help="The workgroup that it is about; all, if not given.")
@click.option("--strategy", default="", type=click.Choice(["", *all_strategies()]), help="Another strategy.")
@click.option("--wrap-up", "wrap_up_s", default=None, type=click.IntRange(0, 3600), help="Other seconds of wrap-up.")
@click.option("--seeds", default=20, show_default=True, type=click.IntRange(2, 1000), help="How many trials of each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(  # noqa: PLR0913  one option each
    what: str,
    agents: int,
    skills: dict[str, int],
    queue: str,
    strategy: str,
    wrap_up_s: int | None,
    seeds: int,
    *,
    as_json: bool,
) -> None:
    """Live through a recorded day again with other staffing, and compare service level, ASA and abandons.

    The same callers call at the same times, through the real routing, on a simulated exchange. What the day showed of
    each is kept: how long who gave up would wait, how long who was served talked. The rest is drawn from what it showed
    of all. FILE is what `switchroom replay
    --save` has written; DATE is today, 2026-11-21, 3d … in the company's zone.
    """
    recorded, since, until = recorded_of(what)
    day, done = Reading(recorded, since, until).read()
    if done.difference is not None:
        click.echo(f"Fact {done.difference.row.sequence} replays otherwise; the day is read up to there.", err=True)
    versions = {name: recorded.configurations[name] for _at, name in day.published}
    queues = model.by_slug(recorded.configurations[day.published[-1][1]].queues)
    if queue and queue not in queues:
        raise click.ClickException(f"there is no workgroup {queue}; there are {', '.join(queues)}")
    if not day.arrivals:
        raise click.ClickException("nobody called on that day")
    change = Change(agents=agents, queue=queue, skills=skills, strategy=strategy, wrap_up_s=wrap_up_s)
    as_was = [told(Trial(day, versions, seed, lambda same: same).run(), dict(queues), queue) for seed in range(seeds)]
    what_if = [
        told(Trial(day, versions, seed, lambda was: changed(was, change)).run(), dict(queues), queue)
        for seed in range(seeds)
    ]
    _print(told(day.records, dict(queues), queue), as_was, what_if, calls=len(day.arrivals), as_json=as_json)


def _print(recorded: Told, as_was: list[Told], what_if: list[Told], *, calls: int, as_json: bool) -> None:
    rows = {
        name: (
            float(getattr(recorded, name)),
            band([float(asdict(one)[name]) for one in as_was]),
            band([float(asdict(one)[name]) for one in what_if]),
            band(
                [float(asdict(new)[name]) - float(asdict(old)[name]) for old, new in zip(as_was, what_if, strict=True)]
            ),
        )
        for name in FIGURES
    }
    if as_json:
        named = {
            name: {"recorded": was, "simulated": list(same), "what_if": list(other), "difference": list(difference)}
            for name, (was, same, other, difference) in rows.items()
        }
        sys.stdout.buffer.write(msgspec.json.encode({"calls": calls, "seeds": len(as_was), **named}) + b"\n")
        return
    table = Table(box=None, pad_edge=False, title=f"{calls} calls, {len(as_was)} trials; median [nine of ten]")
    for column in ("", "recorded", "simulated", "what if", "difference"):
        table.add_column(column, justify="right" if column else "left")
    for name, (was, *others) in rows.items():
        cells = [f"{middle:.1f} [{low:.1f} … {high:.1f}]".replace("[", r"\[") for middle, low, high in others]
        table.add_row(FIGURES[name], f"{was:.1f}", *cells)
    console = out()
    console.print(table)
    console.print("Service level: answered in time / (answered + abandoned), short abandons left out.")
