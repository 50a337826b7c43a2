"""What a stranger does on a fresh Debian, told by `make fresh` inside the new root.

`make run`, `switchroom selftest`, stop, a second start, `make test`, `make clean`; each step with its time and a limit.
It runs as process 1 of its own namespace, so a process that outlives the box is seen. Standard library alone.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

FIRST_START_S = 1800
SECOND_START_S = 15
STOP_S = 60
SELFTEST_S = 300
TEST_S = 5400
CLEAN_S = 120
LOG = Path("/root/run.log")
SWITCHROOM = Path(".venv/bin/switchroom")
LAST_LINES = 40


class StoryError(Exception):
    """A step went wrong; the message says which and how."""


def say(line: str) -> None:
    """Tell how it goes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def step(name: str, work: Callable[[], None], *, limit_s: float) -> None:
    """Do one step, tell its time, and fail if it took longer than its limit."""
    say(f"--- {name}")
    began = time.monotonic()
    work()
    took = time.monotonic() - began
    say(f"--- {name}: {took:.1f} s")
    if took > limit_s:
        raise StoryError(f"{name} took {took:.1f} s, more than {limit_s} s")


def call(*argv: str, limit_s: float) -> None:
    """Run a program to its end; raises `StoryError` unless it succeeds in time."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, check=False, timeout=limit_s)
    except subprocess.TimeoutExpired as error:
        raise StoryError(f"{' '.join(argv)} did not end within {limit_s} s") from error
    if done.returncode:
        raise StoryError(f"{' '.join(argv)} ended with {done.returncode}")


def start(*, limit_s: float) -> subprocess.Popen[bytes]:
    """Start `make run` and wait until calls can be taken."""
    with LOG.open("ab") as log:
        box = subprocess.Popen(["/usr/bin/make", "run"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    deadline = time.monotonic() + limit_s
    while not SWITCHROOM.exists():
        if box.poll() is not None or time.monotonic() > deadline:
            raise StoryError("make run came to no end of its preparation")
        time.sleep(0.5)
    waiting = subprocess.Popen([str(SWITCHROOM), "status", f"--wait={int(limit_s)}"])
    while waiting.poll() is None:
        if box.poll() is not None:
            waiting.kill()
            raise StoryError(f"make run ended with {box.returncode}")
        time.sleep(0.1)
    if waiting.returncode:
        raise StoryError("the box did not become ready")
    return box


def end(box: subprocess.Popen[bytes], ask: Callable[[], None]) -> None:
    """Stop the box in one of its ways; nothing may be left of it."""
    ask()
    try:
        box.wait(STOP_S)
    except subprocess.TimeoutExpired as error:
        raise StoryError(f"make run did not end within {STOP_S} s") from error
    if left := left_over():
        raise StoryError(f"processes are left: {'; '.join(left)}")


def left_over() -> list[str]:
    """Name the processes that live beside this one; the dead are buried first, as process 1 must."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    pids = [path for path in Path("/proc").iterdir() if path.name.isdigit() and path.name != str(os.getpid())]
    commands = []
    for path in pids:
        with contextlib.suppress(OSError):
            commands.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip())
    return [command for command in commands if command]


def unclean() -> None:
    """Fail if `make clean` left anything in the clone that git does not know."""
    git = ["/usr/bin/git", "status", "--porcelain", "--ignored"]
    left = subprocess.run(git, capture_output=True, text=True, check=True).stdout
    if left:
        raise StoryError(f"make clean left: {left}")


def tell() -> None:
    """Tell the whole story; raises `StoryError` at the step that failed."""
    boxes: list[subprocess.Popen[bytes]] = []
    step("make run", lambda: boxes.append(start(limit_s=FIRST_START_S)), limit_s=FIRST_START_S)
    step("switchroom selftest", lambda: call(str(SWITCHROOM), "selftest", limit_s=SELFTEST_S), limit_s=SELFTEST_S)
    step(
        "switchroom stop", lambda: end(boxes[0], lambda: call(str(SWITCHROOM), "stop", limit_s=STOP_S)), limit_s=STOP_S
    )
    step("make run again", lambda: boxes.append(start(limit_s=SECOND_START_S)), limit_s=SECOND_START_S)
    step("SIGTERM to make", lambda: end(boxes[1], lambda: boxes[1].send_signal(signal.SIGTERM)), limit_s=STOP_S)
    step("make test", lambda: call("/usr/bin/make", "test", limit_s=TEST_S), limit_s=TEST_S)
    step("make clean", lambda: call("/usr/bin/make", "clean", limit_s=CLEAN_S), limit_s=CLEAN_S)
    unclean()


def main() -> int:
    """Tell the story; return the exit status."""
    say(f"Debian {Path('/etc/debian_version').read_text().strip()}, Python {sys.version.split()[0]}")
    try:
        tell()
    except StoryError as error:
        say(f"FAILED: {error}")
        if LOG.exists():
            say("\n".join(LOG.read_text(errors="replace").splitlines()[-LAST_LINES:]))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
