"""Stop the box, from any shell."""

import click

from appliance.commands._box import become


@click.command()
def command() -> None:
    """Stop the box, and end what a killed one left behind."""
    become("boot.stop")
