"""A machine without a machine: systemd as the first process of its own namespaces, over this one's files, unchanged.

`unshare --mount --pid --uts --ipc --cgroup --net --fork python -m tests.image.contained FOLDER` lays a file system of
its own over `/`, writes the box's units, and becomes systemd. Whatever is written goes to `FOLDER`. Root alone can.
"""

import os
import subprocess
import sys
from pathlib import Path

from boot.checks import SEARCH_PATH

PROJECT = Path(__file__).resolve().parents[2]
USER = 900
HOME = Path("/data/switchroom")
CACHE = Path("/opt/switchroom-cache")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
NONE_OF = ("systemd-udevd.service", "systemd-udev-trigger.service", "systemd-modules-load.service", "getty.target",
           "systemd-remount-fs.service", "systemd-networkd.service")  # fmt: skip
"They would set the machine that we run on."


def mount(*arguments: str | Path) -> None:
    """Mount something in this namespace."""
    subprocess.run(["/usr/bin/mount", *map(str, arguments)], check=True)


def lay_over(lower: Path, here: Path, folder: Path) -> None:
    """Show a folder at `here`; what is changed there is written to `folder`."""
    upper, work = folder / "upper", folder / "work"
    for path in (upper, work, here):
        path.mkdir(parents=True, exist_ok=True)
    mount("-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work},metacopy=on", here)


def readable(folder: Path) -> None:
    """Let the box's user read what may be its maker's alone."""
    subprocess.run(["/usr/bin/chmod", "-R", "a+rX", str(folder)], check=True)


def make_devices(root: Path) -> None:
    """Give it the few devices that every program has."""
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root / "dev")
    for name in DEVICES:
        (root / "dev" / name).touch()
        mount("--bind", f"/dev/{name}", root / "dev" / name)
    for name in ("shm", "pts"):
        (root / "dev" / name).mkdir()
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", root / "dev/shm")
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts", root / "dev/pts")
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    (root / "dev/fd").symlink_to("/proc/self/fd")


def make_root(folder: Path, bundle: Path) -> Path:
    """Make the file system of the machine."""
    root = folder / "root"
    lay_over(Path("/"), root, folder / "of-root")
    for name in ("proc", "sys"):
        mount("-t", f"{name}fs" if name == "sys" else name, name, root / name)
    mount("-t", "cgroup2", "cgroup2", root / "sys/fs/cgroup")
    make_devices(root)
    for name in ("run", "tmp", "data"):
        (root / name).mkdir(exist_ok=True)
        mount("-t", "tmpfs", "-o", "mode=755" if name != "tmp" else "mode=1777", "tmpfs", root / name)
    lay_over(PROJECT, root / PROJECT.relative_to("/"), folder / "of-project")
    kept = root / CACHE.relative_to("/") / "asterisk"
    lay_over(bundle, kept / bundle.name, folder / "of-bundle")
    (kept / "current").symlink_to(bundle.name)
    for readable_folder in (root / PROJECT.relative_to("/"), kept):
        readable(readable_folder)
    return root


def furnish(root: Path) -> None:
    """Put the user into it, and take away what would set more than it."""
    with (root / "etc/passwd").open("a") as users, (root / "etc/group").open("a") as groups:
        users.write(f"switchroom:x:{USER}:{USER}::{HOME}:/usr/sbin/nologin\n")
        groups.write(f"switchroom:x:{USER}:\n")
    system = root / "etc/systemd/system"
    for folder in (*system.glob("*.wants"), *system.glob("*.requires")):
        for link in folder.iterdir():
            link.unlink()
    for name in NONE_OF:
        (system / name).unlink(missing_ok=True)
        (system / name).symlink_to("/dev/null")
    wanted = system / "sysinit.target.wants"
    wanted.mkdir(exist_ok=True)
    (wanted / "switchroom-machine.service").symlink_to("/usr/lib/systemd/system/switchroom-machine.service")


def write_units(root: Path) -> None:
    """Write them as the image's recipe does, from within."""
    environment = {
        "SWITCHROOM_HOME": str(HOME),
        "SWITCHROOM_PORT": "5055",
        "SWITCHROOM_LISTEN": "0.0.0.0",  # noqa: S104  within its own network
        "SWITCHROOM_CACHE": str(CACHE),
        "PATH": SEARCH_PATH,
        "LANG": "C.UTF-8",
    }
    python = str(PROJECT / ".venv/bin/python")
    argv = [python, "-m", "boot.units", "/usr", "--python", python, "--project", str(PROJECT)]
    inside = f"import os; os.chroot({str(root)!r}); os.chdir({str(PROJECT)!r}); os.execv({python!r}, {argv!r})"
    subprocess.run([sys.executable, "-c", inside], env=environment, check=True)


def main(folder: Path, bundle: Path) -> None:
    """Become the machine."""
    mount("--make-rprivate", "/")
    root = make_root(folder, bundle)
    furnish(root)
    write_units(root)
    subprocess.run(["/usr/sbin/ip", "link", "set", "lo", "up"], check=True)
    os.chdir(root)
    (root / "before").mkdir(exist_ok=True)
    subprocess.run(["/usr/sbin/pivot_root", ".", "before"], check=True)
    subprocess.run(["/usr/bin/umount", "--lazy", "/before"], check=True)
    argv = ["/usr/lib/systemd/systemd", "--system", "--unit=switchroom.target", "--log-target=null"]
    os.execve(argv[0], argv, {"container": "lxc", "PATH": "/usr/sbin:/usr/bin"})  # noqa: S606  it is to be the first


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
