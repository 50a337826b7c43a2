"""The parts of an image that are made without a Debian: table, BIOS, archive, list, stock."""

import json
import struct
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images import sbom, stock
from images.disk import bios, layout
from images.disk.bios import BiosError
from images.root import build, recipe

LOCK = """\
msgspec==0.20.0 \\
    --hash=sha256:ab
zope-interface[test]==8.1 ; python_version >= "3.13" \\
    --hash=sha256:cd
"""
STATUS = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.41-12+deb13u1
Description: GNU C Library
 A line: with a colon

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

"""
OF = build.Release(version="0.1.0-abcdef12", epoch=1_790_000_000)


def test_the_partitions_follow_each_other_on_whole_mebibytes() -> None:
    """None overlaps, none lies beyond the disk, and both slots are of one size."""
    first = layout.first_sectors()
    end = layout.ALIGN_SECTORS
    for partition in layout.PARTITIONS:
        assert first[partition.label] == end
        assert first[partition.label] * layout.SECTOR % layout.MIB == 0
        end += partition.mib * layout.MIB // layout.SECTOR
    assert end * layout.SECTOR + layout.MIB <= layout.disk_mib() * layout.MIB
    sizes = {partition.label: partition.mib for partition in layout.PARTITIONS}
    assert sizes["rootA"] == sizes["rootB"]


def test_every_id_of_the_table_is_given() -> None:
    """What sgdisk would draw by lot is said, so that the same disk comes out."""
    arguments = layout.sgdisk_arguments()
    ids = [argument.rpartition(":")[2] for argument in arguments if argument.startswith("--partition-guid")]
    assert arguments[0] == f"--disk-guid={layout.DISK_ID}"
    assert len(set(ids)) == len(layout.PARTITIONS)
    assert layout.DISK_ID not in ids


@given(st.binary(min_size=513, max_size=5000), st.integers(min_value=34, max_value=2**40))
def test_grub_finds_its_core(image: bytes, start: int) -> None:
    """The first sector names the core's first; that one names the rest, each sector of it; nothing else changes."""
    boot = bios.boot_code(bytes(512), start=start)
    assert len(boot) == 440
    assert struct.unpack_from("<Q", boot, 0x5C) == (start,)
    core = bios.core(image, start=start, sectors_max=2048)
    assert len(core) % 512 == 0
    assert struct.unpack_from("<QHH", core, 500) == (start + 1, len(core) // 512 - 1, 0x820)
    assert core[:500] == image[:500]
    assert core[512 : len(image)] == image[512:]


def test_a_grub_that_does_not_fit_is_refused() -> None:
    """A core larger than its partition, one that is a sector alone, and a boot.img that is none."""
    for image, most in ((bytes(512 * 9), 8), (bytes(512), 8), (b"", 8)):
        with pytest.raises(BiosError, match="GRUB's core has"):
            bios.core(image, start=34, sectors_max=most)
    with pytest.raises(BiosError, match=r"boot\.img has 3 bytes"):
        bios.boot_code(b"abc", start=34)


def test_the_same_files_give_the_same_archive(tmp_path: Path) -> None:
    """Order, owner, time and mode are said; a folder comes once, before what is in it."""
    for name, mode in (("b", 0o700), ("a", 0o664)):
        (tmp_path / name).write_text(name)
        (tmp_path / name).chmod(mode)
    files = [("opt/x/b", tmp_path / "b"), ("opt/a", tmp_path / "a")]
    for target, order in (("one.tar", files), ("two.tar", files[::-1])):
        build.archive(tmp_path / target, order, {"opt/x/run": "#!/bin/sh\n"}, epoch=7, links={"opt/x/root": "/"})
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as tar:
        found = {entry.name: (entry.mode, entry.uid, entry.mtime, entry.linkname) for entry in tar}
    assert list(found) == ["opt", "opt/a", "opt/x", "opt/x/b", "opt/x/root", "opt/x/run"]
    assert found["opt/a"] == (0o644, 0, 7, "")
    assert found["opt/x/b"][0] == found["opt/x/run"][0] == 0o755
    assert found["opt/x/root"][3] == "/"


def test_the_product_goes_without_tests_recipes_and_secrets() -> None:
    """What lies in the image is the program, and nothing that made it."""
    names = [name for name, _ in build.product_files()]
    assert "opt/switchroom/appliance/daemon/main.py" in names
    assert "opt/switchroom/boot/units/render.py" in names
    assert {name.split("/")[2] for name in names} <= {*recipe.PROGRAM, "build"}
    assert [name for name in names if name.endswith((".pyc", ".pem", ".key"))] == []


def test_what_is_switched_on_is_there() -> None:
    """Each unit of ours that the recipe enables is in the tree or written from boot's table; scripts may be run."""
    tree = {Path(name).name: path for name, path in build.tree_files()}
    ours = [name for name in recipe.ENABLED if name.startswith(("switchroom-", "dahdi"))]
    assert [name for name in ours if name not in tree] == ["switchroom-machine.service"]
    for path in tree.values():
        if path.read_bytes().startswith(b"#!"):
            assert path.stat().st_mode & 0o100, path


def test_the_last_script_has_no_place_left_open() -> None:
    """Every @PLACE@ of it is filled."""
    script = build.finish(
        debs=[Path("/a.deb")], venv=Path("/v.tar"), product=Path("/p.tar"), kernel="6.12.1+deb13-amd64"
    )
    for word in ("@DEBS@", "@KERNEL@", "@LIBRARIES@", "@PRODUCT@", "@ENABLED@", "@MASKED@", "@FORBIDDEN@"):
        assert word in recipe.FINISH
        assert word not in script
    assert "cp /a.deb " in script


def test_the_list_names_debian_python_and_pages() -> None:
    """SPDX 2.3: each part with its version and package URL; the same parts give the same text, whatever their order."""
    npm = {
        "packages": {
            "": {"name": "switchroom"},
            "node_modules/@tabler/core": {"version": "1.4.0"},
            "node_modules/esbuild": {"version": "0.25.0", "dev": True},
        }
    }
    parts = [*sbom.debian(STATUS), *sbom.python(LOCK), *sbom.pages(json.dumps(npm))]
    text = sbom.document(parts, of=OF)
    assert text == sbom.document(parts[::-1], of=OF)
    document = json.loads(text)
    located = [entry["externalRefs"][0]["referenceLocator"] for entry in document["packages"]]
    assert located == [
        "pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=amd64",
        "pkg:npm/%40tabler/core@1.4.0",
        "pkg:pypi/msgspec@0.20.0",
        "pkg:pypi/zope-interface@8.1",
    ]
    assert document["spdxVersion"] == "SPDX-2.3"
    assert document["creationInfo"]["created"] == "2026-09-21T14:13:20Z"


def test_a_thing_is_made_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed half-way is not there; the next digest takes the place of the one before; other things stay."""
    monkeypatch.setenv("SWITCHROOM_CACHE", str(tmp_path))
    told: list[str] = []

    def good(folder: Path) -> None:
        (folder / "x").write_text("x")

    def bad(folder: Path) -> None:
        good(folder)
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        stock.kept("thing", stock.digest(["1"]), bad, told.append)
    assert not list(stock.shelf().glob("thing-*" + stock.digest(["1"])))
    other = stock.kept("thing-else", stock.digest(["1"]), good, told.append)
    first = stock.kept("thing", stock.digest(["1"]), good, told.append)
    assert stock.kept("thing", stock.digest(["1"]), bad, told.append) == first
    second = stock.kept("thing", stock.digest(["2"]), good, told.append)
    assert (second / "x").read_text() == "x"
    assert not first.exists()
    assert other.exists()
    assert stock.digest(["ab", "c"]) != stock.digest(["a", "bc"])
