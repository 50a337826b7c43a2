"""Everything between a fresh clone and a program that can start: packages, venv, Asterisk bundle, pages.

`python3 -m boot.prepare run` or `test`. Each step is skipped when its result fits what it is made from, so that a
second start asks no network. Standard library alone: this runs before there is a venv.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from boot import packages
from boot.caller import ended_by_signals
from drivers.asterisk.bundle import cache_folder
from images.asterisk.kitchen import BundleError
from images.asterisk.kitchen import ensure as ensure_bundle

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "switchroom.json"
"What was installed: the digest of each lock; into which folder, and with which Python."

LOCKS = {"uv": "requirements-uv.lock", "run": "requirements.lock", "test": "requirements-dev.lock"}
BUILD = ROOT / "build"
LOG = BUILD / "prepare.log"
"What the program said that failed last."

OLDEST_PYTHON = (3, 11)
COMMANDS = {"switchroom": "appliance.commands.main", "switchroom-flash": "images.flash"}
"The commands of the venv, and the module whose `main` each runs."

LAUNCHER = """\
#!{python}
import sys

from {module} import main

sys.exit(main())
"""


class PrepareError(Exception):
    """A step failed; the message is one line that says what to do."""


def say(line: str) -> None:
    """Show progress."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def digest(paths: Iterable[Path]) -> str:
    """Give one SHA-256 for the names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def call(argv: Sequence[str], *, what: str, environment: dict[str, str] | None = None) -> str:
    """Run a program in the project's folder and return what it printed; raises `PrepareError` with its complaint."""
    done = subprocess.run(
        argv, cwd=ROOT, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode:
        BUILD.mkdir(exist_ok=True)
        LOG.write_text(done.stdout + done.stderr)
        raise PrepareError(f"{what} failed: {complaint(done.stderr or done.stdout)} (all of it: {LOG})")
    return done.stdout


def complaint(output: str) -> str:
    """Pick the line of a program's output that tells the most: the first that speaks of an error, else the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines[-1:] or ["no message"])[0][:300]


# ---------------------------------------------------------------------------------------------------------------- venv


def installed() -> dict[str, str]:
    """Read what the venv holds; nothing if it is missing, was moved, or has another Python than it was made with."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    fits = isinstance(stamp, dict) and stamp.get("folder") == str(VENV) and stamp.get("python") == version_of_venv()
    return {str(name): str(value) for name, value in stamp.items()} if fits else {}


def version_of_venv() -> str:
    """Ask the venv's Python for its version; empty if it does not run."""
    python = VENV / "bin/python"
    if not python.exists():
        return ""
    return subprocess.run([str(python), "-V"], capture_output=True, text=True, check=False).stdout.strip()


def pip_settings(python: Path) -> dict[str, str]:
    """Tell uv which index and certificates the host's pip uses; uv reads no settings of pip's."""
    settings: dict[str, str] = {}
    names = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
    for line in call([str(python), "-m", "pip", "config", "list"], what="pip").splitlines():
        key, _, value = line.partition("=")
        name = names.get(key.rpartition(".")[2])
        if name and name not in os.environ:
            settings[name] = value.strip("'\"")
    return settings


def outdated(kinds: Sequence[str], have: dict[str, str]) -> dict[str, str]:
    """Give the digests of the locks that the venv should be made from, or nothing if it is."""
    held = [kind for kind in LOCKS if kind in have or kind in kinds]
    wanted = {kind: digest([ROOT / LOCKS[kind]]) for kind in dict.fromkeys(("uv", "run", *held))}
    return {} if all(have.get(kind) == value for kind, value in wanted.items()) else wanted


def ensure_venv(kinds: Sequence[str]) -> None:
    """See that the venv holds what the locks say, and the `switchroom` command; raises `PrepareError`."""
    have = installed()
    wanted = outdated(kinds, have)
    if not wanted:
        if not all((VENV / "bin" / command).exists() for command in COMMANDS):
            _add_project(VENV / "bin/python")
        return
    if Path(sys.prefix) == VENV:
        raise PrepareError("A venv cannot install itself anew: run this with Debian's /usr/bin/python3.")
    python = VENV / "bin/python"
    if not have:
        say("Making the folder of Python libraries, .venv ...")
        call([sys.executable, "-m", "venv", "--clear", str(VENV)], what="python3 -m venv")
    say("Installing the locked Python libraries ...")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", LOCKS["uv"]]
    cache = cache_folder()
    call(pip, what="pip install uv", environment={"PIP_CACHE_DIR": str(cache / "pip")})
    STAMP.unlink(missing_ok=True)
    sync = [str(VENV / "bin/uv"), "pip", "sync", "--quiet", "--require-hashes", "--python", str(python)]
    environment = {
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(cache / "uv")),
        "UV_HTTP_TIMEOUT": os.environ.get("UV_HTTP_TIMEOUT", "180"),
        **pip_settings(python),
    }
    call([*sync, *(LOCKS[kind] for kind in wanted)], what="uv pip sync", environment=environment)
    _add_project(python)
    STAMP.write_text(json.dumps({**wanted, "python": version_of_venv(), "folder": str(VENV)}))


