"""`make boot-test`: the image of `make image` is started in QEMU and tried as its user would.

It comes up without anybody's help, answers browsers, takes calls, finds two cross-connected virtual E1 spans, places a
call from one to the other with keys pressed, takes no update in which one byte was flipped, takes the signed one, and
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
from pathlib import Path

from images import workshop
from images.__main__ import NAME, OUT
from images.asterisk.apt import AptError
from images.workshop import Workshop, WorkshopError
from tests.contract.slots import slot
from tests.image.machine import Hardware, Machine, MachineError

UP_S = 900
READY_S = 1200
UPDATE_S = 2400
DIGITS = "4321"
SPANS = """\
loadzone=us
defaultzone=us
dynamic=loc,1:0,31,0
dynamic=loc,1:1,31,0
bchan=1-15,17-31
dchan=16
bchan=32-46,48-62
dchan=47
echocanceller=mg2,1-15,17-31
"""
EXCHANGE = {
    "asterisk.conf": "[directories]\nastetcdir => /run/trial\nastvarlibdir => /run/trial\nastdbdir => /run/trial\n"
    "astkeydir => /run/trial\nastdatadir => /usr/share/asterisk\nastspooldir => /run/trial\nastrundir => /run/trial\n"
    "astlogdir => /run/trial\nastcachedir => /run/trial\n",
    "modules.conf": "[modules]\nautoload = no\n"
    + "".join(
        f"load = {name}.so\n"
        for name in (
            "pbx_config", "chan_dahdi", "res_timing_dahdi", "codec_ulaw", "codec_alaw", "app_read", "app_senddtmf",
            "app_playtones", "bridge_simple", "app_originate", "func_db",
        )
    ),
    "chan_dahdi.conf": "[channels]\nswitchtype = euroisdn\nsignalling = pri_net\ncontext = called\ngroup = 1\n"
    "channel => 1-15,17-31\nsignalling = pri_cpe\ncontext = called\ngroup = 2\nchannel => 32-46,48-62\n",
    "extensions.conf": "[called]\nexten => _X.,1,Answer()\n same => n,Read(pressed,,4,,1,30)\n"
    " same => n,Set(DB(trial/${EXTEN})=${pressed})\n same => n,Hangup()\n"
    f"[calling]\nexten => s,1,Wait(1)\n same => n,SendDTMF({DIGITS},120,120)\n same => n,Wait(20)\n",
    "manager.conf": "[general]\nenabled = no\n",
    "logger.conf": "[logfiles]\nmessages => notice,warning,error\n",
    "cdr.conf": "[general]\nenable = no\n",
    "cel.conf": "[general]\nenable = no\n",
    "indications.conf": "[general]\ncountry = us\n[us]\ndescription = US\nring = 440+480/2000,0/4000\n",
}  # fmt: skip
"An exchange beside the product's own, with cards alone."


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


def spans(machine: Machine) -> str:
    """Set up two spans; give what the kernel says of them."""
    put(machine, "/data/dahdi/system.conf", SPANS)
    machine.run("systemctl restart dahdi.service", limit_s=300)
    return machine.run("head -qn1 /proc/dahdi/1 /proc/dahdi/2 | tr '\\n' ';'")


def call(machine: Machine) -> str:
    """Call from one span to the other and press keys; raises `MachineError` unless they are understood."""
    for name, text in EXCHANGE.items():
        put(machine, f"/run/trial/{name}", text)
    machine.run("systemd-run --quiet --unit=trial asterisk -f -C /run/trial/asterisk.conf")
    asked = "asterisk -C /run/trial/asterisk.conf -rx"
    wait = "for _ in $(seq 150); do {test} && exit 0; sleep 2; done; {asked} '{show}'; exit 1"
    up = f"[ \"$({asked} 'pri show spans' | grep -c 'Up, Active')\" = 2 ]"
    machine.run(wait.format(test=up, asked=asked, show="pri show spans"), limit_s=600)
    machine.run(f"{asked} 'channel originate DAHDI/g1/8001 extension s@calling'")
    heard = f"{asked} 'database get trial 8001' | grep -q 'Value: {DIGITS}'"
    machine.run(wait.format(test=heard, asked=asked, show="core show channels"), limit_s=600)
    machine.run("systemctl stop trial")
    return f"{DIGITS} was pressed and understood"


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
        step("two E1 spans", lambda: spans(machine))
        step("a call over PRI", lambda: call(machine))
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
