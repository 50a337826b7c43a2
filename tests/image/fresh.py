"""`make fresh SUITE=…`: a new Debian, a clone of the project in it, and the whole story told there.

The root is made by mmdebstrap from the host's mirror and gets the host's certificates and its settings of pip and npm,
and nothing else: no cache, no venv. The story (`tests/image/story.py`) runs by chroot in namespaces of its own, so that
no process outlives it. Standard library alone; as root.

Environment: `KEEP=1` keeps the root afterwards; `SWITCHROOM_PORT` moves the box's ports.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from drivers.asterisk.bundle import cache_folder
from images.asterisk.apt import AptError, run
from images.host import CERTIFICATES, environment, indexes, sources

ROOT = Path(__file__).parents[2]
SUITES = ("bookworm", "trixie")
CLONE = "root/switchroom"
PRESENT = ("ca-certificates", "git", "make", "python3")
"What the README asks for before the first command."

ENTER = r"""
mount --make-rprivate /
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount --rbind /sys "$1/sys"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=755 tmpfs "$1/run"
mkdir -p "$1/tmp/switchroom-slots"
mount --bind "$2" "$1/tmp/switchroom-slots"
root="$1"
shift 2
exec chroot "$root" /usr/bin/env --ignore-environment --chdir=/root/switchroom "$@" \
    /usr/bin/python3 -m tests.image.story
"""
"""Run in namespaces of its own: the root's file systems, then the story as process 1.

The root is a mount of its own, as everywhere: tests that make further namespaces need one.
The network is the host's, so the folder of the slots is too: tests of both never take each other's ports.
"""


class FreshError(Exception):
    """The fresh root could not be made; the message is one line that says what to do."""


def say(line: str) -> None:
    """Show progress."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def check(suite: str) -> None:
    """Refuse what cannot be done before anything is touched; raises `FreshError`."""
    if os.geteuid() != 0:
        raise FreshError("make fresh makes a whole Debian and enters it by chroot: run it as root.")
    if suite not in SUITES:
        raise FreshError(f"SUITE={suite} is none of {', '.join(SUITES)}.")


def make_root(suite: str, root: Path) -> None:
    """Make a Debian of a suite in a folder, and clone the project's last commit into it."""
    lines = sources(indexes(), suite)
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    say(f"Making a Debian {suite} in {root} ...")
    os.umask(0o022)
    run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PRESENT)}", suite, str(root), *lines])
    shutil.copy(CERTIFICATES, root / CERTIFICATES.removeprefix("/"))
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    clone = ["git", "-c", "safe.directory=*", "clone", "--quiet", "--no-local", "--depth=1"]
    run([*clone, f"file://{ROOT}", str(root / CLONE)])


def tell_story(root: Path) -> int:
    """Run the story in the root; return its exit status."""
    given = [f"{name}={value}" for name, value in environment().items() if value]
    unshare = shutil.which("unshare") or "/usr/bin/unshare"
    namespaces = [unshare, "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-euc", ENTER, "sh"]
    slots = Path(tempfile.gettempdir()) / "switchroom-slots"
    slots.mkdir(mode=0o777, exist_ok=True)
    return subprocess.run([*namespaces, str(root), str(slots), *given], check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Make the root of a suite, tell the story in it, and remove it; return the exit status."""
    suite = arguments[0] if arguments else SUITES[-1]
    root = cache_folder() / "fresh" / suite
    try:
        check(suite)
        make_root(suite, root)
    except (FreshError, AptError, OSError) as error:
        say(str(error))
        return 1
    status = tell_story(root)
    if os.environ.get("KEEP") or status:
        say(f"The root stays in {root}.")
    else:
        shutil.rmtree(root)
    say(f"fresh {suite}: {'passed' if status == 0 else 'FAILED'}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
