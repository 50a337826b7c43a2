"""The technician's menu: numbered lines on any terminal, 80 by 24 signs, in two languages, and nothing but these.

It writes no escape sequence and runs no shell. What is typed is a number, or the word that a question asks for.
"""

import select
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import FileIO
from typing import TextIO

from appliance import line_states, root_work
from appliance.commands import _menu_first
from appliance.commands.status import PROGRAM_STATES, look
from appliance.line_states import LinesAwayError
from appliance.places import Places
from appliance.texts import LANGUAGES, Texts, marked, texts
from appliance.words import PART_STATES, PARTS

COLUMNS, ROWS = 79, 22
"A column less than there are, for some terminals begin a new row by themselves; two rows for the question."
TYPED_MAX = 40
"Signs of an answer that are looked at."
IDLE_S = 600.0
"After so long without an answer the menu logs out."
TEST_CALL_S = 300.0
SURE = marked("reset")
"What has to be typed before the network is reset."
TITLES = (
    marked("Address"),
    marked("Status"),
    marked("Lines"),
    marked("Test call"),
    marked("Reset the network"),
    marked("Restart"),
    marked("Language"),
)


class LoggedOutError(Exception):
    """The technician is done, or gone."""


@dataclass(kw_only=True)
class Menu:
    """One session at the console."""

    places: Places
    typed: FileIO
    "Where lines come from; a file with a descriptor."
    out: TextIO
    language: str
    command: list[str] = field(default_factory=lambda: [sys.executable, "-m", "appliance.commands"])
    "How this command is called, for the test call."

    @property
    def say(self) -> Texts:
        """Texts in the technician's language."""
        return texts(self.language)

    def run(self) -> None:
        """Go on until the technician logs out, or is gone."""
        doings: tuple[Callable[[], None], ...] = (
            self._address,
            self._status,
            self._lines,
            self._test_call,
            self._reset,
            self._restart,
            self._language,
        )
        try:
            self._first_boot()
            while True:
                self._print(["", f"Switchroom · {self.places.address}", ""])
                self._print(f"  {place}  {self.say(title)}" for place, title in enumerate(TITLES, 1))
                out = self.say("Log out")
                self._print([f"  0  {out}", ""])
                if (chosen := self._ask(self.say("Number:"))) == "0":
                    return
                if chosen.isascii() and chosen.isdigit() and 1 <= int(chosen) <= len(doings):
                    self._do(doings[int(chosen) - 1])
        except (LoggedOutError, OSError):  # the second is a terminal that was pulled out
            return

    def _first_boot(self) -> None:
        """Show a new box's first steps until somebody administers it, or wants the menu."""
        if _menu_first.waits(self.places) is not None:
            self._language()
        while (first := _menu_first.waits(self.places)) is not None:
            say = self.say
            self._print(_menu_first.welcome(self.places, first, say))
            titles = (say("Look again"), say("Network"), say("Language"))
            menu = say("Technician's menu")
            self._print([*(f"  {place}  {title}" for place, title in enumerate(titles, 1)), f"  0  {menu}", ""])
            match self._ask(say("Number:")):
                case "0":
                    return
                case "2":
                    self._do(lambda: _menu_first.set_network(self.places, self.say, self._ask, self._print))
                case "3":
                    self._do(self._language)

    def _do(self, doing: Callable[[], None]) -> None:
        """Do one thing; Ctrl-C leads back to the menu."""
        try:
            doing()
        except KeyboardInterrupt:
            self._print(["", self.say("Stopped.")])

    # -- what can be done

    def _address(self) -> None:
        say = self.say
        lines = [say("Console: {address}", address=self.places.address)]
        try:
            seen = root_work.ask(self.places.privileged, root_work.Look()).seen
        except root_work.RootAwayError:
            seen = None
        if seen is None:
            lines.append(say("The network of this machine is not ours to set."))
        else:
            lines += [say("Host: {name}", name=seen.network.host), *seen.addresses]
            lines.append(say("Address by DHCP") if not seen.network.address else seen.network.address)
        self._paged(lines)

    def _status(self) -> None:
        say = self.say
        seen = look(self.places)
        lines = [seen.problem(say) or say("Calls can be taken: {address}", address=self.places.address)]
        for entry in seen.processes:
            name, state = str(entry["name"]), str(entry["state"])
            lines += [f"  {name:12} {say(PROGRAM_STATES.get(state, state)):12} {entry['restarts'] or ''}"]
        lines += [
            f"  {say(PARTS.get(part, part))}: {say(PART_STATES.get(state, state))}"
            for part, state in sorted(seen.health.items())
        ]
        self._paged(lines)

    def _lines(self) -> None:
        say = self.say
        health = look(self.places).health
        lines = [
            f"  {say('Trunk {name}', name=part.removeprefix('trunk/'))}: {say(PART_STATES.get(state, state))}"
            for part, state in sorted(health.items())
            if part.startswith("trunk/")
        ]
        try:
            serial = line_states.ask(self.places.lines_socket)
        except LinesAwayError:
            serial = ()
        for line in serial:
            opened = say("open")
            lines.append(f"  {line.slug} ({line.place}): {line.problem or opened}")
            if line.printed or line.waiting or line.dropped:
                told = say("printed {printed}, waiting {waiting}, not printed {dropped}", **_figures(line))
                lines.append(f"    {told}")
        self._paged(lines or [say("There are none.")])

    def _test_call(self) -> None:
        self._print([self.say("A call through the whole box; this takes a minute or two. Ctrl-C stops it.")])
        with subprocess.Popen(
            [*self.command, "selftest"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as test:
            try:
                for line in test.stdout or ():
                    self._print([line.decode(errors="replace")])
                code = test.wait(TEST_CALL_S)
            except BaseException:
                test.kill()
                raise
        self._print([self.say("The test call was heard.") if not code else self.say("The test call failed.")])
        self._enter()

    def _reset(self) -> None:
        say = self.say
        word = say(SURE)
        self._print(
            [
                say("Network and firewall go back to how they were at first: an address by DHCP."),
                say("Who is connected by the network may be cut off. Talk goes on where the line lasts."),
            ]
        )
        if self._ask(say("Type {word} to go on:", word=word)) != word:
            self._print([say("Nothing was changed.")])
            return
        self._root(root_work.ResetNetwork())

    def _restart(self) -> None:
        say = self.say
        units = root_work.UNITS
        programs = [say("Program {name}", name=unit) for unit in units]
        whole, back = say("The whole machine: calls end"), say("Back")
        self._print(f"  {place}  {title}" for place, title in enumerate([*programs, whole], 1))
        self._print([f"  0  {back}"])
        chosen = self._ask(say("Number:"))
        if not (chosen.isascii() and chosen.isdigit() and 1 <= int(chosen) <= len(units) + 1):
            self._print([say("Nothing was changed.")])
        elif int(chosen) > len(units):
            self._root(root_work.Reboot())
        else:
            self._root(root_work.RestartUnit(unit=units[int(chosen) - 1]))

    def _language(self) -> None:
        names = list(LANGUAGES)
        self._print(f"  {place}  {LANGUAGES[name]}" for place, name in enumerate(names, 1))
        chosen = self._ask(self.say("Number:"))
        if chosen.isascii() and chosen.isdigit() and 1 <= int(chosen) <= len(names):
            self.language = names[int(chosen) - 1]

    def _root(self, question: root_work.AnyQuestion) -> None:
        """Ask root, and say what came of it."""
        say = self.say
        try:
            answer = root_work.ask(self.places.privileged, question)
        except root_work.RootAwayError as problem:
            self._print([say("This machine has no root part of ours: {problem}", problem=problem)])
            return
        done = say("Done.") if not answer.problem else say("Refused: {problem}", problem=answer.problem)
        self._print([done, answer.detail] if answer.detail else [done])

    # -- the terminal

    def _paged(self, lines: Iterable[str]) -> None:
        """Print, and wait for a key after each screen."""
        rows = [row for line in lines for row in rows_of(line)]
        for top in range(0, len(rows), ROWS):
            self._print(rows[top : top + ROWS])
            self._enter()

    def _enter(self) -> None:
        self._ask(self.say("Enter: go on"))

    def _print(self, lines: Iterable[str]) -> None:
        for line in lines:
            for row in rows_of(line):
                self.out.write(f"{row}\n")
        self.out.flush()

    def _ask(self, question: str) -> str:
        """Ask for a line; raises `LoggedOutError` if none comes in time, or nobody is there any more."""
        self.out.write(f"{question} ")
        self.out.flush()
        ready, _, _ = select.select([self.typed], [], [], IDLE_S)
        line = self.typed.readline(TYPED_MAX) if ready else b""
        if not line:
            raise LoggedOutError
        while not line.endswith(b"\n"):  # what is too long is no answer
            if not (rest := self.typed.readline(TYPED_MAX)):
                raise LoggedOutError
            line = b"\n" if rest.endswith(b"\n") else b""
        return "".join(sign for sign in line.decode(errors="replace") if sign.isprintable()).strip()


def rows_of(text: str) -> Iterator[str]:
    """Cut a text into rows of a terminal that shows nothing but signs; Chinese ones take two columns."""
    row, width = "", 0
    for sign in text.rstrip("\r\n"):
        shown = sign if sign.isprintable() else "?"
        wide = 2 if unicodedata.east_asian_width(shown) in "WF" else 1
        if width + wide > COLUMNS:
            yield row
            row, width = "", 0
        row, width = row + shown, width + wide
    yield row


def _figures(line: line_states.LineState) -> dict[str, int]:
    return {"printed": line.printed, "waiting": line.waiting, "dropped": line.dropped}
