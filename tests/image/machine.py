"""A machine in QEMU for as long as a test needs it: its image, its serial line, and a shell in it.

The image that is tried is the one that customers get. The shell comes from outside: QEMU hands systemd a credential
(systemd.system-credentials(7)) with one more unit, a shell on a port of virtio that no other machine has. TCG only:
/dev/kvm may be there and still not start a stock kernel.
"""

import base64
import contextlib
import itertools
import re
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from images.workshop import Workshop

PROBE = """\
[Unit]
Description=A shell for tests
DefaultDependencies=no
After=systemd-udevd.service
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/bash -c 'while [ ! -e /dev/virtio-ports/probe ]; do sleep 1; done; \
exec 3<>/dev/virtio-ports/probe; exec bash <&3 >&3 2>&1'
RestartSec=1s
Restart=always
"""
WANTED = "[Unit]\nWants=probe.service\n"
CREDENTIALS = {
    "systemd.extra-unit.probe.service": PROBE,
    "systemd.unit-dropin.sysinit.target~probe": WANTED,
}
POLL_S = 0.5


class MachineError(Exception):
    """The machine did not do what was asked of it in time; the message holds what it said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What a machine is made of."""

    firmware: str = "bios"
    "`bios` or `efi`."
    memory_mib: int = 1536
    disks: tuple[str, ...] = ()
    "Files in the machine's folder that are further disks, read only."
    console_port: int = 0
    "TCP port of the host's loopback that leads to the box's console; 0 for none."


def qemu(hardware: Hardware) -> list[str]:
    """Give QEMU's command inside the workshop, where the machine's folder is /mnt/box and its disk box.img in it."""
    drives = ["file=/mnt/box/box.img,if=virtio,format=raw,cache=unsafe"]
    drives += [f"file=/mnt/box/{disk},if=virtio,format=raw,readonly=on" for disk in hardware.disks]
    if hardware.firmware == "efi":
        drives.append("if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd")
        drives.append("if=pflash,format=raw,snapshot=on,file=/usr/share/OVMF/OVMF_VARS_4M.fd")
    forward = f",hostfwd=tcp:127.0.0.1:{hardware.console_port}-:443" if hardware.console_port else ""
    argv = [
        "qemu-system-x86_64", "-nodefaults", "-display", "none", "-accel", "tcg,thread=multi", "-cpu", "max",
        "-smp", "2", "-m", str(hardware.memory_mib), *(word for drive in drives for word in ("-drive", drive)),
        "-netdev", f"user,id=n0,restrict=on{forward}", "-device", "virtio-net-pci,netdev=n0",
        "-object", "rng-random,filename=/dev/urandom,id=r0", "-device", "virtio-rng-pci,rng=r0",
        "-serial", "file:/mnt/box/serial.log", "-device", "virtio-serial-pci",
        "-chardev", "socket,id=probe,path=/mnt/box/probe,server=on,wait=off",
        "-device", "virtserialport,chardev=probe,name=probe", "-monitor", "none",
    ]  # fmt: skip
    for name, text in CREDENTIALS.items():
        value = base64.b64encode(text.encode()).decode()
        argv += ["-smbios", f"type=11,value=io.systemd.credential.binary:{name}={value}"]
    return argv


class Machine:
    """A machine that runs while the context lasts; to leave it is to cut its power."""

    def __init__(self, shop: Workshop, folder: Path, hardware: Hardware) -> None:
        """Use a folder that holds box.img."""
        self._shop, self.folder, self._hardware = shop, folder, hardware
        self._mount = folder / "mount"
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        """Switch it on."""
        self._mount.mkdir(exist_ok=True)
        for name in ("probe", "serial.log"):
            (self.folder / name).unlink(missing_ok=True)
        argv = self._shop.argv(qemu(self._hardware), shared={"box": self.folder}, layer="", mount=self._mount)
        with (self.folder / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._began = time.monotonic()
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(POLL_S)
        return self

    def __exit__(self, *_: object) -> None:
        """Cut its power."""
        self._line.close()
        self._process.kill()  # unshare ends its child with itself
        self._process.wait()

    @property
    def age_s(self) -> float:
        """How long it has been on."""
        return time.monotonic() - self._began

    @property
    def serial(self) -> str:
        """What it wrote to its serial line."""
        path = self.folder / "serial.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def up(self, limit_s: float) -> None:
        """Wait until the shell answers; raises `MachineError`."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise MachineError(f"QEMU ended: {(self.folder / 'qemu.log').read_text(errors='replace')[-500:]}")
            try:
                self._line.connect(str(self.folder / "probe"))
                break
            except OSError:
                time.sleep(POLL_S)
        while time.monotonic() < deadline:
            with contextlib.suppress(MachineError):
                self.run("true", limit_s=10)
                return
        raise MachineError(f"no shell within {limit_s} s; it said last: {self.serial[-1500:]}")

    def run(self, script: str, *, limit_s: float = 120) -> str:
        """Run a script in its shell and give what it printed; raises `MachineError` if it fails or is not in time."""
        mark = f"<<{next(self._numbers)}>>"
        self._line.sendall(f"( {script}\n) </dev/null 2>&1; status=$?; echo; echo '{mark}' $status\n".encode())
        said, deadline = b"", time.monotonic() + limit_s
        while mark.encode() not in said or not said.endswith(b"\n"):
            if time.monotonic() > deadline:
                raise MachineError(f"{script!r} did not end within {limit_s} s: {said.decode(errors='replace')[-800:]}")
            with contextlib.suppress(TimeoutError):
                said += self._line.recv(65536)
        text, _, status = said.decode(errors="replace").rpartition(mark)
        text = re.sub(r"\n?<<\d+>> \d+\n", "", text).removesuffix("\n")
        if status.strip() != "0":
            raise MachineError(f"{script!r} ended with {status.strip()}: {text[-1500:]}")
        return text
