"""Which Debian packages the project needs, which are missing, and their installation.

A need is tested by its command or file, not by a package's name: what matters is that the thing is there, whoever
brought it. No service is started by the installation. Standard library alone: this runs before there is a venv.

`python3 -m boot.packages run test` names what is missing and installs it, as root or by sudo.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boot.caller import signals_held_back

POLICY = Path("/usr/sbin/policy-rc.d")
"Debian's installer asks this file whether a service may start (invoke-rc.d(8))."

POLICY_TEXT = "#!/bin/sh\n# Put here by Switchroom for the time of one installation.\nexit 101\n"
LOCK_WAIT_S = 300
"How long apt waits for another apt."


def which(command: str) -> str | None:
    """Find a command in PATH or in the sbin folders, which a user's PATH often lacks."""
    folders = (os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin")
    return shutil.which(command, path=os.pathsep.join(folders))


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that has to be on the machine."""

    package: str
    "The Debian package that brings it, in 12 and 13."

    command: str = ""
    "A command that shows that it is there."

    file: str = ""
    "A glob of files, any of which shows that it is there."

    why: str
    "What it is for, as the person is told."

    service: str = ""
    "A systemd unit that the package would start with the machine, and that is not ours."

    def is_met(self) -> bool:
        """Tell whether the command or the file is there."""
        if self.command:
            return which(self.command) is not None
        return any(Path("/").glob(self.file.removeprefix("/")))


class PackagesError(Exception):
    """Packages are missing and could not be installed; the message is one line that says what to do."""


NEEDS = {
    "run": (
        Need(
            package="python3-venv",
            file=f"{sysconfig.get_path('stdlib')}/ensurepip/__init__.py",
            why="the folder of Python libraries",
        ),
        Need(package="ca-certificates", file="/etc/ssl/certs/ca-certificates.crt", why="safe downloads"),
        Need(
            package="debian-archive-keyring",
            file="/usr/share/keyrings/debian-archive-keyring.*",
            why="the signatures of Asterisk's packages",
        ),
        Need(package="nginx", command="nginx", why="the web's front door", service="nginx.service"),
        Need(package="espeak-ng", command="espeak-ng", why="spoken prompts"),
        Need(package="nodejs", command="node", why="building the pages"),
        Need(package="npm", command="npm", why="fetching what the pages are made of"),
    ),
    "test": (
        Need(package="chromium", command="chromium", why="tests in a browser"),
        Need(
            package="fonts-noto-cjk",
            file="/usr/share/fonts/opentype/noto/NotoSansCJK*",
            why="Chinese letters in the browser",
        ),
        Need(package="libatomic1", file="/usr/lib/*/libatomic.so.1", why="the driver of the browser's tests"),
        Need(package="git", command="git", why="the list of the project's files"),
        Need(
            package="postgresql",
            file="/usr/lib/postgresql/*/bin/initdb",
            why="tests of the store on PostgreSQL",
            service="postgresql.service",
        ),
        Need(package="strace", command="strace", why="tests of a disk that fails"),
        Need(package="nftables", command="nft", why="tests of the packet filter"),
        Need(package="iproute2", command="ip", why="networks for them"),
        Need(package="sip-tester", command="sipp", why="a crowd of calls"),
    ),
    "fresh": (Need(package="mmdebstrap", command="mmdebstrap", why="making a Debian"),),
    "image": (
        Need(package="mmdebstrap", command="mmdebstrap", why="making a Debian"),
        Need(package="git", command="git", why="the list of the project's files"),
    ),
}
"What each kind of work needs; test needs what run needs, too."


def needs_of(kinds: Iterable[str]) -> tuple[Need, ...]:
    """List the needs of some kinds of work, each once."""
    return tuple(dict.fromkeys(need for kind in kinds for need in NEEDS[kind]))


def missing(kinds: Iterable[str]) -> tuple[Need, ...]:
    """List the needs that are not met."""
    return tuple(need for need in needs_of(kinds) if not need.is_met())


@contextmanager
def services_kept_down(policy: Path = POLICY) -> Iterator[None]:
    """Keep Debian from starting services for as long as the context lasts; what was there before comes back."""
    saved = policy.with_name(f"{policy.name}.before-switchroom")
    if policy.exists() and policy.read_text(errors="replace") != POLICY_TEXT:
        policy.rename(saved)
    policy.write_text(POLICY_TEXT)
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)
        if saved.exists():
            saved.rename(policy)


def _apt_get(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    program = which("apt-get")
    if program is None:
        raise PackagesError("There is no apt-get here: Switchroom runs on Debian 12 or 13.")
    command = [program, "-q", "-y", "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_S}", "-o", "Dpkg::Use-Pty=0", *arguments]
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False, umask=0o022, start_new_session=True,
    )  # fmt: skip


def last_complaint(output: str) -> str:
    """Pick the line of apt's output that tells the most: its first error, else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E: ")]
    return (errors or lines[-1:] or ["no message"])[0][:300]


def install_as_root(names: Sequence[str], *, policy: Path = POLICY) -> None:
    """Install packages by name; only names of our table are accepted. Raises `PackagesError`.

    A signal that comes meanwhile waits, so that no package is left half installed.
    """
    known = {need.package: need for kind in NEEDS for need in NEEDS[kind]}
    if unknown := [name for name in names if name not in known]:
        raise PackagesError(f"Not a package of this project: {' '.join(unknown)}.")
    with signals_held_back(), services_kept_down(policy):
        updated = _apt_get("update")
        done = _apt_get("install", "--no-install-recommends", *names)
    if done.returncode:
        complaint = last_complaint(done.stdout)
        if updated.returncode:
            complaint += f" Before it, apt-get update: {last_complaint(updated.stdout)}"
        raise PackagesError(
            f"apt-get could not install {' '.join(names)}: {complaint} Check the network and /etc/apt/sources.list, "
            f"then try: apt-get update && apt-get install {' '.join(names)}"
        )
    # Our nginx runs under our own supervisor; the system's shall not appear at the next boot of the machine.
    services = [known[name].service for name in names if known[name].service]
    systemctl = which("systemctl")
    if services and systemctl and Path("/run/systemd/system").is_dir():
        subprocess.run([systemctl, "--quiet", "disable", *services], check=False)


def install(names: Sequence[str]) -> None:
    """Install packages as root or by sudo; where neither is to be had `PackagesError` has the command to type."""
    if os.geteuid() == 0:
        install_as_root(names)
        return
    by_hand = f"apt-get install --no-install-recommends {' '.join(names)}"
    sudo = which("sudo")
    if sudo is None:
        raise PackagesError(f"Missing packages, and no sudo: type this as root: {by_hand}")
    quiet = [] if sys.stdin is not None and sys.stdin.isatty() else ["-n"]
    argv = [sudo, *quiet, "--preserve-env=http_proxy,https_proxy,no_proxy", sys.executable, "-B", "-m", "boot.packages"]
    with signals_held_back():
        done = subprocess.run([*argv, "--install", *names], check=False, cwd=Path(__file__).parents[1])
    if done.returncode:
        raise PackagesError(f"The packages were not installed: type this as root: {by_hand}")


def ensure(kinds: Sequence[str], say: Callable[[str], None]) -> None:
    """See that everything that some kinds of work need is on the machine; raises `PackagesError`."""
    lacking = missing(kinds)
    if not lacking:
        return
    say("Missing Debian packages:")
    for need in lacking:
        say(f"  {need.package:24} for {need.why}")
    say("Installing them (no service is started) ...")
    install([need.package for need in lacking])
    if still := missing(kinds):
        names = " ".join(need.package for need in still)
        raise PackagesError(f"apt-get installed {names}, yet what they should bring is not there: look at apt's log.")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str]) -> int:
    """Install packages by name (`--install NAME ...`, for sudo), or what kinds of work need; return the exit status."""
    try:
        if arguments[:1] == ["--install"]:
            install_as_root(arguments[1:])
        else:
            ensure([kind for kind in arguments if kind in NEEDS] or ["run"], _say)
    except PackagesError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
