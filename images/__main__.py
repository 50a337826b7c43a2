"""`python3 -m images`: the disk image, the update bundle, their checksums and the list of what is in them."""

import hashlib
import os
import shutil
import sys
import time
from pathlib import Path

from drivers.asterisk.bundle import cache_folder
from images import sbom, stock, workshop
from images.asterisk.apt import AptError
from images.disk import bios
from images.disk import build as disk
from images.packages import asterisk, dahdi
from images.root import build as root

OUT = root.PROJECT / "build/image"
NAME = "switchroom-amd64"


def say(line: str) -> None:
    """Show progress."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def sums(folder: Path) -> None:
    """Write SHA256SUMS of what is in a folder, as `sha256sum` does."""
    lines = []
    for path in sorted(folder.iterdir()):
        if path.name != "SHA256SUMS":
            with path.open("rb") as file:
                lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines))


def make() -> None:
    """Make everything into build/image; raises the error of the step that failed."""
    began = time.monotonic()
    of = root.release()
    shop = workshop.ensure(say)
    debs = [dahdi.ensure(shop, say), asterisk.ensure(shop, say)]
    signed = disk.keys(shop, os.environ, say)
    work = stock.shelf() / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    say(f"Making the root file system of {of.version} ...")
    root.build(work / "root.tar", workshop=shop, debs=debs, certificate=signed.certificate, of=of, say=say)
    sbom.write(work / f"{NAME}.spdx.json", root_archive=work / "root.tar", project=root.PROJECT, of=of)
    say("Making slots, disk and bundle ...")
    free = disk.slot(work, shop, epoch=of.epoch)
    (work / "root.tar").unlink()
    disk.disk(work, NAME, shop, epoch=of.epoch)
    disk.bundle(work, NAME, shop, signed, version=of.version, epoch=of.epoch)
    disk.pack(work, NAME, shop)
    sums(work)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.parent.mkdir(exist_ok=True)
    shutil.move(work, OUT)
    for path in sorted(OUT.iterdir()):
        taken = path.stat().st_blocks * 512 / 1e6
        say(f"{path.name:32} {path.stat().st_size / 1e6:8.1f} MB, {taken:.1f} MB of disk")
    say(f"{free / 1e6:.0f} MB are free in a slot; all of it took {time.monotonic() - began:.0f} s")


def main() -> int:
    """Make the image; return the exit status."""
    if os.geteuid() != 0:
        say("make image makes a whole Debian and enters it by chroot: run it as root.")
        return 1
    if shutil.which("mmdebstrap") is None:
        say("mmdebstrap is missing: apt-get install mmdebstrap")
        return 1
    cache_folder().mkdir(parents=True, exist_ok=True)
    try:
        make()
    except (AptError, workshop.WorkshopError, bios.BiosError, OSError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
