"""What the supervisor knows of a program: how it is started, when it is ready, how it is kept and ended."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

ANSWER_S_MAX = 2.0
"How long one question for readiness may take."


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """Ready when it says `READY=1` (sd_notify(3))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepts:
    """Ready when its unix socket accepts."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Listens:
    """Ready when its TCP port accepts."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetches:
    """Ready when it answers an HTTP GET on its unix socket with a page, or leads to one (200, 303)."""

    path: Path
    target: str


Ready = Notified | Accepts | Listens | Fetches


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One program of the box."""

    name: str
    argv: tuple[str, ...]
    ready: Ready
    after: tuple[str, ...] = ()
    "The programs that have to be ready before this one is started."
    environment: Mapping[str, str] = field(default_factory=dict)
    "The whole environment; nothing is inherited."
    warm: bool = False
    "Whether `argv` starts a zygote (`zygote.py`), whose forks are the program."
    alone: tuple[str, ...] = ()
    "How it is started where nobody keeps it warm; empty for by `argv`."
    restart_s: float = 0.1
    "Pause before the first restart; it doubles with each failure in a row."
    restart_s_max: float = 5.0
    at_once: bool = False
    "Whether it is started again without a pause if it was ready: so each turn of a loop takes a whole start."
    start_s_max: float = 60.0
    "Within which it has to be ready for the first time."
    watchdog_s: float = 0.0
    "Longest silence between two `WATCHDOG=1` once it is ready; 0 for no watchdog. Then it is killed and restarted."
    stop_s: float = 10.0
    "How long it may take to end after SIGTERM; then it is killed."
    hopeless: frozenset[int] = frozenset()
    "Exit codes that a restart cannot help with: at start-up they end the start at once."


async def is_ready(ready: Accepts | Listens | Fetches) -> bool:
    """Ask a program once whether it is ready."""
    try:
        async with asyncio.timeout(ANSWER_S_MAX):
            match ready:
                case Accepts(path=path):
                    _, writer = await asyncio.open_unix_connection(str(path))
                    writer.close()
                    return True
                case Listens(host=host, port=port):
                    _, writer = await asyncio.open_connection(host, port)
                    writer.close()
                    return True
                case Fetches(path=path, target=target):
                    return await _fetches(path, target)
                case _:
                    assert_never(ready)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False


async def _fetches(path: Path, target: str) -> bool:
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        status = await reader.readexactly(len(b"HTTP/1.1 200"))
        return status.endswith((b" 200", b" 303"))
    finally:
        writer.close()
