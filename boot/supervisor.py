"""The foreground supervisor: starts the programs of a table in order, keeps them running, stops them in reverse.

Another shell speaks to it on a unix socket, one JSON object a line: `{"ask": "status"}` is answered at once,
`{"ask": "stop"}` and `{"ask": "restart"}` when every program is gone.
"""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path

from appliance.texts import said
from boot.caller import SIGNALS, watched
from boot.child import Child, State
from boot.notes import Notes
from boot.notify import NotifySocket
from boot.process import Process

QUESTION_BYTES_MAX = 4096
ANSWER_S_MAX = 2.0


class Supervisor:
    """Keeps a table of programs running from `run` until it is asked to stop."""

    def __init__(self, processes: Sequence[Process], *, run: Path, log: Path, say: Callable[[str], None]) -> None:
        """Take the table in the order of starting; `run` holds the sockets and notes, `log` a file a program."""
        self._say = say
        self._run = run
        self._notes = Notes(run / "processes")
        self._children = {
            process.name: Child(process, log=log / f"{process.name}.log", notes=self._notes, say=say)
            for process in processes
        }
        self._stop = asyncio.Event()
        self._stopped = asyncio.Event()
        self._answering: set[asyncio.Task[object]] = set()
        self._began = time.monotonic()
        self.again = False
        "Whether it was asked to start again once all is stopped: `run.py` does."
        self.set_up = False
        "Whether the company is there: set from outside, part of `ready`."

    @property
    def ready(self) -> bool:
        """Whether every program is ready and the box is set up."""
        return self.set_up and not self._stop.is_set() and all(c.ready.is_set() for c in self._children.values())

    def stop(self) -> None:
        """Ask for the end; a second time kills what is still there."""
        if self._stop.is_set():
            for child in self._children.values():
                child.kill()
        self._stop.set()

    async def until_ready(self, *names: str) -> bool:
        """Wait until these programs are ready; False if the end came first."""
        for name in names:
            await _first(self._children[name].ready.wait(), self._stop.wait())
        return not self._stop.is_set()

    async def run(self) -> None:
        """Run everything until `stop`, a signal, or a program that cannot be started (`StartError`)."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.stop)
        self._notes.add("supervisor", os.getpid())
        notify = NotifySocket(self._run / "notify.sock", self._told)
        door_path = self._run / "supervisor.sock"
        door_path.unlink(missing_ok=True)
        door = await asyncio.start_unix_server(self._asked, str(door_path), limit=QUESTION_BYTES_MAX)
        door_path.chmod(0o600)
        keeping = [
            asyncio.ensure_future(child.keep([self._children[name] for name in child.process.after]))
            for child in self._children.values()
        ]
        try:
            stopping = asyncio.ensure_future(self._stop.wait())
            with watched(lambda: loop.call_soon_threadsafe(self._left_by_make)):
                await asyncio.wait((stopping, *keeping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
        finally:
            self._stop.set()
            await self._end(keeping)
            notify.close()
            self._stopped.set()
            door.close()
            if self._answering:
                await asyncio.wait(self._answering, timeout=ANSWER_S_MAX)
            door_path.unlink(missing_ok=True)
            self._notes.drop(os.getpid())
        for kept in keeping:
            kept.result()

    def status(self) -> dict[str, object]:
        """Tell how the programs are, for `switchroom status`."""
        return {
            "ready": self.ready,
            "pid": os.getpid(),
            "up_s": round(time.monotonic() - self._began, 1),
            "processes": [
                {
                    "name": child.process.name,
                    "state": str(child.state),
                    "pid": child.pid,
                    "restarts": child.restarts,
                    "status": child.status,
                    **({"zygote": child.zygote} if child.process.warm else {}),
                    **({"silence_s_max": round(child.silence_s_max, 2)} if child.process.watchdog_s else {}),
                }
                for child in self._children.values()
            ],
        }

    async def _end(self, keeping: Sequence[asyncio.Future[None]]) -> None:
        for child in reversed(self._children.values()):
            if child.state not in {State.WAITING, State.STOPPED}:
                self._say(said("stopping {program}", program=child.process.name))
            await child.stop()
        await asyncio.wait(keeping)

    def _told(self, pid: int, fields: Mapping[str, str]) -> None:
        for child in self._children.values():
            if child.pid == pid:
                child.told(fields)

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            match json.loads(await reader.readline()):
                case {"ask": "status"}:
                    writer.write(json.dumps(self.status()).encode() + b"\n")
                case {"ask": "stop"}:
                    self._stop.set()
                    await self._stopped.wait()
                    writer.write(b'{"stopped": true}\n')
                case {"ask": "restart"}:
                    self.again = not self._stop.is_set()
                    self._stop.set()
                    await self._stopped.wait()
                    writer.write(b'{"stopped": true}\n')
                case _:
                    writer.write(b'{"error": "ask status, restart or stop"}\n')
            await writer.drain()
        writer.close()

    def _left_by_make(self) -> None:
        """Stop, but never kill: the signal that `make` passes on may have come first."""
        if not self._stop.is_set():
            self._say(said("make was told to end"))
            self._stop.set()


async def _first(*others: Coroutine[object, object, object]) -> None:
    tasks = [asyncio.ensure_future(other) for other in others]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
