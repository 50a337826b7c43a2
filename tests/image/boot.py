"""`make boot-test`: the image of `make image` is started in QEMU and tried as its user would.

It comes up without help, answers browsers and takes calls. It is given virtual wires, a PRI and analogue ones,
through its own settings and its root part, and at their other end is an exchange beside it (`far.py`): calls go through
the product both ways (`inside.py`). Then it takes no update in which one byte was flipped, takes the signed one, and
comes up again after its power was cut. As root. `FIRMWARE=efi` starts it by UEFI; `FOLDER=` says where the disk lies.
"""

import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from images import workshop
from images.__main__ import NAME, OUT
from images.asterisk.apt import AptError
from images.root.build import PROJECT
from images.workshop import Workshop, WorkshopError
from tests.contract.slots import slot
from tests.image import far
from tests.image.machine import Hardware, Machine, MachineError

UP_S = 900
READY_S = 1200
UPDATE_S = 2400
STORY_S = 900
PYTHON = "/opt/switchroom/.venv/bin/python"
INSIDE = ("tests/__init__.py", "tests/image/__init__.py", "tests/image/far.py", "tests/image/inside.py")
CALLS = ("analogue", "sip", "out", "line", "crowd")


def say(line: str) -> None:
    """Tell how it goes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def step(name: str, work: Callable[[], str]) -> None:
    """Do one step and tell what came of it and how long it took."""
    began = time.monotonic()
    found = work()
    say(f"{time.monotonic() - began:6.0f} s  {name}{': ' if found else ''}{found}")


def put(machine: Machine, path: str, text: str) -> None:
    """Write a file in the machine."""
    machine.run(f"mkdir -p {Path(path).parent}; cat >{path} <<'END_OF_FILE'\n{text}END_OF_FILE")


def up(machine: Machine) -> str:
    """Wait for its shell; raises `MachineError`."""
    machine.up(UP_S)
    return f"{machine.age_s:.0f} s after the start"


def ready(machine: Machine) -> str:
    """Wait until the box takes calls; raises `MachineError`."""
    machine.run(f"switchroom status --wait={READY_S} >/dev/null", limit_s=READY_S + 60)
    return f"{machine.age_s:.0f} s after the start"


def page(port: int) -> str:
    """Fetch the console's first page as a browser behind the box's network would; raises `OSError`."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it signed its own certificate a minute ago
    with urllib.request.urlopen(f"https://127.0.0.1:{port}/", context=context, timeout=120) as answer:
        return f"{answer.status}, {len(answer.read())} bytes"


def as_the_box(command: str) -> str:
    """Give the shell command that runs something as the box's own user, in its environment."""
    return (
        "set -a; . /usr/lib/switchroom/environment; set +a; cd /run/trial/py; "
        f"setpriv --reuid=switchroom --regid=switchroom --init-groups env HOME=/data/switchroom "
        f"PYTHONPATH=/run/trial/py:/opt/switchroom PYTHONDONTWRITEBYTECODE=1 {command}"
    )


def inside(machine: Machine, story: str) -> str:
    """Tell one story inside; raises `MachineError` with what it said."""
    return machine.run(as_the_box(f"{PYTHON} -m tests.image.inside {story}"), limit_s=STORY_S).partition(": ")[2]


def wires(machine: Machine) -> str:
    """Put two virtual wires in, with an exchange at their far ends, and wait until the box says that they are well."""
    for name in INSIDE:
        put(machine, f"/run/trial/py/{name}", (PROJECT / name).read_text())
    for name, text in far.FILES.items():
        put(machine, f"{far.HOME}/{name}", text)
    machine.run(f"chown -R switchroom: {far.HOME}")
    told = inside(machine, "company")
    machine.run(
        f"systemd-run --quiet --unit=far --uid=switchroom --gid=switchroom asterisk -f -C {far.HOME}/asterisk.conf"
    )
    inside(machine, "wires")
    return told


