"""The units that the box's table of programs gives: walled in, and they really start under systemd."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.places import places_of
from boot.processes import table
from boot.units.render import Site, command, folders, quoted, units
from boot.units.walls import WALLS
from drivers.asterisk.bundle import current_bundle
from tests.image.contained import HOME, PROJECT

SITE = Site(python=Path("/opt/switchroom/.venv/bin/python"), project=Path("/opt/switchroom"))
MAKERS = "/home/maker/bin"
"On the path of whoever makes the units; nothing of it belongs into them."
OWN_MAX, ASTERISK_MAX = 1.5, 2.0
START_S = 120.0
HIDDEN = ("/home", "/root", "/run", "/tmp", "/var/tmp")  # noqa: S108  nothing is written there
"Folders that a unit does not see, or has as its own."
PARTS = ("machine", "privileged", "lay-out", "update", "zeo", "daemon", "lines", "asterisk", "web", "nginx")


def within_a_changed_root() -> bool:
    """Tell whether what we see as `/` is a folder of somebody's file system (proc_pid_mountinfo(5): fields 4 and 5)."""
    mounts = (line.split()[3:5] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return ["/", "/"] not in mounts


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Give the units of a box, made by somebody with a path of their own."""
    places = places_of({"SWITCHROOM_HOME": "/data/switchroom", "SWITCHROOM_PORT": "5055", "HOME": "/root"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", MAKERS, prepend=os.pathsep)
        return dict(units(table(places, current_bundle()), places, SITE))


def test_every_program_of_the_table_has_a_unit_and_walls(texts: dict[str, str]) -> None:
    """Laptop and box cannot drift: the units are made of the table, and so is what they need."""
    assert set(texts) == {"switchroom.target", *(f"switchroom-{part}.service" for part in PARTS)}
    assert set(WALLS) == set(PARTS) - {"machine"}
    for name, text in texts.items():
        assert MAKERS not in text, name
    daemon = texts["switchroom-daemon.service"]
    for line in (
        "Type=notify", "WatchdogSec=2", "WatchdogSignal=SIGKILL", "Restart=always", "RestartSec=100ms",
        "StartLimitIntervalSec=0", "After=switchroom-lay-out.service switchroom-zeo.service",
    ):  # fmt: skip
        assert line in daemon
    for text in texts.values():
        assert "BindsTo=" not in text
    places = places_of({"SWITCHROOM_HOME": "/data/switchroom"})
    needed = folders(table(places, current_bundle()), places, SITE)
    assert "d /data/system 0700 root root -\n" in needed
    assert "f /data/switchroom/log/nginx.log 0600 switchroom switchroom -\n" in needed


@pytest.mark.parametrize("part", PARTS)
def test_the_walls_are_high_enough(texts: dict[str, str], tmp_path: Path, part: str) -> None:
    """As systemd itself judges: at most 1.5 for ours, 2.0 for Asterisk."""
    unit = tmp_path / f"switchroom-{part}.service"
    unit.write_text(texts[unit.name])
    argv = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found is not None, said
    assert float(found[1]) <= (ASTERISK_MAX if part == "asterisk" else OWN_MAX), said


def test_nothing_is_expanded_in_a_command() -> None:
    """What an argument holds is what the program gets (systemd.service(5), "Command lines")."""
    assert command(("/bin/x", "a b", '"', "$HOME", "%n", "\\")) == '/bin/x "a b" "\\"" "$$HOME" "%%n" "\\\\"'
    with pytest.raises(ValueError, match="control"):
        quoted("a\nExecStart=/bin/sh")


class Contained:
    """systemd with the box's units, in namespaces of its own."""

    def __init__(self, folder: Path) -> None:
        """Boot it."""
        assert Path("/usr/sbin/nft").exists(), "apt-get install nftables"
        self._outer = subprocess.Popen(
            ["/usr/bin/unshare", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--net", "--fork", "--kill-child",
             sys.executable, "-m", "tests.image.contained", str(folder), str(current_bundle().path)],
            cwd=PROJECT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self._first = 0

    def run(self, *argv: str) -> str:
        """Run a program in it; what it printed."""
        if not self._first:
            children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text().split()
            self._first = int(children[0]) if children else 0
        into = ["/usr/bin/nsenter", "-t", str(self._first), "-m", "-p", "-u", "-i", "-C", "-n"]
        done = subprocess.run([*into, *argv], capture_output=True, text=True, check=False, timeout=60)
        return done.stdout

    def shown(self, part: str) -> dict[str, str]:
        """Tell how a unit is."""
        said = self.run(
            "systemctl", "show", f"switchroom-{part}.service", "--property=ActiveState,SubState,MainPID,NRestarts"
        )
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    def page(self) -> str:
        """Ask for the console's first page; the status."""
        return self.run("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "https://127.0.0.1:5055/sign-in")

    def until(self, what: str, within_s: float = START_S) -> float:
        """Wait until every part runs and the page answers; seconds."""
        began = time.monotonic()
        while True:
            seen = {part: self.shown(part).get("SubState", "") for part in PARTS}
            page = self.page()
            if page == "200" and set(seen.values()) <= {"running", "exited"}:
                return time.monotonic() - began
            assert time.monotonic() < began + within_s, (what, seen, page, self.logs())

    def logs(self) -> str:
        """Give the ends of all logs."""
        return self.run("sh", "-c", f"tail -n 4 {HOME}/log/*.log")

    def close(self) -> None:
        """End all of it: with its first process every other dies."""
        self._outer.kill()
        self._outer.wait()


@pytest.fixture
def contained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contained]:
    """Give a booted one."""
    box = Contained(tmp_path_factory.mktemp("contained"))
    try:
        yield box
    finally:
        box.close()


@pytest.mark.image
@pytest.mark.slow
@pytest.mark.skipif(within_a_changed_root(), reason="systemd's file system is laid over a whole one, not over a folder")
@pytest.mark.skipif(any(map(PROJECT.is_relative_to, HIDDEN)), reason="no unit sees a project that lies there")
@pytest.mark.skipif(
    "UNITS_START" not in os.environ, reason="part of `make soak`: it does not come up on every file system"
)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can put a file system over another and be systemd's parent")
def test_they_really_start_and_come_back(contained: Contained) -> None:
    """Within their walls; a daemon that is killed or hangs comes back; programs of strangers cannot see root's door."""
    took = contained.until("start")
    sys.stdout.write(f"all units up after {took:.1f} s\n")
    before = contained.shown("daemon")
    contained.run("kill", "-KILL", before["MainPID"])
    contained.until("killed")
    after = contained.shown("daemon")
    assert after["MainPID"] != before["MainPID"]
    contained.run("kill", "-STOP", after["MainPID"])
    began = time.monotonic()
    while contained.shown("daemon")["MainPID"] == after["MainPID"]:
        assert time.monotonic() < began + START_S, "a hung daemon is killed"
    contained.until("hung")
    assert "table inet switchroom" in contained.run("/usr/sbin/nft", "list", "ruleset")
    code = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/switchroom/privileged.sock'); print('in')"
    for part, told in (("daemon", "in\n"), ("web", ""), ("nginx", ""), ("asterisk", ""), ("zeo", "")):
        pid = contained.shown(part)["MainPID"]
        inside = ("nsenter", "-t", pid, "-m", "setpriv", "--reuid=900", "--regid=900", "--clear-groups")
        assert contained.run(*inside, sys.executable, "-S", "-c", code) == told, part
    asking = (
        "from pathlib import Path; import msgspec; from appliance import root_work as words;"
        "answer = words.ask(Path('/run/switchroom/privileged.sock'), words.Look());"
        "print(msgspec.json.encode(answer).decode())"
    )
    seen = json.loads(contained.run("sh", "-c", f'cd {PROJECT} && {sys.executable} -c "{asking}"'))
    assert seen["seen"]["network"]["host"] == "switchroom"
