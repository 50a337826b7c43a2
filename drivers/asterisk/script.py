"""What a customer's AGI script talks to Asterisk with: pyst2's `AGI`, quoting and reading by our codec.

A script written for pyst2 runs unchanged. As shipped, pyst2 takes over SIGHUP, writes every digit and PIN to stderr,
quotes nothing, and takes the end of the connection for a ValueError; none of that is left.
"""

import sys
from typing import BinaryIO, TypeVar

from asterisk.agi import (
    AGI,
    AGIAppError,
    AGIHangup,
    AGIInvalidCommand,
    AGIResultHangup,
    AGIUnknownError,
    AGIUsageError,
)
from typing_extensions import override

from drivers.asterisk.agi_commands import COMMAND_BYTES_MAX, Command, quote
from drivers.asterisk.codec import clean, encode
from drivers.asterisk.codec_agi import AgiConnection, Environment, HungUp, Reply

_Message = TypeVar("_Message", Environment, Reply)

_DONE = 200
_REFUSALS = {510: AGIInvalidCommand, 520: AGIUsageError}


class _Nowhere:
    """Where pyst2 writes what it has seen."""

    def write(self, text: str) -> None:
        """Forget it: it may be a PIN."""


class _Commands:
    """Where pyst2 writes its commands."""

    def __init__(self, agi: AgiConnection, stream: BinaryIO) -> None:
        self._agi = agi
        self._stream = stream

    def write(self, text: str) -> None:
        """Write one command; refuse what Asterisk would take for two."""
        line = encode(clean(text.removesuffix("\n"), what="a command"), what="a command", bytes_max=COMMAND_BYTES_MAX)
        self._stream.write(self._agi.send(Command(name="script", line=line + b"\n")))

    def flush(self) -> None:
        self._stream.flush()


class Script(AGI):
    """One channel, as a script sees it: pyst2's methods, its exceptions, and `env`."""

    def __init__(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Read the environment; raises `AGIHangup` if there is none."""
        self._agi = AgiConnection()
        self.stdin = sys.stdin.buffer if stdin is None else stdin
        self.stdout = _Commands(self._agi, sys.stdout.buffer if stdout is None else stdout)
        self.stderr = _Nowhere()
        self._got_sighup = False
        self.env = self._read(Environment).as_dict()

    @override
    def _quote(self, string: str | float) -> str:
        return quote(str(string), what="an argument")

    @override
    def get_result(self, stdin: object = None) -> dict[str, tuple[str, str]]:
        reply = self._read(Reply)
        if reply.code != _DONE:
            raise _REFUSALS.get(reply.code, AGIUnknownError)(reply.code, reply.data)
        if reply.data == "hangup":
            raise AGIResultHangup("the caller hung up while the command ran")
        if reply.result == "-1":
            raise AGIAppError("the command failed, or the channel is gone")
        result = {"result": (reply.result, reply.data)}
        if reply.endpos is not None:
            result["endpos"] = (str(reply.endpos), "")
        return result

    def _read(self, wanted: type[_Message]) -> _Message:
        """Give the next message of that kind; a hang-up is told at the next command, as pyst2 does."""
        while True:
            line = self.stdin.readline()
            if not line:
                raise AGIHangup("the connection is over")
            for message in self._agi.receive(line):
                if isinstance(message, HungUp):
                    self._got_sighup = True
                elif isinstance(message, wanted):
                    return message
