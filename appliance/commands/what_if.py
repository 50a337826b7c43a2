"""Live through a recorded day again with other staffing, by the real routing, and compare the figures."""

import sys
from dataclasses import asdict, dataclass

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from appliance.commands._box import out
from appliance.commands._change import Change, at_work
from appliance.commands._day import Day, Reading
from appliance.commands._people import POOLED_BELOW
from appliance.commands._recorded import recorded_of
from appliance.commands._trial import Told, Trial, formula_of, told
from appliance.core import model
from appliance.core.plugins import all_strategies

FIGURES = {
    "service_level": "service level %",
    "speed_of_answer_s": "ASA s",
    "abandon_rate": "abandoned %",
    "answered": "answered",
    "abandoned": "abandoned",
}
Band = tuple[float, float, float]
"The middle and the ends."
BAND_LEFT_OUT = 0.1
"Share of what might happen that a band is to leave out."
GAVE_UP_MIN = 5
"With fewer who gave up, how long people would wait is hardly known."
AGENTS_MAX = 500


def left_out(trials: int) -> int:
    """Tell which of so many trials' figures, the smallest and the largest counted as 1, bound the band."""
    return max(1, int(BAND_LEFT_OUT / 2 * (trials + 1)))


def share(trials: int) -> int:
    """Tell what percentage of what might happen a band of so many trials holds.

    Between the k-th smallest and the k-th largest of n lies one more with probability (n + 1 - 2k) / (n + 1). Fewer
    than 19 trials cannot say nine of ten.
    """
    return round(100 * (trials + 1 - 2 * left_out(trials)) / (trials + 1))


def band(figures: list[float]) -> Band:
    """Give the median of some trials' figures and a band that one more trial falls into as often as `share` says."""
    ordered = sorted(figures)
    end = left_out(len(ordered))
    return ordered[len(ordered) // 2], ordered[end - 1], ordered[-end]


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
@click.option(
    "--agents",
    default=0,
    type=click.IntRange(-AGENTS_MAX, AGENTS_MAX),
    help="So many agents more, such as +2, or fewer, such as -1.",
)
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
    of all. Who is added is like one of those who worked on the day: hours, breaks, skills and workgroups; and who stays
    away is one of them. Each trial draws whom anew. FILE is what `switchroom replay --save` has written; DATE is today,
    2026-11-21, 3d … in the company's zone.
    """
    recorded, since, until = recorded_of(what)
    day, done = Reading(recorded, since, until).read()
    if done.difference is not None:
        click.echo(f"Fact {done.difference.row.sequence} replays otherwise; the day is read up to there.", err=True)
    versions = {name: recorded.configurations[name] for _at, name in day.published}
    change = Change(agents=agents, queue=queue, skills=skills, strategy=strategy, wrap_up_s=wrap_up_s)
    last = versions[day.published[-1][1]]
    _check(day, last, change)
    queues = model.by_slug(last.queues)
    as_was: list[Told] = []
    what_if: list[Told] = []
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        for seed in progress.track(range(seeds), description=f"{len(day.arrivals)} calls"):
            as_was.append(told(Trial(day, versions, seed).run(), queues, queue, last.company.measure))
            what_if.append(told(Trial(day, versions, seed, change).run(), queues, queue, last.company.measure))
    compared = Compared(
        calls=len(day.arrivals),
        recorded=told(day.records, queues, queue, last.company.measure),
        as_was=as_was,
        what_if=what_if,
        formula=formula_of(last.company.measure),
        words=words(day, queue),
    )
    _print(compared, as_json=as_json)


def _check(day: Day, configuration: model.Configuration, change: Change) -> None:
    """Refuse what the day, or the company, has not."""
    queues = model.by_slug(configuration.queues)
    known = {need.skill for queue in configuration.queues for need in queue.requirement}
    known |= {skill for agent in configuration.agents for skill in agent.skills}
    if change.queue and change.queue not in queues:
        raise click.ClickException(f"there is no workgroup {change.queue}; there are {', '.join(queues)}")
    if change.skills and change.agents <= 0:
        raise click.ClickException("--skill is of the agents who are added: give --agents +1 or more")
    for skill in change.skills:
        if skill not in known:
            raise click.ClickException(f"there is no skill {skill}; there are {', '.join(sorted(known)) or 'none'}")
    if not day.arrivals:
        raise click.ClickException("nobody called on that day")
    if not any(visits for queue, visits in day.waits.items() if change.queue in {"", queue}):
        raise click.ClickException(f"no call came to {change.queue or 'a workgroup'} on that day")
    there = at_work(day, configuration, change.queue)
    if -change.agents > len(there):
        within = f" in {change.queue}" if change.queue else ""
        raise click.ClickException(f"{len(there)} worked{within} on that day; {-change.agents} cannot stay away")


def words(day: Day, queue: str) -> list[str]:
    """Say what the day shows too little of for the figures to be trusted."""
    visits = [visit for slug, seen in day.waits.items() if queue in {"", slug} for visit in seen]
    gave_up = sum(visit.gave_up for visit in visits)
    said = []
    if len(visits) < POOLED_BELOW:
        said.append(f"The day shows only {len(visits)} calls that came to be served: little is known from so few.")
    if gave_up < GAVE_UP_MIN:
        said.append(
            f"{'Nobody' if not gave_up else f'Only {gave_up}'} gave up: how long people would wait is hardly known,"
            " and who would give up if they waited longer is mostly a guess."
        )
    return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What is printed."""

    calls: int
    recorded: Told
    as_was: list[Told]
    what_if: list[Told]
    formula: str
    words: list[str]

    def rows(self) -> dict[str, tuple[float, Band, Band, Band]]:
        """Give each figure as recorded, as lived again, with what is different, and by how much that differs."""
        rows = {}
        for name in FIGURES:
            old, new = ([float(asdict(one)[name]) for one in lives] for lives in (self.as_was, self.what_if))
            differences = [after - before for before, after in zip(old, new, strict=True)]
            rows[name] = (float(asdict(self.recorded)[name]), band(old), band(new), band(differences))
        return rows


def _print(compared: Compared, *, as_json: bool) -> None:
    trials = len(compared.as_was)
    if as_json:
        named = {
            name: {"recorded": was, "simulated": list(same), "what_if": list(other), "difference": list(difference)}
            for name, (was, same, other, difference) in compared.rows().items()
        }
        head = {"calls": compared.calls, "seeds": trials, "band_percent": share(trials), "formula": compared.formula}
        sys.stdout.buffer.write(msgspec.json.encode({**head, "notes": compared.words, **named}) + b"\n")
        return
    title = f"{compared.calls} calls, {trials} trials; median [band of {share(trials)} %]"
    table = Table(box=None, pad_edge=False, title=title.replace("[", r"\["))
    for column in ("", "recorded", "simulated", "what if", "difference"):
        table.add_column(column, justify="right" if column else "left")
    for name, (was, *others) in compared.rows().items():
        cells = [f"{middle:.1f} [{low:.1f} … {high:.1f}]".replace("[", r"\[") for middle, low, high in others]
        table.add_row(FIGURES[name], f"{was:.1f}", *cells)
    console = out()
    console.print(table)
    console.print(f"Service level: {compared.formula}.")
    for one in compared.words:
        console.print(one)
