"""A small private Asterisk for the robot to telephone with: four phones, a trunk that anybody on loopback may use."""

import wave
from pathlib import Path

import numpy as np
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorProcess, IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from typing_extensions import override

from drivers.asterisk.bundle import Bundle
from drivers.robot.sound import Known, Samples
from drivers.robot.waits import within

PHONES = ("201", "202", "203", "204")
FOLDERS = ("cache", "etc", "lib", "run", "spool", "log", "music")
MUSIC = "manolo_camp-morning_coffee.wav"
STOP_S = 20.0

DIALPLAN = """
[phones]
exten => prompt,1,Answer()
 same => n,Playback(demo-congrats)
 same => n,Hangup()
exten => short,1,Answer()
 same => n,Wait(0.3)
 same => n,Playback(vm-goodbye)
 same => n,Wait(1)
 same => n,Hangup()
exten => music,1,Answer()
 same => n,MusicOnHold(default)
exten => echo,1,Answer()
 same => n,Echo()
exten => keys,1,Answer()
 same => n,Read(KEYS,,4)
 same => n,SendDTMF(${KEYS},120,120)
 same => n,Wait(5)
exten => early,1,Progress()
 same => n,Playback(demo-congrats,noanswer)
 same => n,Hangup(17)
exten => busy,1,Busy(1)
exten => ring,1,Ringing()
 same => n,Wait(30)
exten => name,1,Answer()
 same => n,Set(CALLERID(name)=${URIDECODE(%5C%22%3B%0D%0AX%3A%20y)})
 same => n,Dial(PJSIP/202,20)
exten => _20X,1,Dial(PJSIP/${EXTEN},20)
"""

ENDPOINT = """
[{0}]
type = endpoint
context = phones
disallow = all
allow = ulaw,alaw
direct_media = no
rtp_symmetric = yes
dtmf_mode = rfc4733
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
aors = {0}
"""

PHONE = """auth = {0}
callerid = Phone {0} <{0}>
[{0}]
type = auth
auth_type = userpass
username = {0}
password = secret{0}
[{0}]
type = aor
max_contacts = 1
remove_existing = yes
"""

TRUNK = """[trunk]
type = aor
contact = sip:127.0.0.1:9
[trunk]
type = identify
endpoint = trunk
match = 127.0.0.1
"""


def secret(user: str) -> str:
    """Give a phone's password."""
    return f"secret{user}"


def configuration(bundle: Bundle, folder: Path, port: int) -> dict[str, str]:
    """Write Asterisk's files, by name."""
    folders = "".join(f"{name} => {folder}/{path}\n" for name, path in _directories())
    pjsip = f"[udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:{port + 5}\n"
    pjsip += "[global]\ntype = global\nendpoint_identifier_order = username,ip\n"
    pjsip += "".join((ENDPOINT + PHONE).format(user) for user in PHONES) + ENDPOINT.format("trunk") + TRUNK
    return {
        "asterisk.conf": (
            f"[directories]\n{folders}astmoddir => {bundle.modules}\nastdatadir => {bundle.data}\n"
            "[options]\nnocolor = yes\nverbose = 3\n"
        ),
        "modules.conf": "[modules]\nautoload = yes\nnoload = bridge_native_rtp.so\n",
        "logger.conf": "[general]\n[logfiles]\nfull => notice,warning,error,verbose(4),dtmf\n",
        "rtp.conf": f"[general]\nrtpstart = {port + 1000}\nrtpend = {port + 1199}\n",
        "musiconhold.conf": f"[default]\nmode = files\ndirectory = {folder}/music\n",
        "pjsip.conf": pjsip,
        "extensions.conf": DIALPLAN,
    }


class _Program(ProcessProtocol):
    """One run of Asterisk's program."""

    def __init__(self) -> None:
        """Collect what it says."""
        self.gone: Deferred[bytes] = Deferred()
        self.said = b""

    @override
    def outReceived(self, data: bytes) -> None:
        """Keep what it says."""
        self.said += data

    @override
    def errReceived(self, data: bytes) -> None:
        """Keep what it complains of."""
        self.said += data

    @override
    def processEnded(self, reason: Failure) -> None:
        """Note the end."""
        self.gone.callback(self.said)


class Exchange:
    """One running Asterisk."""

    def __init__(self, processes: IReactorProcess, bundle: Bundle, folder: Path, port: int) -> None:
        """Write its files; its SIP port is `port` + 5."""
        self.bundle = bundle
        self.server = ("127.0.0.1", port + 5)
        self._processes = processes
        self._argv = bundle.argv("-C", str(folder / "etc/asterisk.conf"))
        self._program = _Program()
        for name in FOLDERS:
            (folder / name).mkdir()
        (folder / "music" / MUSIC).symlink_to(bundle.music / MUSIC)
        for name, text in configuration(bundle, folder, port).items():
            (folder / "etc" / name).write_text(text)

    async def start(self) -> None:
        """Start it and ask its command line until there is one; that waits itself until everything is up."""
        self._run(self._program, "-f")
        said = b""
        while b"fully booted" not in said:
            if self._program.gone.called:
                raise RuntimeError(f"Asterisk did not start: {self._program.said[-2000:].decode(errors='replace')}")
            question = _Program()
            self._run(question, "-rx", "core waitfullybooted")
            said = await question.gone

    async def stop(self, clock: IReactorTime) -> None:
        """End it."""
        if not self._program.gone.called and self._program.transport is not None:
            self._program.transport.signalProcess("TERM")
            await within(clock, self._program.gone, "Asterisk gone", STOP_S)

    def prompt(self, name: str) -> Known:
        """Give one of Asterisk's own prompts."""
        return Known(_samples(self.bundle.sounds / "en" / f"{name}.wav"))

    def music(self) -> Known:
        """Give the music that callers hear."""
        return Known(_samples(self.bundle.music / MUSIC))

    def _run(self, program: _Program, *arguments: str) -> None:
        argv = [*self._argv, *arguments]
        self._processes.spawnProcess(program, argv[0], argv, {}, None, None, None, usePTY=False, childFDs=None)


def _samples(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8_000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)


def _directories() -> tuple[tuple[str, str], ...]:
    lib = ("astvarlibdir", "astdbdir", "astkeydir", "astagidir")
    rest = ("cache", "etc", "spool", "run", "log")
    return (*((name, "lib") for name in lib), *((f"ast{name}dir", name) for name in rest))
