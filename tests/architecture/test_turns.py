"""Workers of a whole run take turns: what has to be alone is alone, and the rest is done by two."""

import itertools
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFTEST = "from tests.conftest import pytest_configure\n"
TEST = """
import json, os, time
from pathlib import Path
import pytest

{mark}
@pytest.mark.parametrize("number", range({tests}))
def test_it(number):
    began = time.monotonic_ns()
    until = began + {lasts_ms} * 1_000_000
    while time.monotonic_ns() < until:
        pass
    said = {{"module": __name__, "pid": os.getpid(), "began": began, "ended": time.monotonic_ns()}}
    Path({folder!r}, f"{{__name__}}-{{number}}.json").write_text(json.dumps(said))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One test, as it says itself."""

    module: str
    pid: int
    began: int
    ended: int


def whole_run(folder: Path, modules: dict[str, str], *, tests: int = 4, lasts_ms: int = 30) -> list[Ran]:
    """Run modules with their marks as `make test` runs all."""
    (folder / "conftest.py").write_text(CONFTEST)
    for name, mark in modules.items():
        code = TEST.format(mark=mark, tests=tests, lasts_ms=lasts_ms, folder=str(folder))
        (folder / f"test_{name}.py").write_text(code)
    argv = [
        *(sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder)),
        *(
            "-p",
            "no:cacheprovider",
            "-p",
            "no:schemathesis",
            "-p",
            "no:hypothesispytest",
            "-n",
            "2",
            "--dist",
            "loadfile",
            "--no-loadscope-reorder",
            str(folder),
        ),
    ]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert f"{tests * len(modules)} passed" in done.stdout, done.stdout + done.stderr
    ran = [Ran(**json.loads(path.read_text())) for path in folder.glob("*.json")]
    return sorted(ran, key=lambda test: test.began)


def test_what_is_alone_runs_first_and_beside_nothing(tmp_path: Path) -> None:
    """Two modules of it, one after the other; then the others, by both workers."""
    alone = "@pytest.mark.alone"
    ran = whole_run(tmp_path, {"a": "", "b": alone, "c": "@pytest.mark.slow", "d": alone, "e": ""})
    first, others = ran[:8], ran[8:]
    assert {test.module for test in first[:4]} in ({"test_b"}, {"test_d"})
    assert {test.module for test in first} == {"test_b", "test_d"}
    assert all(one.ended <= after.began for one, after in itertools.pairwise(ran[:9]))
    assert len({test.pid for test in others}) == 2
    order = list(dict.fromkeys(test.module for test in others))
    assert order.index("test_c") < order.index("test_e")
