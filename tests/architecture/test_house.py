"""The house: its folders, its import rules, the size of its rooms, and what may not lie about."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.exceptions import exceptions, exceptions_in

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
FOLDERS = ("appliance", "drivers", "boot", "webadmin", "images", "tests")
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
TEXTS = {".py", ".pyi", ".md", ".toml", ".in", ".lock", ".json", ".js", ".mjs", ".css", ".jinja2", ".po", ".ini", ""}
HOSTS_OF_REGISTRIES = re.compile(
    r"(?:files\.|\b)(?:pythonhosted|pypi|registry\.npmjs|registry\.yarnpkg|deb\.debian|snapshot\.debian)\.(?:org|com)"
)


def files() -> list[Path]:
    """List the files that the repository holds or would hold."""
    git = shutil.which("git")
    assert git is not None
    argv = [git, "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def sources() -> list[Path]:
    """List the Python modules of the house."""
    return [path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in FOLDERS]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a house."""
    argv = [str(BIN / "lint-imports"), "--no-cache", "--no-logo"]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)


def test_the_eight_top_level_names_exist_with_content() -> None:
    """Each top folder has modules and a README; the two top files are more than a line."""
    for folder in FOLDERS:
        assert (ROOT / folder / "README.md").stat().st_size > 500, folder
        assert [path for path in sources() if path.is_relative_to(ROOT / folder)], folder
    for file in ("Vagrantfile", "README.md"):
        assert (ROOT / file).stat().st_size > 300, file


def test_the_import_contracts_hold() -> None:
    """Imports point down, the core is pure, only the store knows ZODB, plug-ins do not know each other."""
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("appliance/core/planted.py", "import time", "Core and records know no socket"),
        ("appliance/core/planted.py", "from appliance import api", "Imports point down"),
        ("appliance/records/planted.py", "import asyncio", "Core and records know no socket"),
        ("webadmin/planted.py", "import ZODB", "Only the store knows ZODB"),
        ("webadmin/planted.py", "import boot", "Imports point down"),
        ("appliance/store/planted.py", "import twisted.internet.task", "Only the daemon and the drivers know Twisted"),
        ("drivers/pjsip/planted.py", "import drivers.robot", "Driver folders do not know each other"),
        ("drivers/planted.py", "import images.asterisk", "Only boot starts a recipe of images"),
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, module: str, line: str, contract: str) -> None:
    """A contract that nothing could break would say nothing."""
    for path in sources():
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / module).write_text(f'"""Planted."""\n\n{line}\n')
    done = lint_imports(tmp_path)
    assert done.returncode == 1
    assert any(contract in row and "BROKEN" in row for row in done.stdout.splitlines()), done.stdout


def test_every_package_says_what_it_must_not_do() -> None:
    """An `__init__.py` is a docstring and nothing else."""
    for path in sources():
        if path.name == "__init__.py":
            tree = ast.parse(path.read_text())
            assert ast.get_docstring(tree), path
            assert len(tree.body) == 1, path


def test_modules_and_functions_are_of_a_size_that_can_be_read() -> None:
    """A module over 400 lines and a function over 70 ask to be two."""
    too_long = []
    for path in sources():
        text = path.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > MODULE_LINES_MAX:
            too_long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > FUNCTION_LINES_MAX:
                    too_long.append(f"{path.relative_to(ROOT)}: {node.name} {size} lines")
    assert too_long == []


def test_names_that_mean_nothing_are_not_used() -> None:
    """A module has a noun of the glossary for its name."""
    vague = {"manager", "handler", "handlers", "helper", "helpers", "utils", "util", "common", "engine", "processor"}
    assert [path for path in sources() if path.stem in vague] == []


def test_no_host_of_a_package_registry_is_named() -> None:
    """Locks carry hashes, and whoever installs says from where."""
    found = []
    for path in files():
        if path.suffix in TEXTS and path != Path(__file__):
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in HOSTS_OF_REGISTRIES.finditer(text)]
    assert found == []


def test_locks_carry_hashes_and_no_address() -> None:
    """`uv pip compile --generate-hashes`, and npm's lock with integrity and without `resolved`."""
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        assert len(re.findall(r"^[A-Za-z0-9_.-]+(\[[\w,-]+\])?==", text, re.MULTILINE)) > 0, name
        for block in re.split(r"\n(?=\S)", text):
            assert block.startswith("#") or "--hash=sha256:" in block, block
    npm = (ROOT / "package-lock.json").read_text()
    assert '"integrity"' in npm
    assert '"resolved"' not in npm


def test_type_checking_imports_and_mocks_are_not_used() -> None:
    """Neither hides in a form that ruff's ban does not see."""
    words = re.compile("TYPE_" + "CHECKING|from __future__" + " import|unittest" + r"\.mock")
    assert [path for path in sources() if words.search(path.read_text(encoding="utf-8"))] == []


def test_each_exception_says_why() -> None:
    """`Any`, `cast`, `type: ignore`, `noqa` and `no cover` have a reason."""
    assert [place for place in exceptions() if not place.explained] == []


def test_the_core_asks_no_tool_to_look_away() -> None:
    """Neither `noqa` nor `no cover` stands in the core or in a codec."""
    strict = re.compile(r"^appliance/core/|^drivers/asterisk/codec")
    kinds = {"noqa", "no cover"}
    assert [place for place in exceptions() if place.kind in kinds and strict.match(str(place.path))] == []


def test_a_place_without_a_reason_is_found() -> None:
    """The count sees comments and names, with and without a reason."""
    text = (
        "from typing import Any, cast\n"
        "x: Any = 1\n"
        "y: Any = 2  # what the library gives\n"
        "z = cast(int, x)  # noqa: ABC123\n"
        "z = 1  # noqa: ABC123  a reason that is one\n"
        "z = f()  # type: ignore[no-any-return]\n"
    )
    found = [(place.kind, place.line, place.explained) for place in exceptions_in(Path("x.py"), text)]
    assert sorted(found) == [
        ("Any", 2, False),
        ("Any", 3, True),
        ("cast", 4, True),
        ("noqa", 4, False),
        ("noqa", 5, True),
        ("type: ignore", 6, False),
    ]
