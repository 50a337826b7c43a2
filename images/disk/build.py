"""Makes the disk image and the update bundle out of the archive of the root: the same inputs give the same disk."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from images import stock
from images.disk import bios, layout
from images.workshop import Workshop

MODULES_OF_GRUB = (
    "part_gpt", "fat", "ext2", "normal", "linux", "loadenv", "test", "echo", "serial", "terminal", "configfile",
    "regexp", "search", "sleep", "reboot", "true",
)  # fmt: skip
ONLY_EFI = ("all_video", "efi_gop")
ONLY_BIOS = ("biosdisk", "vga_text")

SLOT = r"""
mib="$1"; id="$2"
truncate -s "${mib}M" /mnt/out/slot.ext4
mke2fs -q -F -t ext4 -O ^metadata_csum_seed,^orphan_file -m 0 -U "$id" \
    -E "hash_seed=$id,nodiscard,lazy_itable_init=1,root_owner=0:0" -d /mnt/out/root.tar /mnt/out/slot.ext4
e2fsck -fn /mnt/out/slot.ext4 >/dev/null
dumpe2fs -h /mnt/out/slot.ext4 2>/dev/null | sed -n 's/^Free blocks: *//p'
"""

DATA = r"""
mib="$1"; id="$2"
mkdir -p /data/switchroom /data/log /data/rauc /data/dahdi
chmod 700 /data/switchroom
find /data -exec touch --date="@$SOURCE_DATE_EPOCH" {} +
chown 900:900 /data/switchroom /data/dahdi
truncate -s "${mib}M" /mnt/out/data.ext4
mke2fs -q -F -t ext4 -O ^metadata_csum_seed,^orphan_file -m 1 -U "$id" \
    -E "hash_seed=$id,nodiscard,lazy_itable_init=1,root_owner=0:0" -d /data /mnt/out/data.ext4
"""

ESP = r"""
mib="$1"; serial="$2"; efi_modules="$3"; bios_modules="$4"
cd /mnt/out
grub-mkimage -O x86_64-efi -p /grub -o BOOTX64.EFI $efi_modules
grub-mkimage -O i386-pc -p '(,gpt2)/grub' -o core.img $bios_modules
cp /usr/lib/grub/i386-pc/boot.img .
grub-editenv grubenv create
grub-editenv grubenv set 'ORDER=A B' A_OK=1 A_TRY=0 B_OK=0 B_TRY=0
touch --date="@$SOURCE_DATE_EPOCH" BOOTX64.EFI grub.cfg grubenv
truncate -s "${mib}M" esp.fat
mkfs.vfat --invariant -F 32 -i "$serial" -n ESP esp.fat >/dev/null
mmd -i esp.fat ::EFI ::EFI/BOOT ::grub
mcopy -m -i esp.fat BOOTX64.EFI ::EFI/BOOT/
mcopy -m -i esp.fat grub.cfg grubenv ::grub/
"""

DISK = r"""
name="$1"; mib="$2"; esp="$3"; root="$4"; data="$5"; shift 5
cd /mnt/out
truncate -s "${mib}M" "$name.img"
sgdisk "$@" "$name.img" >/dev/null
put() { dd if="$1" of="$name.img" bs=1M seek="$(($2 / 2048))" conv=notrunc,sparse status=none; }
put esp.fat "$esp"
put slot.ext4 "$root"
put data.ext4 "$data"
sgdisk --verify "$name.img" | grep -q '^No problems found' || { sgdisk --verify "$name.img" >&2; exit 1; }
"""

PACK = r"""
name="$1"
cd /mnt/out
bmaptool -q create "$name.img" >"$name.bmap"
zstd -q -f -T0 -9 "$name.img" -o "$name.img.zst"
"""

BUNDLE = r"""
name="$1"; version="$2"
mkdir /bundle
mv /mnt/out/slot.ext4 /bundle/rootfs.ext4
cat >/bundle/manifest.raucm <<MANIFEST
[update]
compatible=switchroom-amd64
version=$version

[bundle]
format=verity

