"""A disk of a test's own that can be filled, and one whose writes fail.

The ZEO process gets a small tmpfs in a mount namespace of its own, so that the kernel itself says ENOSPC; a test
fills it and makes room through /proc/<pid>/root. EIO comes from strace, which has the kernel refuse the system calls of
the running process on that file system (as RELIABILITY.md says): device-mapper's error target, which would be a
device, cannot be had without /dev/mapper.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from appliance.store.knock import answers
from tests.store.stand import DEADLINE_S, until

SIZE_BYTES = 8 << 20
FILES = 2_000
WRITES = "write,pwrite64,writev,fsync,fdatasync"
JOURNALS = ("journal.fs", "people.fs", "configuration.fs")


def _opened(pid: int) -> set[Path]:
    """List what a process has open, by the names that strace, too, sees from here."""
    found: set[Path] = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(entry.readlink())
    return found


class SmallDisk:
    """A ZEO process on a small disk."""

    def __init__(self, folder: Path, socket: Path) -> None:
        """Choose the places; nothing is started."""
        self.folder, self.socket = folder, socket
        folder.mkdir(parents=True, exist_ok=True)
        self.process: subprocess.Popen[bytes] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._failing: subprocess.Popen[bytes] | None = None

    @property
    def inside(self) -> Path:
        """The folder as it is on that disk."""
        assert self._keeper is not None
        return Path(f"/proc/{self._keeper.pid}/root{self.folder}")

    def mount(self) -> None:
        """Make the disk; it is there until `close`."""
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        options = f"size={SIZE_BYTES},nr_inodes={FILES}"
        script = f"mount -t tmpfs -o {options} tmpfs '{self.folder}' && echo mounted && exec cat"
        argv = ["unshare", *user, "--mount", "sh", "-c", script]
        self._keeper = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._keeper.stdout is not None
        if self._keeper.stdout.readline() != b"mounted\n":
            self.close()
            raise AssertionError("no disk could be made")

    def start(self) -> None:
        """Start the process on it, and wait until it answers."""
        self.launch()
        until(lambda: answers(self.socket), "the ZEO process answers")

    def launch(self) -> None:
        """Start the process on it."""
        assert self._keeper is not None
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        argv = [
            *("nsenter", "--target", str(self._keeper.pid), "--mount", "--root", *user, f"--wdns={Path.cwd()}"),
            *(sys.executable, "-m", "appliance.store.server"),
            *("--folder", str(self.folder), "--socket", str(self.socket)),
        ]
        self.process = subprocess.Popen(argv)

    def ended(self) -> int:
        """Wait for the process's end; gives its exit code."""
        assert self.process is not None
        return self.process.wait(DEADLINE_S)

    def kill(self) -> None:
        """End the process as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def fill(self, *, leave: int = 0) -> None:
        """Leave so many bytes of room, and what is free of the pages that files have already."""
        with (self.inside / "filler").open("ab", 0) as filler:
            free = os.statvfs(self.inside)
            filler.write(b"x" * max(0, free.f_bavail * free.f_frsize - leave))
            assert os.statvfs(self.inside).f_bavail * free.f_frsize <= leave

    def make_room(self) -> None:
        """Take away what filled it."""
        (self.inside / "filler").unlink()

    def fail(self, calls: str = WRITES) -> None:
        """Have the process's system calls on the journal's files fail from now on."""
        assert self.process is not None
        paths = [part for path in _opened(self.process.pid) if path.name in JOURNALS for part in ("-P", str(path))]
        assert paths, "the process has no journal open"
        argv = ["strace", "-f", "-q", "-o", "/dev/null", "-e", f"inject={calls}:error=EIO", *paths]
        self._failing = subprocess.Popen(
            [*argv, "-e", f"trace={calls}", "-p", str(self.process.pid)], stderr=subprocess.DEVNULL
        )
        status = Path(f"/proc/{self.process.pid}/status")
        until(lambda: f"TracerPid:\t{self._failing.pid}\n" in status.read_text(), "strace holds the process")  # type: ignore[union-attr]  # it was just started

    def heal(self) -> None:
        """Let them succeed again."""
        if self._failing is not None:
            self._failing.send_signal(signal.SIGINT)
            self._failing.wait(DEADLINE_S)
            self._failing = None

    def close(self) -> None:
        """End everything; the disk goes with it."""
        self.heal()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(DEADLINE_S)
        if self._keeper is not None:
            self._keeper.kill()
            self._keeper.communicate()
