"""Forget a person: number, name, notes, recordings; what happened stays and names nobody."""

import click

from appliance import api
from appliance.commands._box import ask, box, out, store
from appliance.texts import here, said
from appliance.words import problem_text


@click.command()
@click.argument("party")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(party: str, *, yes: bool) -> None:
    """Forget PARTY, a party's id or a number, so that nothing of it is left on the disk.

    The record, the notes, the recordings and their keys go at once; the files are packed within a minute, and no trace
    of it is left in them. Facts, figures and records of calls stay; they know the party by an id that names nobody.
    """
    places = box()
    with store(places) as reader:
        found = reader.party(party)
    if not found:
        raise click.ClickException(said("Nobody is known as {party}.", party=party))
    if not yes:
        click.confirm(said("Forget {party} for good?", party=party), abort=True)
    reply = ask(places, api.Erase(party=found))
    if reply.problems:
        problem = problem_text(here(), reply.problems[0])
        raise click.ClickException(said("{party} was not erased: {problem}", party=party, problem=problem))
    out().print(said("Erased. The files are being packed."))
