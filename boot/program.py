"""One life of a program, from its gate to its end, however it was started."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from typing_extensions import override

GATE = 'read -r _ && exec "$@" </dev/null'
"A program waits here until its pid is noted; if we die before that, it never starts."
ROOT = Path(__file__).resolve().parents[1]
"Where the packages lie: every program is started from here."


class Program(Protocol):
    """A program that waits at its gate, runs, or has ended."""

    @property
    def pid(self) -> int:
        """Its process, which leads a session of its own."""

    def let_go(self) -> None:
        """Open the gate: its pid is noted."""

    def turn_away(self) -> None:
        """Shut the gate for ever; nothing, if it was opened."""

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; raises `ProcessLookupError` if it has ended."""

    async def wait(self) -> int:
        """Wait for its end; returns its exit code, less than 0 for a signal."""


class Started(Program):
    """A program that was started from its file, behind a shell that reads a line first."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take the process over."""
        self._process = process

    @property
    @override
    def pid(self) -> int:
        return self._process.pid

    @override
    def let_go(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(b"\n")
            self._process.stdin.close()

    @override
    def turn_away(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()

    @override
    def send_signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    @override
    async def wait(self) -> int:
        return await self._process.wait()


async def start(argv: Sequence[str], *, environment: Mapping[str, str], out: IO[bytes]) -> Started:
    """Start a program, which then waits at its gate; what it says goes to `out`."""
    return Started(
        await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            GATE,
            "sh",
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=out,
            stderr=out,
            env=dict(environment),
            cwd=ROOT,
            start_new_session=True,
            umask=0o077,
        )
    )
