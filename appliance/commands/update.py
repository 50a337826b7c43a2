"""Show the slots and the present update; install a bundle, wait no more, give it up, or go back."""

import time
from pathlib import Path

import click

from appliance import api, root_work, updates
from appliance.commands._box import ask, box, out
from appliance.places import Places
from appliance.texts import here, marked, said
from appliance.updates import OVER, Looked, Phase, Plan, Plans
from appliance.words import PHASES, UPDATE_WHYS, problem_text

LOOK_S = 1.0
DAEMON_S = 600.0
"How long the daemon may be away while a machine starts anew."
MEGABYTE = 1_000_000


@click.command()
@click.argument("bundle", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--at-once", is_flag=True, help="Switch without waiting until nobody calls: calls end.")
@click.option("--wait", is_flag=True, help="Tell each phase until the update is over, or the machine starts anew.")
@click.option("--stop", "work", flag_value="stop", help="Give up an update that has not been switched to.")
@click.option("--take-back", "work", flag_value="take_back", help="Go back to the release in reserve.")
def command(*, bundle: Path | None, at_once: bool, wait: bool, work: str | None) -> None:
    """Show the slots and the present update, or install BUNDLE beside what runs and switch when nobody calls."""
    places = box()
    if bundle is not None and work is not None:
        raise click.UsageError(said("Give a bundle, or one of --stop and --take-back."))
    if bundle is not None:
        _ask(places, api.Update(work="begin", bundle=_staged(places, bundle).name, at_once=at_once))
    elif work == "stop":
        _ask(places, api.Update(work="stop"))
    elif work == "take_back":
        _ask(places, api.Update(work="take_back", at_once=at_once))
    elif at_once:
        _ask(places, api.Update(work="at_once"))
    plans = Plans(places.update)
    if wait:
        _follow(plans)
    else:
        _show(places, plans.read())


def _staged(places: Places, bundle: Path) -> Looked:
    """Copy a bundle to where root looks for it, and tell what it is."""
    if bundle.resolve().parent != places.updates.resolve():
        try:
            updates.stage(places.updates, bundle.name, updates.pieces_of(bundle))
        except ValueError as error:
            told = {"name": NAME, "size": SIZE}.get(str(error), SIZE)
            raise click.ClickException(said(told, name=bundle.name)) from error
        except OSError as error:
            raise click.ClickException(said("{name} cannot be copied: {why}", name=bundle.name, why=error)) from error
    found = updates.looked(places.updates / bundle.name)
    if found.problem:
        raise click.ClickException(said("{name} is refused: {why}", name=bundle.name, why=found.problem))
    click.echo(said("{name}: release {version}", name=found.name, version=found.version or "?"))
    return found


NAME = marked("{name} is no name of a bundle: letters, digits, dots and hyphens, and .raucb at its end.")
SIZE = marked("{name} is empty, or larger than any bundle.")


def _ask(places: Places, request: api.Update) -> None:
    reply = ask(places, request)
    if reply.problems:
        raise click.ClickException(problem_text(here(), reply.problems[0]))


def _follow(plans: Plans) -> None:
    """Tell each phase until the last; exit code 1 if the new release does not run."""
    told, deadline = None, time.monotonic() + DAEMON_S
    while time.monotonic() < deadline:
        plan = plans.read()
        if plan != told and plan is not None:
            click.echo(phase_text(plan))
            told, deadline = plan, time.monotonic() + DAEMON_S
        if plan is None or plan.phase in OVER:
            break
        time.sleep(LOOK_S)
    if told is None or told.phase is not Phase.GOOD:
        raise SystemExit(1)


def phase_text(plan: Plan) -> str:
    """Say where an update is, and why it came to nothing."""
    word = PHASES[plan.phase]
    what = plan.bundle or said("Back to the release in reserve")
    why = said(UPDATE_WHYS[plan.why]) if plan.why in UPDATE_WHYS else plan.why
    line = f"{word.sign} {what}: {said(word.text)}"
    return f"{line}. {why}" if why and plan.phase in OVER and plan.phase is not Phase.GOOD else line


def _show(places: Places, plan: Plan | None) -> None:
    console = out()
    try:
        seen = root_work.ask(places.privileged, root_work.Look()).seen
    except root_work.RootAwayError:
        seen = None
    for slot in seen.slots if seen is not None else ():
        state = said("runs") if slot.booted else said("in reserve")
        unproven = said("not proven")
        proven = "" if slot.good else f" · {unproven}"
        slot_name = said("Slot {name}", name=slot.name)
        console.print(f"{slot_name}  {slot.version or '—'}  {state}{proven}", markup=False)
    if seen is None or not seen.slots:
        console.print(problem_text(here(), api.Problem(code="no_slots")), markup=False)
    for path in updates.staged(places.updates):
        found = updates.looked(path)
        size = said("{count} MB", count=found.size // MEGABYTE)
        console.print(f"{found.name}  {found.version or '—'}  {size}  {found.problem}".rstrip(), markup=False)
    if plan is not None:
        console.print(phase_text(plan), markup=False)
