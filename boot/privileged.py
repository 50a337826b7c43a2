"""The one part of the box that is root: it does what `appliance.root_work` names, and nothing else.

`python -m boot.privileged early` sets the machine as it was kept, before the network is up; `serve --user NAME` takes
questions of that user's programs and root's own, known by the kernel's word (SO_PEERCRED, unix(7)). Each question is
one line of the audit on stderr. A change of network or firewall is on trial until it is confirmed; a helper that dies
goes on with the trial where it stood, and the machine's restart takes it back.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import pwd
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

import msgspec

from appliance import root_work as words
from appliance.places import PlacesError, places_of
from boot.cards import CardFiles
from boot.firewall import doors_of
from boot.kept import SECOND_NS, Kept, Settings, Trial, now_ns
from boot.machine import Machine, MachineError
from boot.wiring import Wiring, take_back_early

QUESTION_S_MAX = 5.0
VISITORS_MAX = 16
SOCKET_MODE = 0o660
FOLDER_MODE = 0o700
SYSTEM = Path("/data/system")
"Where the machine's settings outlive starts and updates."
STAYS = Path("/run/switchroom")
CARDS = Path("/data/dahdi")
"What the drivers of telephone cards read."
QUESTIONS: msgspec.json.Decoder[words.AnyQuestion] = msgspec.json.Decoder(words.AnyQuestion)
REFUSED = 64


class Root:
    """Answers questions, one after the other; a bundle is written beside them."""

    def __init__(self, kept: Kept, machine: Machine, cards: CardFiles, *, confirm_s: float = words.CONFIRM_S) -> None:
        """Take settings and machine; nothing is done before `begin`."""
        self._kept = kept
        self._wiring = Wiring(cards, machine, lambda detail: audit(asked="take cards back", detail=detail))
        self._machine = machine
        self._confirm_s = confirm_s
        self._one = asyncio.Lock()
        self._installing = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Set the machine as it should be: what a helper before us left half done is done now."""
        trial = self._kept.trial
        if trial is not None:
            self._watch(trial)
        if not self._kept.readable:
            audit(problem="not_readable", detail="the kept settings cannot be read: the first settings hold")
        async with self._one:
            await self._settle()
        self._wiring.begin()

    async def answer(self, question: words.AnyQuestion) -> words.Answer:
        """Do what is asked, or say why not."""
        try:
            if isinstance(question, words.InstallUpdate):
                return await self._install(question.bundle)
            if isinstance(question, words.LookCards | words.ApplyCards):
                return await self._wiring.answer(question)
            async with self._one:
                return await self._do(question)
        except MachineError as error:
            return words.Answer(problem="not_applied", detail=str(error))
        except OSError as error:
            return words.Answer(problem="not_applied", detail=error.strerror or type(error).__name__)

    async def _do(self, question: words.AnyQuestion) -> words.Answer:
        match question:
            case words.Look():
                return words.Answer(seen=await self._look())
            case words.SetNetwork(network=network):
                return await self._try_out(msgspec.structs.replace(self._kept.settings, network=network))
            case words.SetFirewall(firewall=firewall):
                return await self._try_out(msgspec.structs.replace(self._kept.settings, firewall=firewall))
            case words.Confirm(change=change):
                return self._confirm(change)
            case words.TakeBack():
                await self._take_back()
            case words.ResetNetwork():
                self._kept.keep(Settings(zone=self._kept.settings.zone))
                await self._machine.apply(self._kept.settings)
            case words.SetTimeZone(zone=zone):
                return await self._live_in(zone)
            case words.InstallUpdate() | words.LookCards() | words.ApplyCards():
                raise AssertionError("what takes long is done beside the other questions")
            case _:
                await self._order(question)
        return words.Answer()

    async def _order(self, question: words.AnyOrder) -> None:
        match question:
            case words.RestartUnit(unit=unit):
                await self._machine.restart(unit)
            case words.MarkSlot(slot=slot, state=state):
                await self._machine.mark(slot, state)
            case words.Reboot():
                await self._machine.reboot()
            case words.PowerOff():
                await self._machine.power_off()
            case _:
                assert_never(question)

    async def _look(self) -> words.Seen:
        trial, settings = self._kept.trial, self._kept.in_force
        slots: tuple[words.Slot, ...] = ()
        with contextlib.suppress(MachineError):
            slots = await self._machine.slots()
        return words.Seen(
            network=settings.network,
            firewall=settings.firewall,
            zone=settings.zone,
            on_trial=trial.change if trial else "",
            left_s=_left_s(trial) if trial else 0,
            addresses=self._machine.addresses(),
            slots=slots,
        )

    # -- what is on trial

    async def _try_out(self, settings: Settings) -> words.Answer:
        if self._kept.trial is not None:
            return words.Answer(problem="on_trial")
        if settings == self._kept.settings:
            return words.Answer()
        trial = self._kept.try_out(settings, confirm_s=self._confirm_s)
        self._watch(trial)
        try:
            await self._machine.apply(settings)
        except MachineError as error:
            await self._take_back()
            return words.Answer(problem="not_applied", detail=str(error))
        return words.Answer(change=trial.change, left_s=_left_s(trial))

    def _confirm(self, change: str) -> words.Answer:
        trial = self._kept.trial
        if trial is None or trial.change != change or trial.until_ns <= now_ns():
            return words.Answer(problem="unknown_change")
        self._kept.keep(trial.settings)
        self._unwatch()
        return words.Answer()

    async def _take_back(self) -> None:
        self._unwatch()
        self._kept.take_back()
        await self._settle()

    def _watch(self, trial: Trial) -> None:
        self._unwatch()
        left_s = max(0.0, (trial.until_ns - now_ns()) / SECOND_NS)
        self._timer = asyncio.get_running_loop().call_later(left_s, self._over)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        self._ending = asyncio.ensure_future(self._end())

    async def _end(self) -> None:
        async with self._one:
            trial = self._kept.trial
            if trial is not None and trial.until_ns <= now_ns():
                audit(asked="take back", detail="nobody confirmed the change in time")
                await self._take_back()

    async def _settle(self) -> None:
        """Set the machine to what should hold now; what refuses is said, and the rest of the box goes on."""
        try:
            await self._machine.apply(self._kept.in_force)
        except (MachineError, OSError) as error:
            audit(asked="settle", problem="not_applied", detail=str(error))

    # -- the rest

    async def _live_in(self, zone: str) -> words.Answer:
        if not self._machine.has_zone(zone):
            return words.Answer(problem="unknown_zone")
        if self._kept.trial is not None:
            return words.Answer(problem="on_trial")
        self._kept.keep(msgspec.structs.replace(self._kept.settings, zone=zone))
        await self._machine.apply(self._kept.settings)
        return words.Answer()

    async def _install(self, name: str) -> words.Answer:
        if self._installing.locked():
            return words.Answer(problem="busy")
        async with self._installing:
            await self._machine.install(name)
        return words.Answer()


