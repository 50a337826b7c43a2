"""What goes into the bundle, and how it is fetched and unpacked, without a network."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from drivers.asterisk.bundle import BundleMissingError
from images.asterisk import recipe
from images.asterisk.apt import URI_LINE, Apt, AptError, configuration, digest_of, host_mirrors, run
from images.asterisk.unpack import place_of, unpack


@pytest.mark.parametrize(("release", "taken"), [(20, False), (21, False), (22, True), (23, False), (24, True)])
def test_long_term_releases_from_22_on_are_taken(release: int, *, taken: bool) -> None:
    """Even releases are long-term ones."""
    assert recipe.is_long_term(release) is taken


def test_a_module_is_not_both_needed_and_left_out() -> None:
    """The two lists have nothing in common, and nothing twice."""
    assert len({*recipe.NEEDED, *recipe.LEFT_OUT}) == len(recipe.NEEDED) + len(recipe.LEFT_OUT)


def test_a_changed_recipe_has_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a cache made by the old one is made anew."""
    before = recipe.digest()
    monkeypatch.setattr(recipe, "PACKAGES", ("asterisk",))
    assert recipe.digest() != before


def test_the_mirror_is_debians_own() -> None:
    """Security, updates and other people's archives hold no sid; what ends in /debian is tried first."""
    targets = (
        "http://own.example/tools stable main\n"
        "http://mirror.example/debian-security/ bookworm-security main\n"
        "http://mirror.example/debian/ bookworm-updates main\n"
        "http://mirror.example/debian/ bookworm main\n"
        "http://mirror.example/debian/ bookworm contrib\n"
    )
    assert host_mirrors(targets) == ["http://mirror.example/debian/", "http://own.example/tools"]
    assert host_mirrors("") == []


def test_apts_settings_touch_nothing_of_the_host(tmp_path: Path) -> None:
    """Apt itself, reading them after the host's, names no folder outside ours."""
    (tmp_path / "apt.conf").write_text(configuration(tmp_path, "amd64"))
    keys = ("Dir::State::lists/f", "Dir::Cache::archives/f", "Dir::State::status/f", "Dir::Etc::sourceparts/f")
    arguments = [word for key in keys for word in ("place", key)]
    places = run(["apt-config", "-c", str(tmp_path / "apt.conf"), "shell", *arguments]).splitlines()
    assert len(places) == len(keys)
    assert all(f"'{tmp_path}/" in place for place in places)


def test_apts_list_gives_names_and_hashes() -> None:
    """The epoch's colon stays encoded in the name of the file."""
    digest = "d9" * 32
    line = f"'http://mirror.example/a_22%2bd.deb' asterisk_1%3a22+d_amd64.deb 2534036 SHA256:{digest}"
    (found,) = URI_LINE.finditer(f"Reading lists...\n{line}\n")
    assert found.groupdict() == {"name": "asterisk_1%3a22+d_amd64.deb", "sha256": digest}


def test_a_program_that_is_missing_or_fails_is_one_clear_error() -> None:
    """Its complaints are in it."""
    with pytest.raises(AptError, match="no-such-program is missing"):
        run(["no-such-program"])
    with pytest.raises(AptError, match=r"^sh .*: E: mirror gone$"):
        run(["sh", "-c", "echo noise >&2; echo 'E: mirror gone' >&2; exit 100"])


def test_without_a_mirror_the_host_is_asked_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An apt that names no archive of Debian gives an error that says where to put one."""
    empty = tmp_path / "apt-get"
    empty.write_text("#!/bin/sh\nexit 0\n")
    empty.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(AptError, match=r"/etc/apt/sources\.list"):
        Apt(tmp_path / "state", suite="sid").update()


@pytest.mark.parametrize(
    ("member", "place"),
    [
        ("./usr/sbin/asterisk", "usr/sbin/asterisk"),
        ("./usr/lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6"),
        ("./lib/aarch64-linux-gnu/ld-linux-aarch64.so.1", "usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1"),
        ("./usr/lib/arm-linux-gnueabihf/asterisk/modules/a.so", "usr/lib/arm-linux-gnueabihf/asterisk/modules/a.so"),
        ("./usr/share/asterisk/moh/a.wav", "usr/share/asterisk/moh/a.wav"),
        ("./usr/lib/x86_64-linux-gnu", None),
        ("./usr/lib/x86_64-linux-gnu/gconv/UTF-16.so", None),
        ("./usr/lib/python3/a.so", None),
        ("./usr/sbin/adduser", None),
        ("./etc/asterisk/sip.conf", None),
        ("./usr/share/asterisk/../../../etc/passwd", None),
        ("/usr/sbin/asterisk", None),
        ("./", None),
    ],
)
def test_each_file_of_a_package_has_its_place_or_none(member: str, place: str | None) -> None:
    """Only Asterisk, its data and libraries are kept, and nothing leaves the folder."""
    found = place_of(member)
    assert (str(found) if found else None) == place


def a_package(folder: Path) -> Path:
    """Build a Debian package with a program, an ordinary and a hostile link, and a file that is not wanted."""
    root = folder / "root"
    for name in ("usr/sbin/asterisk", "usr/share/asterisk/a.txt", "usr/bin/other"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "usr/sbin/asterisk").chmod(0o4755)
    (root / "usr/share/asterisk/good").symlink_to("a.txt")
    (root / "usr/share/asterisk/bad").symlink_to("/etc/passwd")
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN").chmod(0o755)  # dpkg-deb wants it so, whatever the umask
    (root / "DEBIAN/control").write_text(
        "Package: a\nVersion: 1\nArchitecture: all\nMaintainer: A <a@a.example>\nDescription: a\n"
    )
    program = shutil.which("dpkg-deb")
    assert program is not None
    argv = [program, "--build", "--root-owner-group", "-Znone", str(root), str(folder / "a.deb")]
    subprocess.run(argv, check=True, capture_output=True)
    return folder / "a.deb"


def test_a_package_is_unpacked_without_rights_and_absolute_links(tmp_path: Path) -> None:
    """Set-user-id bits, owners and links out of the folder stay behind."""
    package, target = a_package(tmp_path), tmp_path / "target"
    unpack(package, target)
    found = {str(path.relative_to(target)) for path in target.rglob("*") if not path.is_dir()}
    assert found == {"usr/sbin/asterisk", "usr/share/asterisk/a.txt", "usr/share/asterisk/good"}
    assert (target / "usr/sbin/asterisk").stat().st_mode & 0o7777 == 0o755
    assert (target / "usr/share/asterisk/good").read_text() == "usr/share/asterisk/a.txt"


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    """A download that is something else gives an error with its name."""
    (tmp_path / "x.deb").write_bytes(b"not a package")
    with pytest.raises((BundleMissingError, tarfile.TarError)):
        unpack(tmp_path / "x.deb", tmp_path / "target")


def test_a_digest_is_that_of_the_content(tmp_path: Path) -> None:
    """SHA-256 of FIPS 180-4's first example."""
    (tmp_path / "abc").write_bytes(io.BytesIO(b"abc").getvalue())
    assert digest_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