[image.rootfs]
filename=rootfs.ext4
MANIFEST
touch --date="@$SOURCE_DATE_EPOCH" /bundle/*
rm -f "/mnt/out/$name.raucb"
rauc --cert=/mnt/keys/certificate.pem --key=/mnt/keys/key.pem \
    --mksquashfs-args="-comp zstd -Xcompression-level 6 -all-root -reproducible" \
    bundle /bundle "/mnt/out/$name.raucb" >/dev/null
rauc --keyring=/mnt/keys/certificate.pem info "/mnt/out/$name.raucb" >/dev/null
"""

KEYS = r"""
openssl req -x509 -newkey rsa:3072 -nodes -keyout /mnt/out/key.pem -out /mnt/out/certificate.pem -days 3650 \
    -subj "/O=Switchroom/CN=updates made by this machine" 2>/dev/null
chmod 600 /mnt/out/key.pem
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What signs an update, in one folder: key.pem and certificate.pem, which boxes trust."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """The certificate that goes into the image."""
        return self.folder / "certificate.pem"


def keys(workshop: Workshop, environment: Mapping[str, str], say: stock.Say) -> Keys:
    """Give the keys in `SWITCHROOM_SIGNING`, a folder; without it a pair of this machine's own, made once."""
    if given := environment.get("SWITCHROOM_SIGNING"):
        return Keys(folder=Path(given).absolute())

    def make(folder: Path) -> None:
        workshop.work("The keys for updates", KEYS, shared={"out": folder})

    return Keys(folder=stock.kept("signing", stock.digest(["signing", KEYS]), make, say))


def slot(work: Path, workshop: Workshop, *, epoch: int) -> int:
    """Make slot.ext4 of root.tar in a folder; give the bytes that are free in it. Raises `WorkshopError`."""
    root = next(partition for partition in layout.PARTITIONS if partition.label == "rootA")
    said = workshop.work("The slot", SLOT, str(root.mib), layout.ROOT_FILE_SYSTEM, shared={"out": work}, epoch=epoch)
    return int(said) * 4096


def disk(work: Path, name: str, workshop: Workshop, *, epoch: int) -> Path:
    """Make the disk image of slot.ext4 in a folder; raises `WorkshopError` or `BiosError`."""
    shared = {"out": work}
    size = {partition.label: partition.mib for partition in layout.PARTITIONS}
    first = layout.first_sectors()
    (work / "grub.cfg").write_bytes((Path(__file__).parent / "grub.cfg").read_bytes())
    efi, pc = (" ".join((*MODULES_OF_GRUB, *only)) for only in (ONLY_EFI, ONLY_BIOS))
    workshop.work(
        "GRUB's partition", ESP, str(size["esp"]), layout.ESP_FILE_SYSTEM, efi, pc, shared=shared, epoch=epoch
    )
    workshop.work("The data partition", DATA, str(size["data"]), layout.DATA_FILE_SYSTEM, shared=shared, epoch=epoch)
    places = (str(first[label]) for label in ("esp", "rootA", "data"))
    arguments = (name, str(layout.disk_mib()), *places, *layout.sgdisk_arguments())
    workshop.work("The disk", DISK, *arguments, shared=shared, epoch=epoch)
    target = work / f"{name}.img"
    start = first["bios"]
    boot = bios.boot_code((work / "boot.img").read_bytes(), start=start)
    sectors_max = size["bios"] * layout.MIB // layout.SECTOR
    core = bios.core((work / "core.img").read_bytes(), start=start, sectors_max=sectors_max)
    with target.open("r+b") as file:
        os.pwrite(file.fileno(), boot, 0)
        os.pwrite(file.fileno(), core, start * layout.SECTOR)
    for part in ("BOOTX64.EFI", "boot.img", "core.img", "data.ext4", "esp.fat", "grub.cfg", "grubenv"):
        (work / part).unlink()
    return target


def bundle(work: Path, name: str, workshop: Workshop, signed: Keys, *, version: str, epoch: int) -> Path:
    """Make the signed bundle out of slot.ext4 in a folder, which it uses up; raises `WorkshopError`."""
    layer = work / "bundle-layer"
    shared = {"out": work, "keys": signed.folder}
    workshop.work("The bundle", BUNDLE, name, version, shared=shared, epoch=epoch, large=layer)
    return work / f"{name}.raucb"


def pack(work: Path, name: str, workshop: Workshop) -> None:
    """Write the map of blocks and the compressed form of an image beside it."""
    workshop.work("The compressed image", PACK, name, shared={"out": work})