def _left_s(trial: Trial) -> int:
    return max(0, -(-(trial.until_ns - now_ns()) // SECOND_NS))


def audit(
    *, asked: object = None, uid: int = -1, pid: int = -1, problem: str = "", detail: str = "", change: str = ""
) -> None:
    """Write one line of who asked what and what came of it; root's own deeds have no asker."""
    line = {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        "uid": uid,
        "pid": pid,
        "asked": asked,
        "problem": problem,
        "detail": detail,
        "change": change,
    }
    sys.stderr.write(json.dumps({name: value for name, value in line.items() if value not in (None, "", -1)}) + "\n")
    sys.stderr.flush()


class Door:
    """The socket at which root is asked."""

    def __init__(self, root: Root, uids: frozenset[int]) -> None:
        """Take questions of these users alone."""
        self._root = root
        self._uids = uids
        self._visitors = 0

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one question, however odd, and answer it."""
        self._visitors += 1
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                answer = await self._heard(reader, writer)
                writer.write(msgspec.json.encode(answer) + b"\n")
                await asyncio.wait_for(writer.drain(), QUESTION_S_MAX)
        finally:
            self._visitors -= 1
            writer.close()

    async def _heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> words.Answer:
        pid, uid, _ = _peer(writer)
        async with asyncio.timeout(QUESTION_S_MAX):
            line = await reader.readuntil(b"\n")
        if uid not in self._uids:
            audit(uid=uid, pid=pid, problem="not_allowed")
            return words.Answer(problem="not_allowed")
        if self._visitors > VISITORS_MAX:
            return words.Answer(problem="busy")
        try:
            question = QUESTIONS.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            detail = str(error).partition(" - at")[0][: len("interface") * 10]
            audit(uid=uid, pid=pid, problem="invalid", detail=detail)
            return words.Answer(problem="invalid", detail=detail)
        answer = await self._root.answer(question)
        if not isinstance(question, words.Look):
            told = msgspec.to_builtins(question)
            audit(uid=uid, pid=pid, asked=told, problem=answer.problem, detail=answer.detail, change=answer.change)
        return answer


def _peer(writer: asyncio.StreamWriter) -> tuple[int, int, int]:
    peer = writer.get_extra_info("socket")
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, gid = struct.unpack("3i", credentials)
    return pid, uid, gid


async def serve(path: Path, root: Root, user: pwd.struct_passwd) -> None:
    """Answer until we are ended."""
    await root.begin()
    door = Door(root, frozenset({0, user.pw_uid}))
    server = await asyncio.start_unix_server(door.visit, sock=_bound(path, user), limit=words.QUESTION_BYTES_MAX)
    async with server:
        await server.serve_forever()


def _bound(path: Path, user: pwd.struct_passwd) -> socket.socket:
    """Bind the socket for root and the user's group; nobody gets in before its mode is set, for nobody listens yet."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    if path.stat().st_gid != user.pw_gid:  # its unit has the group already, and may change none
        os.chown(path, -1, user.pw_gid)
    path.chmod(SOCKET_MODE)
    return bound


def main(arguments: Sequence[str]) -> int:
    """Set the machine early, or serve."""
    parser = argparse.ArgumentParser(prog="boot.privileged", description="The root part of the box.")
    parser.add_argument("work", choices=("early", "serve"))
    parser.add_argument("--user", default="switchroom", help="whose programs may ask")
    parser.add_argument("--kept", type=Path, default=SYSTEM, help="folder of the kept settings")
    parser.add_argument("--cards", type=Path, default=CARDS, help="folder of what the drivers of cards read")
    parser.add_argument("--volatile", type=Path, default=STAYS, help="folder that is empty at each start")
    asked = parser.parse_args(arguments)
    os.umask(0o077)
    try:
        places, user = places_of(os.environ), pwd.getpwnam(asked.user)
    except (PlacesError, KeyError) as error:
        sys.stderr.write(f"boot.privileged: {error}\n")
        return REFUSED
    asked.kept.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    kept, cards = Kept(folder=asked.kept, volatile=asked.volatile), CardFiles(folder=asked.cards)
    machine = Machine(doors=doors_of(places), updates=places.updates)
    if asked.work == "early":
        return _early(kept, machine, cards)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(places.privileged, Root(kept, machine, cards), user))
    return 0


def _early(kept: Kept, machine: Machine, cards: CardFiles) -> int:
    take_back_early(cards)
    try:
        asyncio.run(machine.apply(kept.settings, early=True))
    except (MachineError, OSError) as error:
        audit(asked="early", problem="not_applied", detail=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
