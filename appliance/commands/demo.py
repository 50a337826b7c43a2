"""Let robots call the sample company and serve its callers, and check every call."""

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import click
from rich.markup import escape
from rich.table import Table

from appliance.commands import calls
from appliance.commands._box import box, out, store
from appliance.commands._demo_judge import Verdict, judge
from appliance.commands._demo_play import Cast
from appliance.commands._robots import AGENT_TONES, CALLER_TONES, Floor, RobotsError, Sounds, read_wav
from appliance.commands._told import Plan, Told
from appliance.commands.calls import CallLine
from appliance.overview import Account, overview
from appliance.store.reader import Query, Reader
from drivers.asterisk.bundle import current_bundle
from drivers.robot.clock import Pace
from drivers.robot.sound import Samples
from drivers.robot.stage import Stage, play
from drivers.robot.waits import RobotError

CYCLE_S = 9.0
"What a call takes of an agent: ringing, talking, wrap-up."
LOAD = 0.9
"Share of the agents' time that calls take."
GIVE_UP_SHARE = 0.1
RECORDS_S_MAX = 30.0
"Within which records and sealed recordings must have come after the last call."
LATE_SHARE_MAX = 0.02
"If more of the robots' audio was late, the machine was too busy to blame the box for what was wrong."
LOOK_S = 0.5
SABOTAGE_CALLS_MIN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is judged."""

    told: tuple[Told, ...]
    records: tuple[CallLine, ...]
    recordings: dict[str, Samples]
    pace: Pace
    strays: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoilt:
    """Something spoilt on purpose, and the words by which it must be found out."""

    what: str
    who: str
    sign: str


@click.command()
@click.option("--calls", "count", type=click.IntRange(1, 10_000), default=200, show_default=True)
@click.option("--agents", type=click.IntRange(1, 10), default=10, show_default=True)
@click.option("--seed", default=1, show_default=True, help="Who calls when, and for how long.")
@click.option("--sabotage", is_flag=True, help="Spoil three things on purpose; the demo must see each, and fails.")
def command(count: int, agents: int, seed: int, *, sabotage: bool) -> None:
    """Let robots call the sample company and serve its callers, and check every call.

    Exit code 0 if every call, recording and record is right. With --sabotage 1 if all that was spoilt was seen, else 3.
    """
    if sabotage and count < SABOTAGE_CALLS_MIN:
        raise click.UsageError(f"--sabotage needs at least {SABOTAGE_CALLS_MIN} calls")
    places = box()
    console = out()
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {escape(line)}")

    with store(places) as reader:
        floor = Floor(places=places, overview=overview(places, reader), sounds=Sounds(places, current_bundle()))
        try:
            _refuse(floor)
            plans = plan(floor, count, agents, random.Random(seed), sabotage=sabotage)  # noqa: S311  a play, no secret
            evidence = _play(floor, reader, plans, agents, say)
        except (RobotsError, RobotError) as error:
            raise click.ClickException(str(error)) from error
        configuration = reader.standing().configuration
        queue = configuration.queues[0]
    spoilt: list[Spoilt] = []
    if sabotage:
        evidence, spoilt = _spoil(evidence)
    verdict = judge(
        evidence.told,
        evidence.records,
        evidence.recordings,
        answer_within_s=queue.answer_within_s,
        short_abandon_s=queue.short_abandon_s,
        formula=configuration.company.level_formula,
    )
    show(verdict, evidence, count)
    sys.exit(_sabotage_seen(spoilt, verdict) if sabotage else _exit_code(verdict, evidence, count))


def _spoil(evidence: Evidence) -> tuple[Evidence, list[Spoilt]]:
    try:
        return spoil(evidence)
    except RobotsError as error:
        raise click.ClickException(str(error)) from error


def _refuse(floor: Floor) -> None:
    if not floor.overview.sample:
        raise RobotsError("The sample company is not here, and the demo works with no other: try it on a new box.")
    if busy := floor.at_work():
        raise RobotsError(f"Agents are at work and would be rung: {', '.join(busy)}. Let them sign off first.")


def staff(floor: Floor, agents: int) -> list[Account]:
    """Choose the accounts of the first agents."""
    return [account for account in floor.overview.accounts if account.agent][:agents]


def plan(floor: Floor, count: int, agents: int, chance: random.Random, *, sabotage: bool) -> list[Plan]:
    """Plan who calls which number when, and what each does; the last one to wait is answered by a mute if sabotaged."""
    staffed = {queue for account in staff(floor, agents) for queue in account.queues}
    ways = [
        (number, key, way)
        for number in floor.overview.numbers
        for key, way in number.keys.items()
        if way.queue in staffed and not way.prompts
    ]
    if not ways:
        raise RobotsError("No key of any number leads to a workgroup: this is not the sample company as it was made.")
    prefix = f"5{chance.randrange(10**3):03}{int(time.time()) % 10**4:04}"
    plans = []
    for place in range(count):
        number, key, way = ways[place % len(ways)]
        gives_up = place % round(1 / GIVE_UP_SHARE) == 4  # noqa: PLR2004  any place but the first
        plans.append(
            Plan(
                caller_number=f"{prefix}{place:04}",
                number=number.number,
                language=number.language,
                prompts=number.way.prompts,
                key=key,
                queue=way.queue,
                tone_hz=CALLER_TONES[place % len(CALLER_TONES)],
                starts_s=place * CYCLE_S / (min(agents, len(floor.overview.accounts)) * LOAD),
                talk_s=chance.uniform(4.0, 7.0),
                caller_hangs_up=chance.random() < 0.5,  # noqa: PLR2004  as often as not
                gives_up_s=chance.uniform(3.0, 9.0) if gives_up else 0.0,
                ring_s=chance.uniform(2.0, 3.0),
            )
        )
    if sabotage:
        last = max(place for place, one in enumerate(plans) if not one.gives_up_s)
        plans[last] = replace(plans[last], mute=True)
    return plans


def _play(floor: Floor, reader: Reader, plans: Sequence[Plan], agents: int, say: Callable[[str], None]) -> Evidence:
    since_us = time.time_ns() // 1000

    async def scene(stage: Stage) -> tuple[list[Told], Pace, list[str]]:
        players = Cast(stage, floor, plans, say)
        seats = [players.seat(account, AGENT_TONES[n]) for n, account in enumerate(staff(floor, agents))]
        return await players.play(seats), players.pace, players.strays

    told, pace, strays = play(scene)
    say("all have hung up; reading records and recordings")
    records = _records(reader, {one.caller_number for one in plans}, since_us)
    return Evidence(
        told=tuple(told),
        records=tuple(records),
        recordings=_recordings(reader, records),
        pace=pace,
        strays=tuple(strays),
    )


def _records(reader: Reader, callers: set[str], since_us: int) -> list[CallLine]:
    """Read the demo's records; wait for those that have not come yet."""
    deadline = time.monotonic() + RECORDS_S_MAX
    while True:
        found = [calls.line_of(listed) for listed in calls.found(reader, Query(since=since_us), 10 * len(callers))]
        records = [line for line in found if line.caller_number in callers]
        if len(records) >= len(callers) or time.monotonic() > deadline:
            return records
        time.sleep(LOOK_S)


