"""Planted bugs: small changes of the shipped core, each of which the simulator must find.

`python -m tests.simulation.mutants` searches the first seeds at which each is found, tries the unit tests on each, and
writes both into `found.json`; the tests hold the shipped core and the finds against each other.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

ROOT = Path(__file__).parents[2]
FOUND = Path(__file__).with_name("found.json")
CORE = Path("appliance/core")
MUTANTS = Path(__file__).with_name("mutants.toml")
SEEDS = 200
CALLS = 100
SEARCH_S = 1800.0
UNIT = (("tests/core",), ("tests/appliance", "tests/commands", "tests/daemon", "tests/drivers", "tests/store"))
"All tests that neither live through drawn days nor need a real Asterisk, browser, database or image."
SIMULATED = ("tests/core/test_machine.py", "tests/commands/test_what_if.py")
SIMULATED_TESTS = ("tests/core/test_invariants.py::test_a_day_without_fault_breaks_nothing",)
"What in them is the simulator, or hypothesis under the same watch."
SEED = re.compile(r"^seed (\d+): (?:WrongError: )?(\w+)", re.MULTILINE)


class Find(msgspec.Struct, frozen=True, kw_only=True):
    """How a planted bug was found."""

    seed: int
    "The first that finds it."
    by: str
    "What did not hold."
    hidden: bool
    "Whether all unit tests pass in spite of it."


class Mutant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One planted bug."""

    file: str
    "Module of the core."
    old: str
    "What stands there once,"
    new: str
    "and what stands there instead."
    calls: int = CALLS
    "Of a day that may show it."


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run of a few days told."""

    seed: int
    by: str


def mutants() -> dict[str, Mutant]:
    """Read the planted bugs; a name begins with the rule that the bug breaks."""
    return msgspec.toml.decode(MUTANTS.read_bytes(), type=dict[str, Mutant])


def changed(mutant: Mutant) -> str:
    """Give a module's text with the bug in it; raises `ValueError` if it does not fit there once."""
    text = (ROOT / CORE / mutant.file).read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.file} holds {text.count(mutant.old)} times: {mutant.old}")
    return text.replace(mutant.old, mutant.new)


@contextmanager
def planted(mutant: Mutant) -> Iterator[Path]:
    """Give a folder that holds the project with one bug in it."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        for top in ("boot", "drivers", "stubs", "tests", "webadmin", "pyproject.toml", "Makefile"):
            (folder / top).symlink_to(ROOT / top)
        (folder / "appliance").mkdir()
        for path in (ROOT / "appliance").iterdir():
            if path.name != "core":
                (folder / "appliance" / path.name).symlink_to(path)
        shutil.copytree(ROOT / CORE, folder / CORE, ignore=shutil.ignore_patterns("__pycache__"))
        path = folder / CORE / mutant.file
        path.write_text(changed(mutant))
        yield folder


def _run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *argv],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=SEARCH_S,
    )


def find(mutant: Mutant, *, first: int = 0, seeds: int = SEEDS) -> Seen | None:
    """Live through days with the bug until one does not hold; None if all do."""
    with planted(mutant) as folder:
        argv = ["--first", str(first), "--seeds", str(seeds), "--calls", str(mutant.calls), "--jobs", "1", "--stop"]
        done = _run(folder, "-m", "tests.simulation", *argv)
    told = SEED.search(done.stdout)
    if told is None and done.returncode:
        raise RuntimeError(f"{mutant.file}: {done.stdout[-500:]}{done.stderr[-1500:]}")
    return Seen(int(told[1]), told[2]) if told else None


def is_hidden(mutant: Mutant) -> bool:
    """Whether all unit tests pass with the bug in it: those of the core first, as they see most, then all others."""
    with planted(mutant) as folder:
        argv = ["-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", *(f"--ignore={path}" for path in SIMULATED)]
        argv += [f"--deselect={name}" for name in SIMULATED_TESTS]
        return all(_run(folder, "-m", "pytest", *argv, *paths).returncode == 0 for paths in UNIT)


def known() -> dict[str, Find]:
    """Read the finds."""
    return msgspec.json.decode(FOUND.read_bytes(), type=dict[str, Find]) if FOUND.exists() else {}


def _look(named: tuple[str, Mutant], *, unit: bool) -> tuple[str, Find | None]:
    name, mutant = named
    seen = find(mutant)
    hidden = is_hidden(mutant) if unit else name in known() and known()[name].hidden
    return name, Find(seed=seen.seed, by=seen.by, hidden=hidden) if seen else None


@click.command()
@click.option("--only", default="", help="Only those whose name begins so.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Mutants at once.")
@click.option("--unit/--no-unit", default=True, help="Whether the unit tests are tried on each.")
def main(only: str, jobs: int, *, unit: bool) -> None:
    """Search the seeds that find the planted bugs."""
    planned = [(name, mutant) for name, mutant in mutants().items() if name.startswith(only)]
    finds = {name: found for name, found in known().items() if name in mutants()}
    missed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        looks = [pool.submit(_look, named, unit=unit) for named in planned]
        for look in concurrent.futures.as_completed(looks):
            name, found = look.result()
            if found is None:
                missed += 1
                finds.pop(name, None)
                click.echo(f"{name}: NOT FOUND within {SEEDS} seeds")
            else:
                finds[name] = found
                hidden = ", hidden from the unit tests" if found.hidden else ""
                click.echo(f"{name}: seed {found.seed}, {found.by}{hidden}")
    FOUND.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(finds.items()))), indent=1) + b"\n")
    click.echo(f"{len(planned) - missed} of {len(planned)} found, {sum(f.hidden for f in finds.values())} hidden")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
