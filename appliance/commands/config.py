"""Export and import the whole configuration as text; remove the sample company."""

import sys
from pathlib import Path
from typing import TextIO

import click
import msgspec

from appliance import api, document, sample, sign_ins
from appliance.commands._box import ask, box, store
from appliance.core import model
from appliance.places import Places
from appliance.texts import here, plural, said
from appliance.words import problem_text

TEXT_BYTES_MAX = 4 * 1024 * 1024


@click.group()
def command() -> None:
    """Export and import the whole configuration as text; remove the sample company."""


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def export(file: Path | None) -> None:
    """Write the configuration, TOML without any password, to FILE or the screen."""
    with store(box()) as reader:
        text = document.write(reader.document())
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text)


@command.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def import_(file: TextIO, *, dry_run: bool, yes: bool) -> None:
    """Replace the configuration by FILE (`-` for standard input); it can be reverted in the console."""
    places = box()
    try:
        text = file.read(TEXT_BYTES_MAX + 1)
    except UnicodeDecodeError as error:
        told = said(
            "{file} is no UTF-8 text: {reason} at byte {place}.", file=file.name, reason=error.reason, place=error.start
        )
        raise click.ClickException(told) from error
    if len(text.encode()) > TEXT_BYTES_MAX:
        raise click.ClickException(said("{file} is longer than {bytes} bytes.", file=file.name, bytes=TEXT_BYTES_MAX))
    replace(places, text, dry_run=dry_run, yes=yes)


def replace(places: Places, text: str, *, dry_run: bool = False, yes: bool = False) -> bool:
    """Show what a new document changes, ask, and have it done; whether it was."""
    try:
        after = document.read(text)
    except document.DocumentError as error:
        where = said("line {line}", line=error.line) if error.line else error.path
        raise click.ClickException(f"{where}: {error.detail}" if where else error.detail) from error
    with store(places) as reader:
        lines = document.differences(reader.document(), after)
    nothing = said("(nothing)")
    for line in lines:
        click.echo(f"{line.path}: {line.before or nothing} -> {line.after or nothing}")
    if not lines:
        click.echo(said("It is the same already."))
        return False
    if (
        not dry_run
        and not yes
        and not click.confirm(plural("Change this {count} thing?", "Change these {count} things?", len(lines)))
    ):
        click.echo(said("Nothing was changed."))
        return False
    reply = ask(places, api.Import(text=text, dry_run=dry_run))
    if reply.problems:
        whole = said("document")
        told = (f"{problem.field or whole}: {problem_text(here(), problem)}" for problem in reply.problems)
        raise click.ClickException("\n  ".join((said("It was refused:"), *told)))
    if dry_run:
        click.echo(said("It would be taken; nothing was changed."))
        return False
    sign_ins.keep(
        places.sign_ins,
        people={person.slug for person in after.people},
        extensions={phone.slug for phone in after.configuration.extensions},
    )
    click.echo(said("Done: change {change}, version {version}.", change=reply.change, version=reply.version))
    return True


@command.command()
@click.argument("administrator")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove_sample(administrator: str, *, yes: bool) -> None:
    """Remove the sample company and its passwords; ADMINISTRATOR is who signs in from then on.

    The name may be new. A password is made for it by chance and shown once. What you have added yourself stays.
    """
    places = box()
    known = sign_ins.read(places.sign_ins)
    if known is None:
        raise click.ClickException(said("The sample company is not here any more."))
    with store(places) as reader:
        before = reader.document()
    people = tuple(
        person for person in before.people if person.slug not in known.people and person.slug != administrator
    )
    chief = api.Person(slug=administrator, name=administrator, role="administrator")
    after = msgspec.structs.replace(
        before, configuration=_without_sample(before.configuration, places), people=(chief, *people)
    )
    if replace(places, document.write(after), yes=yes):
        password = sign_ins.make_password()
        reply = ask(places, api.SetPassword(person=administrator, password=password))
        if reply.problems:
            problem = problem_text(here(), reply.problems[0])
            raise click.ClickException(
                said("{person} has no password yet: {problem}", person=administrator, problem=problem)
            )
        once = {"person": administrator, "password": password}
        click.echo(
            said("Sign in as {person} with the password {password} and change it: it is shown this once.", **once)
        )


def _without_sample(configuration: model.Configuration, places: Places) -> model.Configuration:
    """Take every part away that the sample company brought, changed since or not."""
    theirs = sample.document(trunk_host=places.host, trunk_port=places.far_port).configuration
    left = {
        name: tuple(
            part for part in getattr(configuration, name) if part.slug not in model.by_slug(getattr(theirs, name))
        )
        for name in api.PARTS
    }
    company = configuration.company
    if company.title == sample.TITLE:
        company = msgspec.structs.replace(company, title="")
    return msgspec.structs.replace(configuration, company=company, **left)
