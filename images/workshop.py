"""The workshop: a Debian 13 with compiler, kernel headers and the tools of disks, in which every recipe works.

So the host needs mmdebstrap alone, and what is made does not depend on the host's versions. A recipe is a shell script
that runs by chroot, in namespaces of its own, over a layer that is thrown away: the workshop itself never changes.
As root. Standard library alone.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from images import host, stock
from images.asterisk.apt import run

SUITE = "trixie"
TOOLS = (
    "bmaptool", "build-essential", "ca-certificates", "dosfstools", "e2fsprogs", "fakeroot", "gdisk", "grub-common",
    "grub-efi-amd64-bin", "grub-pc-bin", "kmod", "libarchive13t64", "linux-headers-amd64", "mtools", "openssl",
    "ovmf", "python3", "python3-dev", "python3-venv", "qemu-system-x86", "rauc", "squashfs-tools", "xz-utils", "zstd",
)  # fmt: skip
NEWER = ("debhelper", "libdebhelper-perl", "dh-autoreconf", "dahdi-dkms")
"Packages that are taken from sid, because sid's Asterisk and the DAHDI of our choice ask for them."

LAST_LINES = 25
"How much of a failed script's output is shown."

WITHOUT = ("doc", "man", "locale", "info")
"Folders of /usr/share that no machine of ours has."

ENTER = r"""
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
if [ -n "$3" ]; then
    mount -t overlay -o "lowerdir=$1,upperdir=$3/upper,workdir=$3/work" overlay "$2/root"
else
    mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
fi
root="$2/root"
shift 3
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
while [ "$1" != -- ]; do
    mkdir -p "$root/mnt/$1"
    mount --bind "$2" "$root/mnt/$1"
    shift 2
done
shift
exec chroot "$root" /usr/bin/env --ignore-environment "$@"
"""
"""Run in namespaces of its own with: the workshop, a folder to mount on, a folder for a large layer or nothing, pairs
of name and folder that appear below /mnt, `--`, the environment, the command. A small layer lies in memory."""


class WorkshopError(Exception):
    """A recipe failed; the message says which, and shows the end of what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A Debian with the tools, and the kernel that it has headers of."""

    root: Path
    kernel: str
    "The release as `uname -r` says it, such as 6.12.117+deb13-amd64."

    def argv(self, command: list[str], *, shared: Mapping[str, Path], layer: str, mount: Path) -> list[str]:
        """Give the command that runs another one inside, with folders of the host below /mnt."""
        pairs = [text for name, folder in shared.items() for text in (name, str(folder))]
        given = [f"{name}={value}" for name, value in host.environment().items() if value]
        unshare = shutil.which("unshare") or "/usr/bin/unshare"
        namespaces = [unshare, "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-euc", ENTER, "sh"]
        return [*namespaces, str(self.root), str(mount), layer, *pairs, "--", *given, *command]

    def work(
        self,
        what: str,
        script: str,
        *arguments: str,
        shared: Mapping[str, Path] | None = None,
        epoch: int = 0,
        large: Path | None = None,
    ) -> str:
        """Run a script of bash inside and return what it printed; raises `WorkshopError`.

        `epoch` is the time that everything made is dated with; `large` is a folder of the host whose file system takes
        what the script writes outside /mnt, where memory is too small for it.
        """
        with _mount_point() as mount, _layer(large) as layer:
            command = [f"SOURCE_DATE_EPOCH={epoch}", "/bin/bash", "-euo", "pipefail", "-c", script, "bash", *arguments]
            argv = self.argv(command, shared=shared or {}, layer=layer, mount=mount)
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
            )
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-LAST_LINES:])
            raise WorkshopError(f"{what} failed with {done.returncode}:\n{said}")
        return done.stdout


@contextmanager
def _mount_point() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="switchroom-workshop-"))
    try:
        yield folder
    finally:
        folder.rmdir()  # what was mounted on it went with the namespace


@contextmanager
def _layer(folder: Path | None) -> Iterator[str]:
    if folder is None:
        yield ""
        return
    for name in ("upper", "work"):
        (folder / name).mkdir(parents=True)
    try:
        yield str(folder)
    finally:
        shutil.rmtree(folder)


def mmdebstrap(target: Path, packages: tuple[str, ...], *options: str, epoch: int) -> None:
    """Make a Debian 13 of the host's mirrors; what was downloaded is kept for the next time. Raises `AptError`."""
    archives = stock.shelf() / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    cache = "$1/var/cache/apt/archives"
    argv = [
        "mmdebstrap", "--quiet", "--mode=root", "--variant=apt", "--skip=cleanup/apt/cache,download/empty",
        '--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"',
        '--aptopt=Acquire::Check-Valid-Until "false"', "--dpkgopt=force-unsafe-io", "--dpkgopt=force-confold",
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in WITHOUT),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        f'--setup-hook=mkdir -p "{cache}"; cp -n {archives}/*.deb "{cache}/" 2>/dev/null || true',
        f'--customize-hook=cp -n "{cache}"/*.deb {archives}/; rm -f "{cache}"/*.deb',
        *options, f"--include={','.join(packages)}", SUITE, str(target), *host.sources(host.indexes(), SUITE),
    ]  # fmt: skip
    os.umask(0o022)
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    try:
        run(argv)
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def _make(folder: Path) -> None:
    root = folder / "root"
    mmdebstrap(root, TOOLS, epoch=0)
    shutil.copy(host.CERTIFICATES, root / host.CERTIFICATES.removeprefix("/"))
    apt = root / "etc/apt"
    (apt / "sources.list.d/sid.list").write_text("\n".join([*host.unreleased(host.indexes()), ""]))
    pins = (("*", -1), (" ".join(NEWER), 600))
    (apt / "preferences.d/sid").write_text(
        "\n".join(f"Package: {names}\nPin: release n=sid\nPin-Priority: {priority}\n" for names, priority in pins)
    )
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    run(["chroot", str(root), "/usr/bin/apt-get", "-q", "update"])


def workshop_in(folder: Path) -> Workshop:
    """Describe the workshop in a folder; raises `WorkshopError` where it has no kernel headers."""
    root = folder / "root"
    kernels = sorted(path.name.removeprefix("linux-headers-") for path in root.glob("usr/src/linux-headers-*-amd64"))
    if not kernels:
        raise WorkshopError(f"{root} has no headers of a kernel")
    return Workshop(root=root, kernel=kernels[-1])


def ensure(say: stock.Say) -> Workshop:
    """Give the workshop, made where there is none; raises `AptError` or `WorkshopError`."""
    made_from = stock.digest([SUITE, *TOOLS, *NEWER, *WITHOUT])
    return workshop_in(stock.kept("workshop", made_from, _make, say))