def _recordings(reader: Reader, records: Sequence[CallLine]) -> dict[str, Samples]:
    """Read the sealed recordings; wait for those that are being sealed."""
    deadline = time.monotonic() + RECORDS_S_MAX
    wanted = {line.interaction: line.recording for line in records if line.recording and line.talk_s}
    found: dict[str, Samples] = {}
    while wanted.keys() - found.keys():
        for interaction in sorted(wanted.keys() - found.keys()):
            playable = reader.recording(wanted[interaction])
            if playable is not None:
                found[interaction] = read_wav(b"".join(playable.read(0, playable.size)))
        if time.monotonic() > deadline:
            break
        if wanted.keys() - found.keys():
            time.sleep(LOOK_S)
    return found


def spoil(evidence: Evidence) -> tuple[Evidence, list[Spoilt]]:
    """Swap two recordings of different voices and remove a record, as if the box had; the mute is done already."""
    told = {one.plan.caller_number: one for one in evidence.told}
    mute = next(who for who, one in told.items() if one.plan.mute)
    sound = {
        line.caller_number: line.interaction
        for line in evidence.records
        if line.interaction in evidence.recordings and line.caller_number != mute
    }
    first, *others = sound or [""]
    other = next((who for who in others if told[who].plan.tone_hz != told[first].plan.tone_hz), "")
    gone = next((who for who in told if who not in {mute, first, other}), "")
    if not (first and other and gone):
        raise RobotsError("There is not enough to spoil: too few calls were answered and recorded.")
    swapped = {sound[first]: evidence.recordings[sound[other]], sound[other]: evidence.recordings[sound[first]]}
    spoilt = replace(
        evidence,
        recordings={**evidence.recordings, **swapped},
        records=tuple(line for line in evidence.records if line.caller_number != gone),
    )
    return spoilt, [
        Spoilt(what="one side muted", who=mute, sign="a tone of"),
        Spoilt(what="a recording swapped", who=first, sign="left side"),
        Spoilt(what="the other swapped", who=other, sign="left side"),
        Spoilt(what="a record removed", who=gone, sign="0 records"),
    ]


