"""GRUB for a legacy BIOS, put into a disk image as `grub-bios-setup` would put it into a disk.

The first sector of the disk (boot.img) reads the first sector of GRUB's core (diskboot.img), which reads the rest by a
list of blocks. The places of both are those of GRUB's sources: `GRUB_BOOT_MACHINE_KERNEL_SECTOR`, `…_BOOT_DRIVE`,
`…_DRIVE_CHECK` and `…_LIST_SIZE` in include/grub/i386/pc/boot.h and util/setup.c.
"""

import struct

SECTOR = 512
KERNEL_SECTOR = 0x5C
BOOT_DRIVE = 0x64
DRIVE_CHECK = 0x66
CODE_BYTES = 440
"What of the first sector is code; behind it are the disk's signature and the table of partitions."

BLOCK_LIST = SECTOR - 12
LOADED_AT = 0x820
"The segment to which the second sector of the core is read."

BIOS_OWN_DRIVE = 0xFF
NOP_NOP = b"\x90\x90"
"In place of a jump that distrusts the drive that a BIOS names; right for every hard disk."


class BiosError(Exception):
    """GRUB's files are not what they should be; the message says how."""


def boot_code(boot: bytes, *, start: int) -> bytes:
    """Give the code of the disk's first sector, for a core that begins at sector `start`; raises `BiosError`."""
    if len(boot) != SECTOR:
        raise BiosError(f"boot.img has {len(boot)} bytes, not {SECTOR}")
    code = bytearray(boot)
    struct.pack_into("<Q", code, KERNEL_SECTOR, start)
    code[BOOT_DRIVE] = BIOS_OWN_DRIVE
    code[DRIVE_CHECK : DRIVE_CHECK + 2] = NOP_NOP
    return bytes(code[:CODE_BYTES])


def core(image: bytes, *, start: int, sectors_max: int) -> bytes:
    """Give the core as it lies on the disk from sector `start` on, with its list of blocks; raises `BiosError`."""
    padded = bytearray(image + bytes(-len(image) % SECTOR))
    sectors = len(padded) // SECTOR
    if not 1 < sectors <= sectors_max:
        raise BiosError(f"GRUB's core has {sectors} sectors, and its partition {sectors_max}")
    struct.pack_into("<QHH", padded, BLOCK_LIST, start + 1, sectors - 1, LOADED_AT)
    return bytes(padded)
