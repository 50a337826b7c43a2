"""Back the box up, look at its backups, verify one, write one into a file, prove that one can be restored."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from appliance.commands._box import box as box_of
from appliance.commands._box import out
from appliance.commands._proof import prove as prove_it
from appliance.store import backup_jobs
from appliance.store.backup_jobs import TROUBLE, trouble_of
from appliance.store.backup_places import opened, write_archive
from appliance.store.backup_restore import Reading, export
from appliance.store.backup_words import BackupHome, Result, Step
from appliance.texts import marked, said

MEGABYTE = 1_000_000
PASSED, FAILED = marked("passed"), marked("FAILED")


@contextmanager
def told() -> Iterator[None]:
    """Make trouble one line."""
    try:
        yield
    except TROUBLE as error:
        trouble = trouble_of(error)
        raise click.ClickException(said(trouble.message, **trouble.values)) from error


def _home() -> BackupHome:
    return BackupHome(box_of().home)


def _chosen(box: BackupHome, destination: str) -> str:
    """Give the destination that is meant; without a name the first that is set up."""
    known = [one.slug for one in box.settings.destinations]
    if destination or known:
        return destination or known[0]
    raise click.ClickException(said("No destination is set up: do it in the console, System, Backup."))


def _report(result: Result) -> None:
    if result.problem:
        raise click.ClickException(said(result.problem, **result.values))


@click.group()
def command() -> None:
    """Back the box up, look at its backups, verify one, write one into a file, prove that one can be restored."""


@command.command("list")
def list_() -> None:
    """Show every destination's backups as they were last looked at."""
    box = _home()
    state = box.state
    for destination in box.settings.destinations:
        result = state.results.get(destination.slug)
        table = Table(title=f"{destination.slug} ({destination.kind})", title_justify="left")
        for column in (marked("Backup"), marked("Kind"), marked("Recordings"), marked("Size"), marked("Sent")):
            table.add_column(said(column))
        for one in state.lists.get(destination.slug, ()):
            size = one.counts.databases_bytes + one.counts.recordings_bytes
            table.add_row(
                one.name,
                said("full") if one.full else said("incremental"),
                str(one.counts.recordings),
                f"{size / MEGABYTE:.1f} MB",
                f"{one.sent_bytes / MEGABYTE:.1f} MB",
            )
        out().print(table)
        if result is not None and result.problem:
            out().print(f"[red]{said('FAILED')}[/] {when(result.at)}: {escape(said(result.problem, **result.values))}")
    if not box.settings.destinations:
        raise click.ClickException(said("No destination is set up: do it in the console, System, Backup."))


@command.command()
@click.argument("destination", default="")
@click.option("--full", is_flag=True, help="Copy everything, not only what was added.")
def run(destination: str, *, full: bool) -> None:
    """Back up to DESTINATION now; to the first one if none is named."""
    box = _home()
    with told():
        slug = _chosen(box, destination)
        _report(result := backup_jobs.back_up(box, slug, full=full))
        listed = next(one for one in box.state.lists[slug] if one.name == result.backup)
    kind = said("full") if listed.full else said("incremental")
    values = {"name": result.backup, "kind": kind, "sent": f"{listed.sent_bytes / MEGABYTE:.1f}", "s": result.took_s}
    click.echo(said("Backup {name} ({kind}) is done: {sent} MB in {s} s.", **values))


@command.command()
@click.argument("destination", default="")
@click.option("--name", default="", help="Which backup; the newest if none is named.")
def verify(destination: str, name: str) -> None:
    """Read every byte of a backup at DESTINATION and hold it against its sums."""
    box = _home()
    with told():
        _report(result := backup_jobs.check(box, _chosen(box, destination), name))
    click.echo(said("Backup {name} is whole: every byte was read in {s} s.", name=result.backup, s=result.took_s))


@command.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "destination", default="", help="Which destination; the first if none is named.")
@click.option("--name", default="", help="Which backup; the newest if none is named.")
def export_(file: Path, destination: str, name: str) -> None:
    """Write a backup into FILE, still encrypted, to be carried to another machine."""
    box = _home()
    with told(), box.alone(), opened(box.destination(_chosen(box, destination)), box) as place:
        size = write_archive(file, export(Reading(place, box.key, name, lambda *_: None), place))
    click.echo(
        said("{file}: {size} MB. Its passphrase is that of the backups.", file=file, size=f"{size / MEGABYTE:.1f}")
    )


@command.command()
@click.argument("destination", default="")
def prove(destination: str) -> None:
    """Restore the newest backup at DESTINATION into a sandbox, start it, call into it, and report each step."""
    places = box_of()
    box = BackupHome(places.home)
    os.nice(5)
    with told():
        proof = prove_it(box, places, _chosen(box, destination), tell=_teller())
    if proof.problem:
        raise click.ClickException(said(proof.problem, **proof.values))
    values = {"name": proof.backup, "s": proof.took_s, "recordings": proof.counts.recordings}
    click.echo(said("Backup {name} can be restored: {recordings} recordings, {s} s in all.", **values))


def _teller() -> Callable[[Step], None]:
    console = out()

    def tell(step: Step) -> None:
        word = f"[green]{said(PASSED)}[/]" if step.passed else f"[bold red]{said(FAILED)}[/]"
        console.print(f"{word}  {said(step.name)}  {step.took_s:.2f} s  {escape(step.told)}")

    return tell


def when(at_us: int) -> str:
    """Give a moment as the machine's clock says it."""
    return datetime.fromtimestamp(at_us / 1_000_000, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
