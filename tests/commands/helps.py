"""What the help of the command says, as it stands in the sources."""

import importlib
from collections.abc import Iterator

import click

from appliance.commands import main
from appliance.commands._help import paragraphs


def sources() -> Iterator[tuple[str, click.Command]]:
    """Give each subcommand as its module has it."""
    for name in main.names():
        module = importlib.import_module(f"appliance.commands.{name.replace('-', '_')}")
        yield name, module.command


def help_texts() -> Iterator[str]:
    """Give every paragraph of help, and every label."""
    for name, command in sources():
        yield main.label(name)
        yield from _of(command)


def _of(command: click.Command) -> Iterator[str]:
    options = (one.help for one in command.params if isinstance(one, click.Option))
    for text in (command.help, *options):
        if text:
            yield from paragraphs(text)
    if isinstance(command, click.Group):
        for one in command.commands.values():
            yield from _of(one)
