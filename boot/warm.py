"""The supervisor's end of a zygote (`zygote.py`): orders a fork, and knows how each ends.

A zygote that ends on its own takes nobody with it, and is made anew in the background; one that is not there when a
fork is wanted is made first, which is a start as slow as any.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import IO

from typing_extensions import override

from appliance.texts import said
from boot import zygote
from boot.notes import Notes
from boot.process import Process
from boot.program import ROOT, Program

AGAIN_S = 2.0
"Pause before a zygote that ended by itself is made anew in the background."
FORK_S_MAX = 2.0
"How long a fork may take; a zygote that needs longer hangs, and another is made."
TRIES_MAX = 3
"How many zygotes are asked for one fork."
TOLD_S_MAX = 0.2
"How long the zygote may take to tell how a fork has ended."
UNKNOWN = -signal.SIGKILL
"How a fork is said to have ended whose zygote is not there to tell."


class ZygoteEndedError(Exception):
    """The zygote ended before it could fork: the program cannot be read."""

    def __init__(self, code: int) -> None:
        """Remember its exit code."""
        super().__init__(f"the zygote ended with {code}")
        self.code = code


class Forked(Program):
    """A fork of the zygote."""

    def __init__(self, pid: int, gate: int) -> None:
        """Watch a fork that waits at `gate`, a pipe's end that is ours."""
        self._pid = pid
        self._gate = gate
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._watch()

    @property
    @override
    def pid(self) -> int:
        return self._pid

    @override
    def let_go(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._gate, b"\n")
        self.turn_away()

    @override
    def turn_away(self) -> None:
        if self._gate >= 0:
            os.close(self._gate)
            self._gate = -1

    @override
    def send_signal(self, number: signal.Signals) -> None:
        if self._code.done():
            raise ProcessLookupError(self._pid)
        os.kill(self._pid, number)

    @override
    async def wait(self) -> int:
        return await asyncio.shield(self._code)

    def ended(self, code: int) -> None:
        """Take in how it ended."""
        if not self._code.done():
            self._code.set_result(code)

    def _watch(self) -> None:
        """See its end ourselves: the zygote, who knows how it ended, may have died, or may hang."""
        loop = asyncio.get_running_loop()
        try:
            handle = os.pidfd_open(self._pid)
        except ProcessLookupError:
            loop.call_later(TOLD_S_MAX, self.ended, UNKNOWN)
            return

        def over() -> None:
            loop.remove_reader(handle)
            os.close(handle)
            loop.call_later(TOLD_S_MAX, self.ended, UNKNOWN)

        loop.add_reader(handle, over)


class _Zygote:
    """One zygote's life."""

    def __init__(self, process: asyncio.subprocess.Process, door: socket.socket, ended: Callable[[], None]) -> None:
        """Listen to the zygote at the other end of `door`; `ended` is called once it is gone."""
        loop = asyncio.get_running_loop()
        self.process = process
        self.warm: asyncio.Future[bool] = loop.create_future()
        "True once it can fork; False if it ended before."
        self.gone = asyncio.Event()
        self._door = door
        self._on_end = ended
        self._forking: asyncio.Future[int] = loop.create_future()
        self._forks: dict[int, Forked] = {}
        loop.add_reader(door, self._heard)

    async def fork(self, out: IO[bytes]) -> Forked | None:
        """Have a fork made; None if the zygote ends instead."""
        self._forking = asyncio.get_running_loop().create_future()
        theirs, ours = os.pipe()
        try:
            with contextlib.suppress(OSError):  # if it has just ended, we are about to hear of that
                socket.send_fds(self._door, [zygote.GO], [out.fileno(), theirs])
            pid = await self._forking
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        if not pid:
            os.close(ours)
            return None
        forked = self._forks[pid] = Forked(pid, ours)
        return forked

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    def _heard(self) -> None:
        try:
            word, *numbers = self._door.recv(zygote.WORD_BYTES_MAX).split()
        except BlockingIOError:
            return
        except (OSError, ValueError):
            self._over()
            return
        match word, [int(number) for number in numbers]:
            case zygote.WARM, []:
                self.warm.set_result(True)
            case zygote.BEGAN, [pid]:
                self._forking.set_result(pid)
            case zygote.ENDED, [pid, code]:
                forked = self._forks.pop(pid, None)
                if forked is not None:
                    forked.ended(code)

    def _over(self) -> None:
        asyncio.get_running_loop().remove_reader(self._door)
        self._door.close()
        self.gone.set()
        if not self.warm.done():
            self.warm.set_result(False)
        if not self._forking.done():
            self._forking.set_result(0)
        self._on_end()


class Warm:
    """Keeps a program's zygote from the first fork until `close`."""

    def __init__(self, process: Process, *, log: Path, notes: Notes, say: Callable[[str], None]) -> None:
        """Keep the zygote that `process.argv` starts; what it says goes to the file `log`, our own lines to `say`."""
        self._process = process
        self._say = say
        self._log = log
        self._notes = notes
        self._zygote: asyncio.Task[_Zygote] | None = None
        self._again: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The zygote's process, while it can fork."""
        made = self._made()
        return made.process.pid if made is not None and made.warm.done() and made.warm.result() else None

    async def fork(self, out: IO[bytes]) -> Forked:
        """Have a fork made, which then waits at its gate; raises `ZygoteEndedError` if the program cannot be read."""
        for _ in range(TRIES_MAX):
            made = await asyncio.shield(self._make())
            try:
                async with asyncio.timeout(self._process.start_s_max):
                    warm = await asyncio.shield(made.warm)
                if not warm:
                    raise ZygoteEndedError(await made.process.wait())
                async with asyncio.timeout(FORK_S_MAX):
                    forked = await made.fork(out)
            except TimeoutError:
                forked = None
                name = f"{self._process.name}-zygote"
                self._say(
                    said("{program} did not fork within {limit} s: killed", program=name, limit=round(FORK_S_MAX))
                )
                made.kill()
                await made.gone.wait()
            if forked is not None:
                return forked
        raise ZygoteEndedError(UNKNOWN)

    async def close(self) -> None:
        """End the zygote; what it has forked goes on."""
        self._closed = True
        if self._again is not None:
            self._again.cancel()
        if self._zygote is not None:
            made = await self._zygote
            made.kill()
            await made.gone.wait()
            await made.process.wait()

    def _made(self) -> _Zygote | None:
        done = self._zygote is not None and self._zygote.done() and not self._zygote.cancelled()
        return self._zygote.result() if done and self._zygote is not None else None

    def _make(self) -> asyncio.Task[_Zygote]:
        """Give the zygote, or make one."""
        if self._again is not None:
            self._again.cancel()
        if self._zygote is None:
            self._zygote = asyncio.ensure_future(self._start())
        return self._zygote

    async def _start(self) -> _Zygote:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003  the standard library's own signature
        with theirs, self._log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                *self._process.argv,
                stdin=theirs.fileno(),
                stdout=out,
                stderr=out,
                env=dict(self._process.environment),
                cwd=ROOT,
                start_new_session=True,
                umask=0o077,
            )
        self._notes.add(f"{self._process.name}-zygote", process.pid)
        return _Zygote(process, ours, lambda: self._ended(process.pid))

    def _ended(self, pid: int) -> None:
        self._notes.drop(pid)
        self._zygote = None
        if not self._closed:
            self._again = asyncio.get_running_loop().call_later(AGAIN_S, self._make)
