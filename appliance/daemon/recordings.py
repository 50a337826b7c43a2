"""Recordings: when one begins it gets its key and its file, when its call is over the sealer makes it safe.

The sealer is a process of its own (`appliance.store.seal`), for it eats a core while it works. Its orders are kept
here until they are done: if it dies it is started again and told again. The raw file goes only after the row that
names the sealed one.
"""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, assert_never  # any: what a coroutine takes and yields is Twisted's affair

from twisted.internet.defer import Deferred
from twisted.internet.process import reapAllProcesses
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from appliance import api
from appliance.core import effects
from appliance.core.state import Interaction
from appliance.daemon.hub import Hub
from appliance.daemon.reactor import Reactor, Timer, answer_of
from appliance.store.orders import (
    Sealed,
    SealFailed,
    SealOrder,
    Unlink,
    Unlinked,
    decode_answer,
    encode_line,
    leftovers,
)
from appliance.store.people import People

RESTART_S = 1.0
REAP_S = 0.1
STDOUT = 1
AGAIN_S = 30.0
"A recording that could not be sealed (the disk is full) is tried again after this."
LINE_BYTES_MAX = 4 * 1024 * 1024
"What the sealer may say in one line; peaks are in it."

report = Logger()


class Recordings:
    """All that is being recorded or waits for its seal."""

    def __init__(self, reactor: Reactor, *, hub: Hub, people: People, argv: list[str], spool: Path) -> None:
        """Follow the hub; `argv` starts the sealer."""
        self._reactor = reactor
        self._hub = hub
        self._owners: dict[str, tuple[str, str]] = {}
        "Recording to the interaction and the party of a call that was filed before this start."
        self._people = people
        self._argv = argv
        self._spool = spool
        self._orders: dict[str, SealOrder] = {}
        self._unlinks: set[str] = set()
        self._later: dict[str, Timer] = {}
        self._sealer: Sealer | None = None
        self._stopping = False
        self.health = "ok"
        "`ok`, or what is wrong: `sealer_down`, `no_space`, `damaged`, `failed`."
        self.sealed = 0
        hub.listen(self._happened)
        hub.listen_filed(self._filed)

    @property
    def waiting(self) -> int:
        """How many wait for their seal."""
        return len(self._orders)

    @property
    def sealer_pid(self) -> int:
        """The sealer's process, 0 while there is none."""
        transport = self._sealer.transport if self._sealer is not None else None
        return transport.pid or 0 if transport is not None else 0

    def start(self) -> None:
        """Start the sealer, and seal what was left over when the daemon last ended."""
        self._start_sealer()
        state = self._hub.centre.state
        live = {one.recording: one for one in state.interactions.values() if one.recording}
        for interaction in live.values():
            # The row that names its owner may have been lost with the last daemon, while the raw file grows on.
            self._do(self._begin(interaction.recording, interaction.leg.exchange, interaction, self._hub.now))
        for recording in leftovers(self._spool, live):
            self._do(self._seal(recording, *self._owners.get(recording, ("", ""))))
        self._owners.clear()

    def remember(self, row: api.Row) -> None:
        """Take in a call that was filed before this start: its recording may be left over."""
        for kept in row.kept:
            if isinstance(kept, effects.CallFiled) and kept.cdr.recording:
                self._owners[kept.cdr.recording] = (kept.cdr.interaction, kept.cdr.party)

    def stop(self) -> None:
        """End the sealer; what it has not done is left over for the next start."""
        self._stopping = True
        for call in self._later.values():
            call.cancel()
        self._later.clear()
        if self._sealer is not None:
            self._sealer.end()

    # -- what happens

    def _happened(self, row: api.Row, asked: tuple[effects.AnyEffect, ...]) -> None:
        for effect in asked:
            if isinstance(effect, effects.Hold) and effect.recording:
                interaction = self._hub.centre.state.interactions.get(effect.interaction)
                self._do(self._begin(effect.recording, effect.leg.exchange, interaction, row.now))

    def _filed(self, kept: effects.Kept) -> None:
        if isinstance(kept, effects.CallFiled) and kept.cdr.recording:
            self._do(self._seal(kept.cdr.recording, kept.cdr.interaction, kept.cdr.party))

    async def _begin(self, recording: str, exchange: str, interaction: Interaction | None, now: int) -> None:
        await answer_of(
            self._reactor,
            self._people.begin_recording(
                recording,
                exchange=exchange,
                interaction=interaction.id if interaction else "",
                party=interaction.party if interaction else "",
                now_us=now,
            ),
        )

    async def _seal(self, recording: str, interaction: str = "", party: str = "") -> None:
        """Have a recording sealed; one whose party was erased meanwhile is thrown away."""
        if recording in self._orders:
            return
        asked = self._people.seal_order(recording, self._hub.now, interaction=interaction, party=party)
        order = await answer_of(self._reactor, asked)
        if order is None:
            self._throw_away(recording)
        else:
            self._orders[recording] = order
            self._tell(order)

    async def _keep(self, outcome: Sealed) -> None:
        await answer_of(self._reactor, self._people.sealed(outcome, self._hub.now))
        self._orders.pop(outcome.recording, None)
        self.sealed += 1
        self.health = "ok"
        self._throw_away(outcome.recording)

    # -- the sealer

    def answered(self, line: bytes) -> None:
        """Hear what the sealer has done."""
        answer = decode_answer(line)
        match answer:
            case Sealed():
                self._do(self._keep(answer))
            case SealFailed(recording=recording, why=why):
                self._not_sealed(recording, why)
            case Unlinked(recording=recording):
                self._unlinks.discard(recording)
            case _:
                assert_never(answer)

    def look_for_end(self, sealer: "Sealer") -> None:
        """Ask the system for ended children until this one's end is known."""
        if not sealer.ended:
            reapAllProcesses()
            self._reactor.callLater(REAP_S, self.look_for_end, sealer)

    def gone(self) -> None:
        """Hear that the sealer has ended; start it again."""
        self._sealer = None
        if not self._stopping:
            self.health = "sealer_down"
            report.error("the sealer ended by itself; it is started again")
            self._later["sealer"] = self._reactor.callLater(RESTART_S, self._start_sealer)

    def _start_sealer(self) -> None:
        self._later.pop("sealer", None)
        self._sealer = Sealer(self)
        self._reactor.spawnProcess(self._sealer, self._argv[0].encode(), [word.encode() for word in self._argv])
        for order in self._orders.values():
            self._tell(order)
        for recording in self._unlinks:
            self._tell(Unlink(recording=recording))

    def _tell(self, order: SealOrder | Unlink) -> None:
        if self._sealer is not None:
            self._sealer.tell(encode_line(order))

    def _not_sealed(self, recording: str, why: str) -> None:
        match why:
            case "absent" | "empty":
                self._orders.pop(recording, None)
                self._throw_away(recording)
            case _:
                self.health = why
                report.error("a recording could not be sealed: {why}", why=why)
                self._later[recording] = self._reactor.callLater(AGAIN_S, self._again, recording)

    def _again(self, recording: str) -> None:
        self._later.pop(recording, None)
        if self._orders.pop(recording, None) is not None:
            self._do(self._seal(recording))

    def _throw_away(self, recording: str) -> None:
        self._unlinks.add(recording)
        self._tell(Unlink(recording=recording))

    def _do(self, work: Coroutine[Deferred[Any], Any, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(_failed)


class Sealer(ProcessProtocol):
    """The sealer's process: lines in, lines out."""

    ended = False

    def __init__(self, recordings: Recordings) -> None:
        """Tell the recordings what it answers."""
        self._recordings = recordings
        self._rest = b""
        self._waiting: list[bytes] = []

    def tell(self, line: bytes) -> None:
        """Give it an order."""
        if self.transport is not None:
            self.transport.write(line)
        else:
            self._waiting.append(line)

    def end(self) -> None:
        """Let it finish what it does, and go."""
        if self.transport is not None:
            self.transport.closeStdin()

    @override
    def connectionMade(self) -> None:
        """Give it what waited."""
        waiting, self._waiting = self._waiting, []
        for line in waiting:
            self.tell(line)

    @override
    def outReceived(self, data: bytes) -> None:
        """Take its answers, line by line."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._recordings.answered(line)
        if len(self._rest) > LINE_BYTES_MAX:
            self._rest = b""
            self.end()

    @override
    def errReceived(self, data: bytes) -> None:
        """Note that it complains; what it says may name a file, so it is not kept."""
        report.error("the sealer complains ({length} bytes)", length=len(data))

    @override
    def childConnectionLost(self, childFD: int) -> None:
        """Look for its end when its pipes close: with uvloop the signal that tells of it may be lost."""
        super().childConnectionLost(childFD)
        if childFD == STDOUT:
            self._recordings.look_for_end(self)

    @override
    def processEnded(self, reason: Failure) -> None:
        """Tell that it is gone."""
        self.ended = True
        self._recordings.gone()


def _failed(failure: Failure) -> None:
    report.failure("a recording could not be taken care of", failure)
