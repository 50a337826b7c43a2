"""From Debian packages to a folder that holds Asterisk and no more than it needs."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from drivers.asterisk.bundle import Bundle, BundleMissingError, open_bundle
from images.asterisk.apt import Package
from images.asterisk.recipe import LEFT_OUT, OPENED_LATER

DATA = PurePosixPath("usr/share/asterisk")
PROGRAM = PurePosixPath("usr/sbin/asterisk")
LIST_TIMEOUT_S = 60


def place_of(member: str) -> PurePosixPath | None:
    """Say where a member of a package goes in the bundle, or None for what the bundle does without.

    Debian is merging /lib into /usr/lib; both are taken as the latter. Libraries lie in one folder, named by the
    machine's multiarch triplet, such as x86_64-linux-gnu.
    """
    path = PurePosixPath(member.removeprefix("./"))
    if ".." in path.parts or path.is_absolute():
        return None
    if path.parts[:1] == ("lib",):
        path = "usr" / path
    if path == PROGRAM or path.is_relative_to(DATA):
        return path
    match path.parts:
        case ("usr", "lib", machine, name, *rest) if "-linux-" in machine and (not rest or name == "asterisk"):
            return path
        case _:
            return None


def unpack(package: Path, folder: Path) -> None:
    """Copy what the bundle needs of one package into the folder; owners and absolute links are dropped."""
    program = shutil.which("dpkg-deb") or "/usr/bin/dpkg-deb"
    with (
        subprocess.Popen([program, "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as archive,
    ):
        for member in archive:
            place = place_of(member.name)
            if place is not None:
                _put(archive, member, folder / place)
    if process.returncode:
        raise BundleMissingError(f"dpkg-deb cannot read {package.name}")


def _put(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    if member.issym() and not member.linkname.startswith("/"):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(member.linkname)
    elif member.isfile() and (content := archive.extractfile(member)) is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(content, file)
        target.chmod(0o755 if member.mode & 0o100 else 0o644)


def needed_libraries(bundle: Bundle, objects: Iterable[Path]) -> tuple[set[str], dict[str, str]]:
    """Ask the bundle's own loader what the objects need.

    Returns the names of the libraries, and for each object that lacks one the first name that was not found.
    """
    names: set[str] = set()
    lacking: dict[str, str] = {}
    path = f"{bundle.libraries}:{bundle.libraries / 'asterisk'}"
    for target in objects:
        done = subprocess.run(
            [str(bundle.loader), "--library-path", path, "--list", str(target)],
            capture_output=True, text=True, check=False, timeout=LIST_TIMEOUT_S,
        )  # fmt: skip
        for line in done.stdout.splitlines():
            name, arrow, found = line.strip().partition(" => ")
            if arrow and found.startswith("not found"):
                lacking.setdefault(target.stem, name)
            elif arrow:
                names.add(name)
    return names, lacking


def slim(bundle: Bundle) -> None:
    """Remove the modules left out and every library that nothing left needs.

    A module that lacks a library goes too; whether it was one that we need is found when the bundle is tried.
    """
    for module in LEFT_OUT:
        (bundle.modules / f"{module}.so").unlink(missing_ok=True)
    opened_later = [path for name in OPENED_LATER for path in bundle.libraries.glob(f"{name}.*")]
    objects = [bundle.binary, *opened_later, *sorted(bundle.modules.glob("*.so"))]
    names, lacking = needed_libraries(bundle, objects)
    for module in lacking:
        (bundle.modules / f"{module}.so").unlink(missing_ok=True)
    wanted = {name: (bundle.libraries / name).resolve() for name in names if (bundle.libraries / name).is_file()}
    wanted.update({path.name: path.resolve() for path in (bundle.loader, *opened_later)})
    for name, real in wanted.items():
        if (bundle.libraries / name).is_symlink():
            (bundle.libraries / name).unlink()
            shutil.copy2(real, bundle.libraries / name)
    for path in bundle.libraries.iterdir():
        if path.name not in wanted and (path.is_symlink() or not path.is_dir()):
            path.unlink()


def make_bundle(packages: Iterable[Package], folder: Path) -> Bundle:
    """Lay out a bundle in a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for package in packages:
        unpack(package.path, folder)
    bundle = open_bundle(folder)
    slim(bundle)
    # Debian makes this link when it installs the prompts.
    voices = sorted(bundle.sounds.glob("en_US_*"))
    if voices and not (bundle.sounds / "en").exists():
        (bundle.sounds / "en").symlink_to(voices[0].name)
    for path in bundle.data.rglob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink()
    return bundle