def show(verdict: Verdict, evidence: Evidence, count: int) -> None:
    """Print the figures, the checks and what was wrong."""
    console = out()
    picked_up = sum(one.answered for one in evidence.told)
    level = (
        "none"
        if verdict.service_level is None
        else f"{verdict.service_level:.1%} ({verdict.formula.replace('_', ' ')})"
    )
    answer = "none" if verdict.speed_of_answer_s is None else f"{verdict.speed_of_answer_s:.2f} s"
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, figure in (
        ("calls made", f"{count}"),
        ("offered", f"{verdict.offered}"),
        ("answered", f"{verdict.answered}"),
        ("abandoned", f"{verdict.abandoned}, {verdict.abandoned_short} of them short"),
        ("ASA", answer),
        ("service level", level),
        ("prompt, key, music, both voices right", f"{verdict.audio_good} of {picked_up} answered calls"),
        ("recordings right", f"{verdict.recordings_good} of {picked_up}"),
        ("records right", f"{verdict.records_good} of {count}, at most {verdict.apart_s_max:.3f} s from our clock"),
        ("robots' audio late", f"{evidence.pace.late_share:.2%} of {evidence.pace.beats} beats"),
    ):
        table.add_row(name, figure)
    console.print(table)
    for fault in (*evidence.strays, *verdict.faults):
        click.echo(f"wrong: {fault}")


def _exit_code(verdict: Verdict, evidence: Evidence, count: int) -> int:
    if not verdict.faults and not evidence.strays and verdict.offered == count:
        click.echo("Every call was right.")
        return 0
    if evidence.pace.late_share > LATE_SHARE_MAX:
        click.echo(
            "The machine was too busy for the robots' own audio: what was wrong may be theirs. Try it again alone."
        )
        return 2
    click.echo("Not every call was right.")
    return 1


def _sabotage_seen(spoilt: Sequence[Spoilt], verdict: Verdict) -> int:
    unseen = 0
    for one in spoilt:
        seen = any(fault.startswith(f"{one.who}: ") and one.sign in fault for fault in verdict.faults)
        unseen += not seen
        click.echo(f"sabotage, {one.what}: {'seen' if seen else 'NOT SEEN'}")
    return 3 if unseen else 1
