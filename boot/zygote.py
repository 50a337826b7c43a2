"""A program kept warm: its modules are read once, and each of its lives is a fork of this process, a millisecond away.

`python -m boot.zygote NAME MODULE [ARGUMENT...]` reads MODULE, says so, and waits. Standard input is a packet socket to
the supervisor (`warm.py` is its end). Ordered `go` with two files, the log and the gate, it forks; the fork leads a
session of its own, waits at the gate until its pid is noted, and then is the program: `MODULE.main(ARGUMENTS)`.

It holds nothing but code: no lock, port or storage. It ends with the supervisor, whose death closes the socket; what it
has forked goes on. Every life is of the code that it read, whatever is installed meanwhile: new code is of the box's
next start, when all programs take it up at once.
"""

import gc
import importlib
import os
import select
import socket
import sys
from collections.abc import Callable
from pathlib import Path

WORD_BYTES_MAX = 64
GO, WARM, BEGAN, ENDED = b"go", b"warm", b"began", b"ended"
"What is said on the socket; `began PID` and `ended PID CODE` have words behind them."
ONE_THREAD = 1
COMMAND_NAME = Path("/proc/self/comm")
"What `ps -C` and `top` show, cut to 15 letters (proc(5))."


class Zygote:
    """The process that forks."""

    def __init__(self, door: socket.socket) -> None:
        """Serve the supervisor at the other end of `door`."""
        self._door = door
        self._poll = select.poll()
        self._poll.register(door, select.POLLIN)
        self._lives: dict[int, int] = {}
        "Handles of what was forked and lives, to their pids."

    def serve(self) -> tuple[int, int] | None:
        """Fork as ordered: None at the end of this process, the log and the gate in each fork."""
        self._door.send(WARM)
        while True:
            for handle, _ in self._poll.poll():
                if handle in self._lives:
                    self._bury(handle)
                    continue
                word, files, _, _ = socket.recv_fds(self._door, WORD_BYTES_MAX, 2)
                if word != GO:
                    return None
                log, gate = files
                if self._fork():
                    return log, gate
                os.close(log)
                os.close(gate)

    def _fork(self) -> bool:
        if len(os.listdir("/proc/self/task")) != ONE_THREAD:  # noqa: PTH208  while calls wait; a Path costs five times as much
            raise RuntimeError("reading the program has started threads: it cannot be forked")
        pid = os.fork()
        if not pid:
            for handle in self._lives:
                os.close(handle)
            return True
        handle = os.pidfd_open(pid)
        self._lives[handle] = pid
        self._poll.register(handle, select.POLLIN)
        self._door.send(b"%s %d" % (BEGAN, pid))
        return False

    def _bury(self, handle: int) -> None:
        """Say how a fork ended."""
        pid = self._lives.pop(handle)
        self._poll.unregister(handle)
        os.close(handle)
        _, status = os.waitpid(pid, 0)
        self._door.send(b"%s %d %d" % (ENDED, pid, os.waitstatus_to_exitcode(status)))


def become(log: int, gate: int, name: str) -> bool:
    """Be a program of one's own: a session, the log, a name for `ps`; False if the gate is shut for ever."""
    os.setsid()
    if not os.read(gate, 1):
        return False
    os.close(gate)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)
    COMMAND_NAME.write_text(name)
    return True


def _warm(name: str) -> Callable[[], int]:
    """Read the program; while modules are read nothing becomes garbage, and forks share what is never looked at."""
    gc.disable()
    program: Callable[[], int] = importlib.import_module(name).main
    gc.freeze()
    gc.enable()
    return program


def main() -> int:
    """Serve; in a fork, be the program."""
    name, module, *arguments = sys.argv[1:]
    COMMAND_NAME.write_text(f"{name}-zygote")
    program = _warm(module)
    with socket.socket(fileno=os.dup(0)) as door:
        try:
            files = Zygote(door).serve()
        except OSError:  # there is nobody left to speak to
            return 0
    if files is None or not become(*files, name):
        return 0
    sys.argv = [module, *arguments]
    return program()


if __name__ == "__main__":
    sys.exit(main())
