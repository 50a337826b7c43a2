"""Where the box keeps its things: every path and port, from the environment.

With P = `SWITCHROOM_PORT`: P web, P+1 AMI, P+2 Asterisk's HTTP, P+3 FastAGI, P+5 SIP, P+10 the far end of the sample
trunk, P+1000…P+1999 RTP, P+2000…P+2199 UDPTL. All other doors are unix sockets in `$SWITCHROOM_HOME/run`. Boxes that
run side by side stand 3,000 ports apart. Where there is a root part, it listens at `SWITCHROOM_PRIVILEGED`.
With `SWITCHROOM_SAMPLE=no` a new box begins with its first boot and not with the sample company.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.texts import said

PORT = 8080
LISTEN = "127.0.0.1"
LOOPBACK = "127.0.0.1"
PRIVILEGED = Path("/run/switchroom/privileged.sock")
CARDS = Path("/data/dahdi")
"Where the drivers of telephone cards are told by a root part, if there is one (`boot/cards.py`)."
TOLD_CARDS = CARDS / "good/applied.json"
"What they were last told."
SOCKET_PATH_BYTES_MAX = 107
"What `sockaddr_un` holds, less the final NUL (unix(7))."
PORTS_TAKEN = 2_200
"How far the highest port of a box lies above its first, plus one."


class PlacesError(ValueError):
    """The environment names a place that cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The paths and ports of one box. Only programs' tops see it; drivers and store take plain paths and ports."""

    home: Path
    "`SWITCHROOM_HOME`, absolute: everything that outlives a start."
    port: int = PORT
    listen: str = LISTEN
    "IPv4 address that web, SIP and media bind to. AMI, FastAGI and Asterisk's HTTP stay on loopback whatever it is."
    cache: Path
    "`SWITCHROOM_CACHE`: downloads that any box of this user may share."
    privileged: Path = PRIVILEGED
    "`SWITCHROOM_PRIVILEGED`: the socket of the machine's root part; a laptop has none."
    sample: bool = True
    "`SWITCHROOM_SAMPLE`: `no` for a box that begins empty, with its first boot, and not with the sample company."

    # -- ports

    @property
    def web_port(self) -> int:
        """TCP, TLS: the only door for browsers."""
        return self.port

    @property
    def ami_port(self) -> int:
        """TCP on loopback: Asterisk's manager interface."""
        return self.port + 1

    @property
    def http_port(self) -> int:
        """TCP on loopback: Asterisk's own HTTP server."""
        return self.port + 2

    @property
    def agi_port(self) -> int:
        """TCP on loopback: the daemon's FastAGI."""
        return self.port + 3

    @property
    def sip_port(self) -> int:
        """UDP and TCP: SIP of trunks and desk phones."""
        return self.port + 5

    @property
    def far_port(self) -> int:
        """UDP: the far end of the sample company's trunk, where robots listen for calls out."""
        return self.port + 10

    @property
    def rtp_ports(self) -> tuple[int, int]:
        """UDP: first and last port of media."""
        return self.port + 1000, self.port + 1999

    @property
    def udptl_ports(self) -> tuple[int, int]:
        """UDP: first and last port of T.38 fax."""
        return self.port + 2000, self.port + 2199

    @property
    def host(self) -> str:
        """An address at which a program of this machine reaches what binds to `listen`."""
        return LOOPBACK if ipaddress.IPv4Address(self.listen).is_unspecified else self.listen

    @property
    def address(self) -> str:
        """Where a browser of this machine finds the console."""
        return f"https://{self.host}:{self.web_port}/"

    # -- sockets and what else lives only while the box runs

    @property
    def run(self) -> Path:
        """Folder of sockets and process notes."""
        return self.home / "run"

    @property
    def zeo_socket(self) -> Path:
        """ZEO: the daemon writes, everybody else of this user reads."""
        return self.run / "zeo.sock"

    @property
    def door_socket(self) -> Path:
        """The daemon's door for gunicorn and nginx: requests need a session."""
        return self.run / "door.sock"

    @property
    def console_socket(self) -> Path:
        """The daemon's door for the command line: whoever may open it acts as administrator."""
        return self.run / "console.sock"

    @property
    def web_socket(self) -> Path:
        """Where gunicorn serves the pages to nginx."""
        return self.run / "web.sock"

    @property
    def supervisor_socket(self) -> Path:
        """Where the supervisor takes `stop` and tells how its processes are."""
        return self.run / "supervisor.sock"

    @property
    def lines_socket(self) -> Path:
        """Where the program of the serial lines tells how they are."""
        return self.run / "lines.sock"

    @property
    def lines(self) -> Path:
        """How far each printer of call records is."""
        return self.home / "lines"

    @property
    def notify_socket(self) -> Path:
        """Datagrams of readiness and life (sd_notify(3))."""
        return self.run / "notify.sock"

    @property
    def processes(self) -> Path:
        """Pid and start time of every process of the box, one a line."""
        return self.run / "processes"

    @property
    def asterisk_run(self) -> Path:
        """Asterisk's run folder with its control socket."""
        return self.run / "asterisk"

    # -- what is kept

    @property
    def store(self) -> Path:
        """The databases."""
        return self.home / "store"

    @property
    def spool(self) -> Path:
        """Recordings while they are made, `<recording id>.raw`; mode 0700."""
        return self.home / "spool"

    @property
    def media(self) -> Path:
        """Sealed recordings, `<exchange>/<yyyy>/<mm>/<opaque id>`."""
        return self.home / "media"

    @property
    def prompts(self) -> Path:
        """Spoken prompts, `<language>/<slug>.wav`, 8 kHz mono."""
        return self.home / "prompts"

    @property
    def asterisk(self) -> Path:
        """Asterisk's own folders: etc, lib, log, spool, cache."""
        return self.home / "asterisk"

    @property
    def tls(self) -> Path:
        """Certificate and key of the web."""
        return self.home / "tls"

    @property
    def certificate(self) -> Path:
        """The certificate chain, PEM."""
        return self.tls / "certificate.pem"

    @property
    def key(self) -> Path:
        """The private key, PEM, 0600."""
        return self.tls / "key.pem"

    @property
    def nginx(self) -> Path:
        """Rendered configuration and temporary folders of nginx."""
        return self.home / "nginx"

    @property
    def updates(self) -> Path:
        """Bundles that may be installed."""
        return self.home / "updates"

    @property
    def update(self) -> Path:
        """The plan of the present or the last update."""
        return self.home / "update.json"

    @property
    def log(self) -> Path:
        """One log a process."""
        return self.home / "log"

    @property
    def backup(self) -> Path:
        """What is set and known of backups; where one is restored, and proved."""
        return self.home / "backup"

    @property
    def sign_ins(self) -> Path:
        """Names and random passwords of the sample company, 0600; gone once it is removed."""
        return self.home / "sign-ins"

    @property
    def first_boot(self) -> Path:
        """Set-up code and step of a box that is being set up for the first time, 0600; gone once it is."""
        return self.home / "first-boot"

    @property
    def test_call(self) -> Path:
        """What the present or the last test call says of its steps, a line of JSON each."""
        return self.home / "test-call"

    @property
    def sockets(self) -> tuple[Path, ...]:
        """Every unix socket of the box."""
        return (
            self.zeo_socket,
            self.door_socket,
            self.console_socket,
            self.web_socket,
            self.supervisor_socket,
            self.notify_socket,
            self.lines_socket,
            self.asterisk_run / "asterisk.ctl",
        )

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that exists, mode 0700, before the first process starts."""
        return (
            self.home,
            self.run,
            self.asterisk_run,
            self.store,
            self.spool,
            self.media,
            self.prompts,
            self.asterisk,
            self.tls,
            self.nginx,
            self.log,
            self.backup,
        )

    def environment(self) -> dict[str, str]:
        """Give the variables from which `places_of` makes these places again."""
        return {
            "SWITCHROOM_HOME": str(self.home),
            "SWITCHROOM_PORT": str(self.port),
            "SWITCHROOM_LISTEN": self.listen,
            "SWITCHROOM_CACHE": str(self.cache),
            **({"SWITCHROOM_PRIVILEGED": str(self.privileged)} if self.privileged != PRIVILEGED else {}),
            **({} if self.sample else {"SWITCHROOM_SAMPLE": "no"}),
        }


def places_of(environment: Mapping[str, str]) -> Places:
    """Read the places from an environment (pass `os.environ`); an empty variable counts as unset.

    Raises `PlacesError` if a value cannot be used.
    """
    user = Path(environment.get("HOME") or "~").expanduser()
    data = Path(environment.get("XDG_DATA_HOME") or user / ".local" / "share")
    cached = Path(environment.get("XDG_CACHE_HOME") or user / ".cache")
    places = Places(
        home=Path(environment.get("SWITCHROOM_HOME") or data / "switchroom").expanduser().absolute(),
        port=_port(environment.get("SWITCHROOM_PORT") or str(PORT)),
        listen=_listen(environment.get("SWITCHROOM_LISTEN") or LISTEN),
        cache=Path(environment.get("SWITCHROOM_CACHE") or cached / "switchroom").expanduser().absolute(),
        privileged=Path(environment.get("SWITCHROOM_PRIVILEGED") or PRIVILEGED).absolute(),
        sample=_yes(environment.get("SWITCHROOM_SAMPLE") or "yes"),
    )
    _check_home(places)
    return places


def _port(text: str) -> int:
    highest = 65_536 - PORTS_TAKEN
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= highest):
        told = said(
            "SWITCHROOM_PORT={text} is no port from 1 to {highest}: set one such as {port}.",
            text=repr(text),
            highest=highest,
            port=PORT,
        )
        raise PlacesError(told)
    return int(text)


def _yes(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise PlacesError(said("SWITCHROOM_SAMPLE={text} is neither yes nor no.", text=repr(text)))
    return text == "yes"


def _listen(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise PlacesError(
            said(
                "SWITCHROOM_LISTEN={text} is no IPv4 address: set one of this machine's, such as {listen}.",
                text=repr(text),
                listen=LISTEN,
            )
        ) from None


def _check_home(places: Places) -> None:
    home = str(places.home)
    if any(ord(letter) <= ord(" ") or letter in "\"';{}$#\\,=>|" or letter == "\x7f" for letter in home):
        raise PlacesError(
            said(
                "SWITCHROOM_HOME={home} has a space or a sign that configuration files cannot hold: "
                "choose a plain path.",
                home=repr(home),
            )
        )
    longest = max((str(path) for path in places.sockets), key=lambda path: len(path.encode()))
    excess = len(longest.encode()) - SOCKET_PATH_BYTES_MAX
    if excess > 0:
        raise PlacesError(
            said(
                "SWITCHROOM_HOME={home} is {excess} bytes too long for the sockets in it: choose a shorter path.",
                home=home,
                excess=excess,
            )
        )