def _add_project(python: Path) -> None:
    """Let the venv find the project, and put its commands into it."""
    where = call(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], what="the venv's Python"
    )
    (Path(where.strip()) / "switchroom.pth").write_text(f"{ROOT}\n")
    for name, module in COMMANDS.items():
        command = VENV / "bin" / name
        command.write_text(LAUNCHER.format(python=python, module=module))
        command.chmod(0o755)


# --------------------------------------------------------------------------------------------------------------- pages


def files_under(*folders: str) -> list[Path]:
    """List the files of some folders of the project, without what Python leaves there."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    return [path for path in paths if path.is_file() and path.suffix != ".pyc"]


def is_fresh(stamp: Path, wanted: str) -> bool:
    """Tell whether a stamp says that its result was made from what is there now."""
    return stamp.is_file() and stamp.read_text() == wanted


def ensure_pages() -> None:
    """See that the pages' style and behaviour are built from their present sources; raises `PrepareError`."""
    locks = [ROOT / "package.json", ROOT / "package-lock.json"]
    wanted = digest([*locks, *files_under("webadmin/front", "webadmin/static")])
    stamp = BUILD / "web.stamp"
    if (BUILD / "web/manifest.json").is_file() and is_fresh(stamp, wanted):
        return
    npm = packages.which("npm") or "npm"
    environment = {"NPM_CONFIG_CACHE": os.environ.get("NPM_CONFIG_CACHE", str(cache_folder() / "npm"))}
    modules = ROOT / "node_modules/switchroom.stamp"
    fetched = digest(locks)
    if not is_fresh(modules, fetched):
        say("Fetching what the pages are made of ...")
        fetch = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        call(fetch, what="npm ci", environment=environment)
        modules.write_text(fetched)
    say("Building the pages ...")
    call([npm, "run", "--silent", "build"], what="npm run build", environment=environment)
    stamp.write_text(wanted)


def ensure_texts() -> None:
    """See that the translations are compiled from their present sources; raises `PrepareError`."""
    wanted = digest(files_under("webadmin/locale"))
    stamp = BUILD / "locale.stamp"
    if (BUILD / "locale").is_dir() and is_fresh(stamp, wanted):
        return
    (BUILD / "locale").mkdir(parents=True, exist_ok=True)
    call([str(VENV / "bin/python"), "-m", "webadmin.texts"], what="compiling the translations")
    stamp.write_text(wanted)


def prepare(kinds: Sequence[str]) -> None:
    """Run every step for some kinds of work; raises the error of the step that failed."""
    if sys.version_info < OLDEST_PYTHON:
        raise PrepareError(f"Python {sys.version.split()[0]} is too old: Debian 12 or newer brings 3.11 or newer.")
    packages.ensure(kinds, say)
    ensure_venv(kinds)
    ensure_bundle(say)
    ensure_pages()
    ensure_texts()


def main(arguments: Sequence[str]) -> int:
    """Prepare for `run`, or for `run` and `test`; return the exit status."""
    os.umask(0o077)
    kinds = ["run", "test"] if "test" in arguments else ["run"]
    try:
        with ended_by_signals():
            prepare(kinds)
    except (packages.PackagesError, PrepareError, BundleError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
