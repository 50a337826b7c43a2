"""Run the box in the foreground; Ctrl-C stops it."""

import click

from appliance.commands._box import become


@click.command()
def command() -> None:
    """Run the box in the foreground; Ctrl-C stops it."""
    become("boot.run")
