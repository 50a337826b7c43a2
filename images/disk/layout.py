"""How the disk is divided. Sizes are part of the product: an update must fit into the slots of the first image."""

from dataclasses import dataclass

MIB = 1 << 20
SECTOR = 512
ALIGN_SECTORS = 2048

DISK_ID = "5c1d7f8e-5a0e-4f5c-9d3c-53776974636a"
ROOT_FILE_SYSTEM = "5c1d7f8e-5a0e-4f5c-9d3c-53776974726f"
DATA_FILE_SYSTEM = "5c1d7f8e-5a0e-4f5c-9d3c-537769746461"
ESP_FILE_SYSTEM = "53574352"
"A FAT's serial number, in hexadecimal."


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition of the disk."""

    number: int
    label: str
    kind: str
    "sgdisk's code of its type (sgdisk(8), `-L`)."
    mib: int


PARTITIONS = (
    Partition(number=1, label="bios", kind="ef02", mib=1),
    Partition(number=2, label="esp", kind="ef00", mib=64),
    Partition(number=3, label="rootA", kind="8304", mib=1536),
    Partition(number=4, label="rootB", kind="8304", mib=1536),
    Partition(number=5, label="data", kind="8300", mib=256),
)


def first_sectors() -> dict[str, int]:
    """Say at which sector each partition begins."""
    found: dict[str, int] = {}
    sector = ALIGN_SECTORS
    for partition in PARTITIONS:
        found[partition.label] = sector
        sector += partition.mib * MIB // SECTOR
    return found


def disk_mib() -> int:
    """Say how large the disk is: the table, the partitions, and the table's copy at the end."""
    return sum(partition.mib for partition in PARTITIONS) + 2


def sgdisk_arguments() -> list[str]:
    """Give the arguments by which sgdisk writes the table, every id of it fixed."""
    arguments = [f"--disk-guid={DISK_ID}"]
    for partition in PARTITIONS:
        number = partition.number
        first = first_sectors()[partition.label]
        last = first + partition.mib * MIB // SECTOR - 1
        arguments += [
            f"--new={number}:{first}:{last}", f"--typecode={number}:{partition.kind}",
            f"--change-name={number}:{partition.label}", f"--partition-guid={number}:{DISK_ID[:-1]}{number}",
        ]  # fmt: skip
    return arguments