def slot_of(machine: Machine) -> str:
    """Say which slot runs."""
    return machine.run("sed -n 's/.*rauc\\.slot=\\([AB]\\).*/\\1/p' /proc/cmdline").strip()


def spoiled(machine: Machine) -> str:
    """Offer an update with one byte flipped; raises `MachineError` if it is taken."""
    machine.run("mkdir -p /run/updates; mount -o ro /dev/vdb /run/updates", limit_s=60)
    said = machine.run("rauc install /run/updates/spoiled.raucb 2>&1 && exit 1; true", limit_s=UPDATE_S)
    return next((line for line in reversed(said.splitlines()) if "rror" in line), "refused")[-120:]


def update(machine: Machine) -> str:
    """Install the signed update; raises `MachineError`."""
    machine.run("rauc install /run/updates/good.raucb", limit_s=UPDATE_S)
    return machine.run("grub-editenv /boot/efi/grub/grubenv list | tr '\\n' ' '")


def updates_disk(folder: Path, shop: Workshop) -> None:
    """Make the disk that carries the updates: the signed one, and one with a byte flipped in its middle."""
    bundle = OUT / f"{NAME}.raucb"
    files = folder / "updates"
    files.mkdir()
    shutil.copy(bundle, files / "good.raucb")
    with (files / "spoiled.raucb").open("wb") as file:
        content = bytearray(bundle.read_bytes())
        content[len(content) // 2] ^= 1
        file.write(content)
    script = 'truncate -s "$1" /mnt/box/updates.ext4; mke2fs -q -F -t ext4 -d /mnt/box/updates /mnt/box/updates.ext4'
    size = 2 * bundle.stat().st_size * 11 // 10 + (64 << 20)
    shop.work("The disk of updates", script, str(size), shared={"box": folder})
    shutil.rmtree(files)


def tell(shop: Workshop, folder: Path, port: int) -> None:
    """Tell the whole story; raises the error of the step that failed."""
    copy = shutil.which("cp") or "/usr/bin/cp"
    subprocess.run([copy, "--sparse=always", str(OUT / f"{NAME}.img"), str(folder / "box.img")], check=True)
    updates_disk(folder, shop)
    hardware = Hardware(firmware=os.environ.get("FIRMWARE", "bios"), disks=("updates.ext4",), console_port=port)
    with Machine(shop, folder, hardware) as machine:
        step("a shell", lambda: up(machine))
        step("the box takes calls", lambda: ready(machine))
        step("the console answers", lambda: page(port))
        step("wires", lambda: wires(machine))
        for story in CALLS:
            step(story, partial(inside, machine, story))
        step("a spoiled update is refused", lambda: spoiled(machine))
        before = slot_of(machine)
        step("an update", lambda: update(machine))
    with Machine(shop, folder, hardware) as machine:
        step("the power was cut, a shell", lambda: up(machine))
        step("the other slot", lambda: f"{before}, now {slot_of(machine)}")
        if slot_of(machine) == before:
            raise MachineError("the update was not started")
        step("the box takes calls", lambda: ready(machine))
        good = "for _ in $(seq 60); do rauc status | grep -q 'boot status: good' && exit 0; sleep 5; done; exit 1"
        step("it is marked good", lambda: machine.run(good, limit_s=600))
        step("its spans are there", lambda: machine.run("head -qn1 /proc/dahdi/1 /proc/dahdi/2 | tr '\\n' ';'"))


def main() -> int:
    """Run the story; return the exit status."""
    if not (OUT / f"{NAME}.img").exists():
        say("There is no image: make image")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="switchroom-boot-", dir=os.environ.get("FOLDER")))
    try:
        with slot() as port:
            tell(workshop.ensure(say), folder, port)
    except (AptError, WorkshopError, MachineError, OSError) as error:
        serial = folder / "serial.log"
        last = serial.read_text(errors="replace").splitlines()[-40:] if serial.exists() else []
        say("\n".join([*last, f"FAILED: {error}"]))
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say("boot-test: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
