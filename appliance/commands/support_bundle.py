"""Write a support bundle: logs, versions, health, the configuration's shape, without secrets or personal data."""

import json
import platform
import re
import sys
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import distributions
from pathlib import Path

import click
import msgspec

from appliance import api, logbook
from appliance.client import Client, DoorClosedError
from appliance.commands._box import box as box_of
from appliance.commands._box import out, store, supervisor
from appliance.logbook import FILES, Wanted
from appliance.places import Places
from appliance.store.backup_words import BackupHome
from appliance.store.reader import Reader
from appliance.texts import said

KEPT_FIELDS = frozenset({"kind", "strategy", "zone", "language", "level_formula", "role"})
"Fields of the configuration whose words are ours; every other text is given as a sign that stands for it."
WORD_MIN = 2
"Shorter names cannot be told from the rest of a text."
PARTIES_MAX = 100_000
LINES_MAX = 20_000
_DIGITS = re.compile(r"\+?[0-9][0-9 ()+-]{3,}[0-9]")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|<[^>]*>")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")


class Veil:
    """Puts a sign in the place of each word that may name somebody or open something."""

    def __init__(self, words: Iterable[str]) -> None:
        """Know the words that have to go, longest first, whatever their case."""
        known = sorted(
            {word.strip() for word in words if len(word.strip()) >= WORD_MIN}, key=lambda word: (-len(word), word)
        )
        self._known = [
            re.compile("|".join(map(re.escape, known[n : n + 500])), re.IGNORECASE) for n in range(0, len(known), 500)
        ]
        self._signs: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Veil a line of a log: known words, quoted text, addresses, and digits that may be a number."""
        for pattern in (_QUOTED, _ADDRESS, *self._known, _DIGITS):
            text = pattern.sub("…", text)
        return text

    def sign(self, text: str) -> str:
        """Give the sign that stands for a text wherever it is."""
        return self._signs.setdefault(text, f"text-{len(self._signs) + 1}") if text else ""

    def shape(self, value: object, name: str = "") -> object:
        """Give a part of the configuration with signs for its texts; numbers, switches and names of fields stay."""
        match value:
            case dict():
                return (
                    {str(key): self.shape(one, str(key)) for key, one in value.items()}
                    if _is_ours(value)
                    else {self.sign(str(key)): self.shape(one, str(key)) for key, one in value.items()}
                )
            case list() | tuple():
                return [self.shape(one, name) for one in value]
            case str():
                return value if name in KEPT_FIELDS else self.sign(value)
            case _:
                return value


def _is_ours(value: Mapping[object, object]) -> bool:
    """Whether a mapping's keys are names of fields, which are identifiers of ours."""
    return all(isinstance(key, str) and key in FIELDS for key in value)


def _fields(kind: object, found: set[str]) -> set[str]:
    """Collect the names of fields of a structure and of all below it."""
    for one in getattr(kind, "fields", ()):
        if one.name not in found:
            found.add(one.name)
            _fields(one.type, found)
    for inner in ("item_type", "value_type"):
        if (below := getattr(kind, inner, None)) is not None:
            _fields(below, found)
    for below in (*getattr(kind, "item_types", ()), *getattr(kind, "types", ())):
        _fields(below, found)
    return found


FIELDS = frozenset(_fields(msgspec.inspect.type_info(api.Document), set()))
"Names of fields of a configuration's document."


def words_of(reader: Reader, places: Places) -> set[str]:
    """Collect what must not be in a bundle: names, numbers, passwords, and what the company is called."""
    document = reader.document()
    configuration = document.configuration
    words = {configuration.company.title, *reader.names().values(), *reader.secrets().values()}
    words |= {person.slug for person in document.people} | {agent.slug for agent in configuration.agents}
    words |= {
        word for trunk in configuration.trunks for word in (trunk.host, trunk.username, trunk.title, *trunk.accept)
    }
    words |= {number.slug for number in configuration.numbers}
    words |= set(reader.everybody(PARTIES_MAX))
    for destination in BackupHome(places.home).settings.destinations:
        words |= {destination.host, destination.user, destination.password, destination.path}
    return words


def contents(places: Places, reader: Reader) -> dict[str, str]:
    """Make the bundle's files."""
    veil = Veil(words_of(reader, places))
    found = {"configuration.json": _json(veil.shape(msgspec.to_builtins(reader.document())))}
    for part in dict.fromkeys(part for part, _file in FILES):
        lines = logbook.entries(places.home, Wanted(part=part), limit=LINES_MAX)
        found[f"log/{part}.txt"] = "".join(
            f"{logbook.iso(line.at_us)} {line.level:7} {veil.text(line.text)}\n" for line in lines
        )
    try:
        health = msgspec.to_builtins(Client(places.console_socket).health())
    except DoorClosedError:
        health = {"daemon": "away"}
    parts = {veil.text(str(name)): word for name, word in dict(health.get("parts", health)).items()}
    backups = BackupHome(places.home).state
    found["health.json"] = _json({"parts": parts, "programs": (supervisor(places) or {}).get("processes", [])})
    found["versions.json"] = _json(
        {
            "python": sys.version,
            "system": platform.platform(),
            "libraries": {one.metadata["Name"]: one.version for one in distributions()},
        }
    )
    found["counts.json"] = _json(
        {
            "calls": reader.count(),
            "backups": {veil.sign(slug): bool(result.problem) for slug, result in backups.results.items()},
        }
    )
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Write logs, versions, health and the shape of the configuration into FILE, a zip.

    Passwords, keys, numbers, names, addresses and every text of the configuration are left out: a sign stands for each.
    """
    places = box_of()
    with store(places) as reader:
        found = contents(places, reader)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in found.items():
            bundle.writestr(name, text)
    values = {"file": file, "count": len(found), "size": f"{file.stat().st_size / 1000:.0f}"}
    out().print(said("{file}: {count} files, {size} kB. Look into it before you send it.", **values))
