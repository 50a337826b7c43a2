"""The root part in a folder of its own, over a machine whose programs only write down what they are told.

`python -m tests.boot.root_part FOLDER CONFIRM_S` serves at `FOLDER/ask.sock` until it is killed. What each program of
the system was told stands in `FOLDER/told`, a line a call; a file `FOLDER/refuse.NAME` makes that program refuse. A
real nft is used where `SWITCHROOM_TEST_NFT` names one.
"""

import asyncio
import contextlib
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from appliance import root_work
from boot.cards import CardFiles
from boot.firewall import Doors
from boot.kept import Kept
from boot.machine import Machine, Tools
from boot.privileged import Root, serve

PROJECT = Path(__file__).resolve().parents[2]
DOORS = Doors(web=8443, sip=5060, media=((6000, 6009), (7000, 7009)))
PROGRAMS = (
    "nft", "networkctl", "hostnamectl", "timedatectl", "chronyc", "systemctl", "rauc", "dahdi_cfg", "journalctl",
)  # fmt: skip
PROGRAM = """#!/bin/sh
folder={folder}
echo "{name} $*" >> "$folder/told"
[ "{name}" = rauc ] && [ "$*" = "status --detailed --output-format=json" ] && cat "$folder/slots.json" 2>/dev/null
[ "{name}" = journalctl ] && tail -n 6 "$folder/journal"
[ "{name} $*" = "systemctl restart dahdi.service" ] && {{ {taking} "$folder" 2>"$folder/journal" || exit 1; }}
[ -e "$folder/refuse.{name}" ] && {{ echo "{name} will not" >&2; exit 3; }}
exit 0
"""
TAKING = f"{sys.executable} -S -E {PROJECT / 'tests/boot/taking.py'}"
"In the place of `dahdi.service`."
WAIT_S = 20.0


def machine_in(folder: Path) -> Machine:
    """Make a machine whose programs write down what they are told."""
    programs = folder / "programs"
    programs.mkdir(parents=True, exist_ok=True)
    for name in PROGRAMS:
        path = programs / name
        if not path.exists():
            path.write_text(PROGRAM.format(folder=folder, name=name, taking=TAKING))
            path.chmod(0o755)
    paths = {name: str(programs / name) for name in PROGRAMS}
    paths["nft"] = os.environ.get("SWITCHROOM_TEST_NFT") or paths["nft"]
    zones = folder / "zones/Asia"
    zones.mkdir(parents=True, exist_ok=True)
    (zones / "Shanghai").touch()
    return Machine(
        doors=DOORS,
        networkd=folder / "networkd",
        chrony=folder / "chrony",
        updates=folder / "updates",
        zones=folder / "zones",
        tools=Tools(**paths),
    )


def cards_in(folder: Path) -> CardFiles:
    """Give the place of what the drivers of cards read."""
    (folder / "dahdi").mkdir(parents=True, exist_ok=True)
    return CardFiles(folder=folder / "dahdi")


def kept_in(folder: Path) -> Kept:
    """Give the places of its settings."""
    for name in ("kept", "volatile", "updates"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return Kept(folder=folder / "kept", volatile=folder / "volatile")


class RootPart:
    """A root part that runs, is killed, and runs again."""

    def __init__(self, folder: Path, *, confirm_s: float = 60.0, **environment: str) -> None:
        """Take a folder; nothing runs before `start`."""
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self._confirm_s = confirm_s
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it can be asked."""
        with (self.folder / "audit").open("a") as audit:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.boot.root_part", str(self.folder), str(self._confirm_s)],
                cwd=PROJECT,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=audit,
                text=True,
            )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "asked at ask.sock\n"
        end = time.monotonic() + WAIT_S
        while True:
            with contextlib.suppress(root_work.RootAwayError):
                self.ask(root_work.Look())
                return
            assert time.monotonic() < end

    def ask(self, question: root_work.AnyQuestion) -> root_work.Answer:
        """Ask it."""
        return root_work.ask(self.folder / "ask.sock", question, timeout_s=WAIT_S)

    def kill(self) -> None:
        """Kill it, as nothing else can be worse."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    @property
    def told(self) -> list[str]:
        """What the machine's programs were told so far."""
        path = self.folder / "told"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def audit(self) -> str:
        """What it wrote of itself."""
        return (self.folder / "audit").read_text()


@contextlib.contextmanager
def root_part(folder: Path, *, confirm_s: float = 60.0, **environment: str) -> Iterator[RootPart]:
    """Give a root part that runs; it is killed afterwards."""
    part = RootPart(folder, confirm_s=confirm_s, **environment)
    try:
        part.start()
        yield part
    finally:
        part.kill()


def main(folder: Path, confirm_s: float) -> None:
    """Serve."""
    sys.stdout.write("asked at ask.sock\n")
    sys.stdout.flush()
    root = Root(kept_in(folder), machine_in(folder), cards_in(folder), confirm_s=confirm_s)
    asyncio.run(serve(folder / "ask.sock", root, pwd.getpwuid(os.geteuid())))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
