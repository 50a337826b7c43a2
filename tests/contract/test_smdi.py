"""Asterisk's own voice mail behind our SMDI line: it hears of forwarded calls, we hear of waiting messages."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor as installed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.utils import getProcessOutput

from drivers.asterisk.bundle import Bundle, current_bundle
from drivers.serial.desk_line import DeskLine
from drivers.serial.place import Device
from drivers.serial.smdi import Call, Reason, Refused, Waiting
from tests.drivers.serial.cable import until

pytestmark = [pytest.mark.contract]
reactor = IReactorTime(installed)
DEADLINE_S = 60.0
STATION, MAILBOX = "5551234", "1234"
MODULES = (
    "res_smdi",
    "app_voicemail",
    "pbx_config",
    "app_verbose",
    "func_logic",
    "res_adsi",
    "res_clioriginate",
    "format_wav",
)
DIALPLAN = """\
[smdi]
exten => s,1,Set(ID=${SMDI_MSG_RETRIEVE(PORT,STATION,5000)})
same => n,Set(WHO=${SMDI_MSG(${ID},station)} caller=${SMDI_MSG(${ID},callerid)})
same => n,Set(WHERE=${SMDI_MSG(${ID},number)} terminal=${SMDI_MSG(${ID},terminal)})
same => n,Log(NOTICE,told desk=${WHERE} why=${SMDI_MSG(${ID},type)} station=${WHO})
same => n,Hangup()
"""


@dataclass(kw_only=True)
class MessageDesk:
    """An Asterisk with nothing but voice mail and SMDI, and the cable to it."""

    bundle: Bundle
    folder: Path
    ours: Path

    @property
    def log(self) -> str:
        """Give what it has logged."""
        file = self.folder / "log/notes"
        return file.read_text(errors="replace") if file.exists() else ""

    async def console(self, command: str) -> str:
        """Ask it on its console; the reactor goes on meanwhile."""
        argv = self.bundle.argv("-C", str(self.folder / "asterisk.conf"), "-rx", command)
        said: bytes = await getProcessOutput(argv[0], argv[1:], env=dict(os.environ))  # type: ignore[no-untyped-call]  # Twisted gives it no type
        return said.decode(errors="replace")

    async def booted(self) -> None:
        """Wait until it takes orders."""
        ends = reactor.seconds() + DEADLINE_S
        while True:
            try:
                if "fully booted" in await self.console("core waitfullybooted"):
                    return
            except OSError:
                assert reactor.seconds() < ends

    def leave_message(self) -> Path:
        """Put a message into the mailbox, as app_voicemail keeps it."""
        inbox = self.folder / f"spool/voicemail/default/{MAILBOX}/INBOX"
        inbox.mkdir(parents=True, exist_ok=True)
        (inbox / "msg0000.wav").write_bytes(b"")
        (inbox / "msg0000.txt").write_text("[message]\ncallerid=5550000\nduration=3\n")
        return inbox


def _configured(bundle: Bundle, folder: Path, port: Path) -> None:
    """Write the smallest configuration with which it runs."""
    for name in ("log", "spool", "run", "var", "agi"):
        (folder / name).mkdir()
    files = {
        "asterisk.conf": (
            f"[directories]\nastetcdir => {folder}\nastmoddir => {bundle.modules}\nastvarlibdir => {folder}/var\n"
            f"astdbdir => {folder}/var\nastkeydir => {folder}/var\nastdatadir => {bundle.data}\n"
            f"astagidir => {folder}/agi\nastspooldir => {folder}/spool\nastrundir => {folder}/run\n"
            f"astlogdir => {folder}/log\nastsbindir => {folder}/agi\n"
        ),
        "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load = {name}.so\n" for name in MODULES),
        "logger.conf": "[general]\n[logfiles]\nnotes => notice,warning,error\n",
        "smdi.conf": (
            f"[interfaces]\nbaudrate = 9600\ncharsize = 8\nparitybit = none\nsmdiport => {port}\n"
            f"[mailboxes]\npollinginterval = 1\nsmdiport = {port}\n{STATION} = {MAILBOX}@default\n"
        ),
        "voicemail.conf": f"[general]\nformat = wav\n[default]\n{MAILBOX} => 1111,Somebody\n",
        "extensions.conf": DIALPLAN.replace("PORT", str(port)).replace("STATION", STATION),
        "adsi.conf": "[intro]\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)


@pytest.fixture
def desk() -> Iterator[MessageDesk]:
    """Run it on one end of a torn cable."""
    folder = Path(tempfile.mkdtemp(prefix="smdi-"))
    ours, theirs = folder / "ours", folder / "theirs"
    argv = [sys.executable, "-m", "tests.contract.crossed", str(ours), str(theirs), "5"]
    cable = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert cable.stdout is not None
    assert cable.stdout.readline() == "plugged\n"
    bundle = current_bundle()
    _configured(bundle, folder, theirs)
    with (folder / "out").open("wb") as out:
        asterisk = subprocess.Popen(
            bundle.argv("-f", "-C", str(folder / "asterisk.conf")),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        )
    yield MessageDesk(bundle=bundle, folder=folder, ours=ours)
    asterisk.kill()
    asterisk.wait()
    cable.communicate()
    shutil.rmtree(folder)


@ensureDeferred
async def test_asterisk_hears_why_a_call_comes_and_we_hear_of_messages(desk: MessageDesk) -> None:
    """A busy telephone's call is told with its reason; a message switches the lamp on, its end off again."""
    heard: list[Call | Waiting | Refused] = []
    line = DeskLine(reactor, "desk", Device(path=str(desk.ours)), heard=heard.append, changed=lambda _why: None)
    line.start()
    await until(reactor, lambda: not line.state)
    await desk.booted()
    for terminal, reason in ((3, Reason.BUSY), (4, Reason.NO_ANSWER)):
        assert line.say(Call(terminal=terminal, reason=reason, station=STATION, caller="5557777"))
        await desk.console("channel originate Local/s@smdi application Wait 5")
        told = f"told desk=001 terminal={terminal:04} why={reason} station={STATION} caller=5557777"
        await until(reactor, lambda told=told: told in desk.log, DEADLINE_S)  # type: ignore[misc]  # its default is its type
    inbox = desk.leave_message()
    await until(reactor, lambda: heard[-1:] == [Waiting(station=STATION, on=True)], DEADLINE_S)
    shutil.rmtree(inbox)
    await until(reactor, lambda: heard[-1:] == [Waiting(station=STATION, on=False)], DEADLINE_S)
    assert len(heard) == 2
    await line.stop()
