"""The `switchroom` command: its subcommands are the modules beside this one, found by file name.

A subcommand's module defines `command`, and its docstring's first line is what the help says of it. Only the one that
is called is imported. Modules whose name begins with `_` are shared by several and are no subcommands.
"""

import ast
import importlib
import io
import os
import sys
from pathlib import Path

import click
from typing_extensions import override

from appliance.commands._help import Context, speak, translated
from appliance.texts import marked, said

FOLDER = Path(__file__).parent
WIDTH_MAX = 100
HELP = (
    marked("Run a Switchroom box, look at it, and ask it for things."),
    marked("Which box is told by SWITCHROOM_HOME and SWITCHROOM_PORT, as when it was started."),
)


def names() -> list[str]:
    """List the subcommands."""
    modules = (path.stem for path in FOLDER.glob("*.py"))
    own = Path(__file__).stem
    return sorted(name.replace("_", "-") for name in modules if not name.startswith("_") and name != own)


def _module(name: str) -> str:
    return name.replace("-", "_")


def label(name: str) -> str:
    """Give what the help says of a subcommand, without importing it."""
    said = ast.get_docstring(ast.parse((FOLDER / f"{_module(name)}.py").read_bytes())) or ""
    return said.partition("\n")[0]


class Subcommands(click.Group):
    """The modules of this folder as subcommands."""

    context_class = Context

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return names()

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in names():
            return None
        found = importlib.import_module(f"{__package__}.{_module(cmd_name)}").command
        if not isinstance(found, click.Command):
            raise TypeError(f"{cmd_name}.command is no command")
        return translated(found)

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(said("Commands")):
            formatter.write_dl([(name, said(label(name))) for name in names()])


def _begin() -> None:
    os.umask(0o077)


def group() -> click.Group:
    """Make the command, in the language of the environment."""
    speak()
    return Subcommands(
        "switchroom",
        callback=_begin,
        help="\n\n".join(map(said, HELP)),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH_MAX},
    )


def main() -> None:
    """Run it; what a terminal cannot write becomes a question mark and ends nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    group().main()
