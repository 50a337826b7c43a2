"""Test calls on demand: a process of its own calls the box, and what it says of each step is kept for who watches."""

import contextlib
import os
import re
import sys
import time
from pathlib import Path

import msgspec
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall, IProcessTransport
from twisted.internet.process import reapAllProcesses
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from appliance import api
from appliance.daemon.reactor import Reactor
from appliance.texts import DEFAULT, LANGUAGES
from appliance.trial_call import Step, TrialCall
from appliance.whole import write_whole

CALL_S_MAX = 300.0
"After so long it is ended."
STEPS_MAX, SAID_MAX = 40, 400
DIALLED = re.compile(r"[0-9]{2,20}")
LINE_BYTES_MAX = 10_000
ARGV = (sys.executable, "-m", "appliance.commands", "selftest", "--json")

report = Logger()


class TrialCalls:
    """Begins them, one at a time."""

    def __init__(self, reactor: Reactor, path: Path | None, argv: tuple[str, ...] = ARGV) -> None:
        """Keep what they say in this file; None where there is no home."""
        self._reactor = reactor
        self._path = path
        self._argv = argv
        self._work: _Work | None = None

    def place(self, request: api.PlaceTestCall) -> api.Reply:
        """Begin one, unless one is under way."""
        if self._path is None:
            return api.Reply(problems=(api.Problem(code="unavailable"),))
        if request.number and not DIALLED.fullmatch(request.number):
            return api.Reply(problems=(api.Problem(code="invalid", field="number"),))
        reapAllProcesses()  # with uvloop the signal that tells of an end may be lost
        if self._work is not None and not self._work.call.ended:
            return api.Reply(problems=(api.Problem(code="busy"),))
        call = TrialCall(at=time.time_ns() // 1000, number=request.number)
        self._work = _Work(call, self._path)
        argv = (*self._argv, *(("--out", request.number) if request.number else ()))
        environment = {**os.environ, "LC_ALL": request.language if request.language in LANGUAGES else DEFAULT}
        process = self._reactor.spawnProcess(self._work, argv[0], argv, env=environment)
        self._work.late = self._reactor.callLater(CALL_S_MAX, _end, process)
        return api.Reply()

    def look(self) -> None:
        """Notice an end whose signal was lost."""
        if self._work is not None and not self._work.call.ended:
            reapAllProcesses()


def _end(process: IProcessTransport) -> None:
    with contextlib.suppress(ProcessExitedAlready):
        process.signalProcess("KILL")


class _Work(ProcessProtocol):
    """One of them."""

    def __init__(self, call: TrialCall, path: Path) -> None:
        self.call = call
        self.late: IDelayedCall | None = None
        self._path = path
        self._rest = b""
        self._keep(call)

    @override
    def outReceived(self, data: bytes) -> None:
        """Take the steps that it tells."""
        *lines, self._rest = (self._rest + data)[-LINE_BYTES_MAX:].split(b"\n")
        steps = list(self.call.steps)
        for line in lines:
            try:
                steps.append(msgspec.json.decode(line, type=Step))
            except msgspec.DecodeError:
                report.warn("a test call said what is no step")
        self._keep(msgspec.structs.replace(self.call, steps=tuple(steps[:STEPS_MAX])))

    @override
    def errReceived(self, data: bytes) -> None:
        """Take why it could not begin."""
        said = (self.call.why + data.decode("utf-8", "replace"))[-SAID_MAX:]
        self._keep(msgspec.structs.replace(self.call, why=said))

    @override
    def processEnded(self, reason: Failure) -> None:
        """Note how it ended."""
        if self.late is not None and self.late.active():
            self.late.cancel()
        passed = getattr(reason.value, "exitCode", None) == 0 and all(step.passed for step in self.call.steps)
        self._keep(msgspec.structs.replace(self.call, ended=True, passed=passed and bool(self.call.steps)))

    def _keep(self, call: TrialCall) -> None:
        self.call = call
        try:
            write_whole(self._path, msgspec.json.encode(call), mode=0o600)
        except OSError:
            report.failure("what a test call says could not be written")
