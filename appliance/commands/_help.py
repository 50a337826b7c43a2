"""Help in the language of the environment: our own texts of each subcommand, and click's where it asks gettext.

Click knows one language a process, from `LANGUAGE`, and wraps by letters; a Chinese one is as wide as two of ours.
"""

import copy
import gettext
import inspect
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator

import click
from typing_extensions import override

from appliance.texts import COMPILED, TAGS, here, said

CLICKS = "click"
"Click's own texts, a catalogue of their own."
TERMS_MAX = 30
"How wide the left column of a list may be."
TEXT_MIN = 20
WIDE = "WF"
_PIECES = re.compile(r"\s+|[!-~]+|.")
CLOSING = "，。、；：！？）》”’…"
"What must not begin a line."


def speak() -> None:
    """Let click speak the language of the environment."""
    os.environ["LANGUAGE"] = TAGS[here().language]
    gettext.bindtextdomain(CLICKS, str(COMPILED))
    gettext.textdomain(CLICKS)


def paragraphs(text: str) -> list[str]:
    """Give a docstring's or an option's paragraphs, each on one line: as they are translated."""
    return [" ".join(one.split()) for one in inspect.cleandoc(text).split("\n\n")]


def translated(command: click.Command) -> click.Command:
    """Give a command whose help is in the language of the environment."""
    spoken = copy.copy(command)
    spoken.help = _said(command.help)
    spoken.short_help = said(paragraphs(command.help)[0]) if command.help else None
    spoken.params = [_option(one) for one in command.params]
    spoken.context_class = Context
    if isinstance(spoken, click.Group):
        spoken.commands = {name: translated(one) for name, one in spoken.commands.items()}
    return spoken


def _option(parameter: click.Parameter) -> click.Parameter:
    if not isinstance(parameter, click.Option) or not parameter.help:
        return parameter
    spoken = copy.copy(parameter)
    spoken.help = _said(parameter.help)
    return spoken


def _said(text: str | None) -> str | None:
    return "\n\n".join(map(said, paragraphs(text))) if text else text


def cells(text: str) -> int:
    """Tell how many places of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in WIDE else 1 for letter in text)


def wrapped(text: str, width: int) -> Iterator[str]:
    """Break a text into lines: at spaces, and before Chinese letters."""
    line = ""
    for piece in _PIECES.findall(text):
        if cells(line) + cells(piece.strip()) > width and line and piece not in CLOSING:
            yield line.rstrip()
            line = ""
        line += piece if line else piece.lstrip()
    if line:
        yield line.rstrip()


class Formatter(click.HelpFormatter):
    """Click's, which knows that a Chinese letter takes two places."""

    @override
    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        parts = (
            "\n".join(f"{indent}{line}" for line in wrapped(one, self.width - len(indent))) for one in paragraphs(text)
        )
        self.write("\n\n".join(parts) + "\n")

    @override
    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = TERMS_MAX, col_spacing: int = 2) -> None:
        rows, indent = list(rows), " " * self.current_indent
        column = min(max((cells(term) for term, _text in rows), default=0), col_max) + col_spacing
        for term, text in rows:
            first, *others = [*wrapped(text, max(self.width - len(indent) - column, TEXT_MIN))] or [""]
            beside = cells(term) <= column - col_spacing
            gap = " " * (column - cells(term)) if beside else f"\n{indent}{' ' * column}"
            self.write(f"{indent}{term}{gap if first else ''}{first}\n")
            for line in others:
                self.write(f"{indent}{' ' * column}{line}\n")


class Context(click.Context):
    """Click's, whose help is written by `Formatter`."""

    formatter_class = Formatter
