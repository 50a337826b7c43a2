"""One program under the supervisor: started, watched, restarted with growing pauses, ended."""

import asyncio
import contextlib
import enum
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from appliance.texts import marked, said
from boot.notes import Notes
from boot.process import Accepts, Fetches, Listens, Notified, Process, is_ready
from boot.program import Program, start
from boot.silence import Silence
from boot.warm import Warm, ZygoteEndedError

LOOK_S = 0.05
STEADY_S = 10.0
"Who lived as long as this begins again with the shortest pause."
DOUBLINGS_MAX = 16
"Of the pause before a program that fails again and again; the process says the longest that it may be."
TRIES_MAX = 3
"How often a program may end before it was ready for the first time."
LOG_BYTES_MAX = 10_000_000
"A log longer than this is put aside as `.1` at the program's next start."
TAIL_BYTES = 8192


SILENT = marked("{program} gave no sign of life for {limit} s: killed ({silence})")


class State(enum.StrEnum):
    """How a program is."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    PAUSING = "pausing"
    STOPPED = "stopped"


class StartError(Exception):
    """A program cannot be started; the message is one line."""


class Child:
    """Keeps one program running from `keep` until `stop`."""

    def __init__(self, process: Process, *, log: Path, notes: Notes, say: Callable[[str], None]) -> None:
        """Keep `process`, whose output goes to the file `log`; `say` takes lines of progress."""
        self.process = process
        self.state = State.WAITING
        self.status = ""
        "What it last said of itself by `STATUS=`."
        self.restarts = 0
        self.silence_s_max = 0.0
        "The longest that it was silent, in all its lives; 0 if it is not watched."
        self.pid: int | None = None
        self.ready = asyncio.Event()
        self._log = log
        self._notes = notes
        self._say = say
        self._program: Program | None = None
        self._warm = Warm(process, log=log, notes=notes, say=say) if process.warm else None
        self._stopping = asyncio.Event()
        self._was_ready = False
        self._rose = False
        "Whether it was ready in this life."
        self._spoke = asyncio.Event()
        "Set at its first sign of life."
        self._silence: Silence | None = None
        self._leaving = False
        "Whether it said that it stops: then it gives no more signs of life, and `stop_s` is its limit."
        self._late = False
        self._log_from = 0

    @property
    def zygote(self) -> int | None:
        """The process that its next life is forked from, if it has one and that one is warm."""
        return None if self._warm is None else self._warm.pid

    async def keep(self, after: Sequence["Child"]) -> None:
        """Run the program again and again until `stop`; raises `StartError` if it never becomes ready."""
        failures = 0
        for other in after:
            await self._unless_stopping(other.ready.wait())
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            code = await self._run_once()
            if self._stopping.is_set():
                break
            failures = 1 if asyncio.get_running_loop().time() - began >= STEADY_S else failures + 1
            self._judge(code, failures)
            self.restarts += 1
            self.state = State.PAUSING
            pause_s = pause_after(self.process, failures)
            at_once = self.process.at_once and self._rose
            why = f": {self._last_line()}" if code > 0 else ""
            again = said("again at once") if at_once else said("again in {seconds} s", seconds=f"{pause_s:.1f}")
            ended = said("{program} ended ({how})", program=self.process.name, how=_ending(code))
            self._say(f"{ended}{why}: {again}")
            if not at_once:
                await self._unless_stopping(asyncio.sleep(pause_s))
        self.state = State.STOPPED

    async def stop(self) -> None:
        """End the program: SIGTERM, its time to stop, then SIGKILL to its group. Returns when it is gone."""
        self._stopping.set()
        if self._program is not None:
            await self._end(self._program)
        if self._warm is not None:
            await self._warm.close()

    async def _end(self, program: Program) -> None:
        with contextlib.suppress(ProcessLookupError):
            program.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self.process.stop_s):
                await program.wait()
        except TimeoutError:
            limit = f"{self.process.stop_s:.0f}"
            self._say(said("{program} did not stop within {limit} s: killed", program=self.process.name, limit=limit))
            self.kill()
            await program.wait()

    def kill(self) -> None:
        """Kill the program with its whole group."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def told(self, fields: Mapping[str, str]) -> None:
        """Take in what the program said of itself (sd_notify(3))."""
        if fields.get("WATCHDOG") == "1" or fields.get("READY") == "1":
            self._spoke.set()
            if self._silence is not None:
                self._silence.broken(asyncio.get_running_loop().time())
        if fields.get("STOPPING") == "1":
            self._leaving = True
        self.status = fields.get("STATUS", self.status)
        if fields.get("READY") == "1" and isinstance(self.process.ready, Notified):
            self._becomes_ready()

    async def _run_once(self) -> int:
        self.state = State.STARTING
        self.status = ""
        self._rose = False
        try:
            self._program = program = await self._spawn()
        except ZygoteEndedError as error:
            return error.code
        self.pid = program.pid
        self._notes.add(self.process.name, program.pid)
        if self._stopping.is_set():
            program.turn_away()
        else:
            program.let_go()
        watching = [asyncio.ensure_future(self._watch_start()), asyncio.ensure_future(self._watch_life(program.pid))]
        try:
            return await program.wait()
        finally:
            for watch in watching:
                watch.cancel()
            self.ready.clear()
            self._spoke.clear()
            self._silence = None
            self._leaving = False
            self.kill()
            self._notes.drop(program.pid)
            self._program = self.pid = None

    async def _spawn(self) -> Program:
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES_MAX:
            self._log.replace(self._log.with_suffix(self._log.suffix + ".1"))
        with self._log.open("ab") as out:
            self._log_from = out.tell()
            if self._warm is not None:
                return await self._warm.fork(out)
            return await start(self.process.argv, environment=self.process.environment, out=out)

    async def _watch_start(self) -> None:
        """Find out when it is ready; end a first start that takes too long, and a later one that gives no sign."""
        try:
            async with asyncio.timeout(None if self._was_ready else self.process.start_s_max):
                match self.process.ready:
                    case Notified():
                        if self.process.watchdog_s:
                            async with asyncio.timeout(self.process.start_s_max):
                                await self._spoke.wait()
                        await self.ready.wait()
                    case Accepts() | Listens() | Fetches() as ready:
                        await _answers(ready)
                        self._becomes_ready()
        except TimeoutError:
            self._late = not self._was_ready
            if not self._late:
                limit = f"{self.process.start_s_max:.0f}"
                name = self.process.name
                self._say(said("{program} gave no sign of life in {limit} s: killed", program=name, limit=limit))
            self.kill()

    async def _watch_life(self, pid: int) -> None:
        """Kill it if it falls silent, from its first sign of life on, be it ready or not."""
        limit_s = self.process.watchdog_s
        if not limit_s:
            return
        await self._spoke.wait()
        clock = asyncio.get_running_loop().time
        looked = clock()
        self._silence = silence = Silence(pid, now=looked, watchdog_s=limit_s)
        while True:
            await asyncio.sleep(limit_s / 8)
            if self._leaving and self._stopping.is_set():
                return
            now = clock()
            if now - looked > limit_s / 2:
                silence.forgiven(now)
            looked = now
            lasted_s = silence.lasted_s(now)
            self.silence_s_max = max(self.silence_s_max, silence.longest_s)
            if lasted_s > limit_s:
                told = said(SILENT, program=self.process.name, limit=f"{limit_s:.1f}", silence=silence)
                self._say(told)
                self.kill()
                return

    def _becomes_ready(self) -> None:
        self.state = State.READY
        self._was_ready = self._rose = True
        self.ready.set()
        self._say(said("{program} ready", program=self.process.name))

    def _judge(self, code: int, failures: int) -> None:
        if self._late:
            limit, line = f"{self.process.start_s_max:.0f}", self._last_line()
            raise StartError(
                said(
                    "{program} was not ready within {limit} s: {line}",
                    program=self.process.name,
                    limit=limit,
                    line=line,
                )
            )
        if not self._was_ready and (code in self.process.hopeless or failures >= TRIES_MAX):
            how, line = _ending(code), self._last_line()
            raise StartError(
                said("{program} does not start ({how}): {line}", program=self.process.name, how=how, line=line)
            )

    def _last_line(self) -> str:
        """Quote the last thing that this run of the program wrote."""
        with self._log.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_from, end - TAIL_BYTES))
            lines = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
        line = (
            "".join(letter if letter.isprintable() else "?" for letter in lines[-1])
            if lines
            else said("it said nothing")
        )
        return f"{line} [{self._log}]"

    async def _unless_stopping(self, other: Awaitable[object]) -> None:
        stopping = asyncio.ensure_future(self._stopping.wait())
        waiting = asyncio.ensure_future(other)
        await asyncio.wait((stopping, waiting), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        waiting.cancel()


async def _answers(ready: Accepts | Listens | Fetches) -> None:
    while True:
        if await is_ready(ready):
            return
        await asyncio.sleep(LOOK_S)


def pause_after(process: Process, failures: int) -> float:
    """Give the seconds until a program is started again that has failed so often in a row, however often that is."""
    doubled = min(failures - 1, DOUBLINGS_MAX)
    return min(process.restart_s * 2.0**doubled, process.restart_s_max)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
