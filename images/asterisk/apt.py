"""Debian's packages, by an apt whose state is our own: no root, and nothing of the host changes.

The mirror, proxies and certificates are those of the host's apt. An empty status file makes apt resolve the whole
closure, libc included. Apt checks the signatures; each downloaded file is checked again by the SHA-256 of the signed
index.
"""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
TIMEOUT_S = 1800
"The longest that one apt command may take, so that a dead mirror is an error and no endless wait."

URI_LINE = re.compile(r"^'[^']+' (?P<name>\S+) \d+ SHA256:(?P<sha256>[0-9a-f]{64})$", re.MULTILINE)
"A line of `apt-get --print-uris`."


class AptError(Exception):
    """Apt could not do it; the message holds what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A downloaded package that has the SHA-256 which the signed index gives."""

    path: Path
    sha256: str


def host_mirrors(targets: str) -> list[str]:
    """Pick the mirrors of Debian itself out of `apt-get indextargets`, the likeliest first.

    Each line of `targets` is URI, release and component. Security and update archives hold no sid, and neither do the
    archives of others, which is why a URI that ends in /debian comes first.
    """
    found: dict[str, bool] = {}
    for line in targets.splitlines():
        uri, release, component = line.split()
        if component == "main" and not re.search(r"[-/]", release):
            found[uri] = uri.rstrip("/").endswith("/debian")
    return sorted(found, key=lambda uri: not found[uri])


def configuration(state: Path, architecture: str) -> str:
    """Write apt's settings for a private state; they are read after the host's own, so they win."""
    return f"""\
#clear APT::Architectures;
#clear APT::Update;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
Dir::State "{state}";
Dir::State::lists "{state}/lists";
Dir::State::status "{state}/status";
Dir::State::extended_states "{state}/extended_states";
Dir::Cache "{state}";
Dir::Cache::archives "{state}/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Log "{state}/log";
Dir::Etc::sourcelist "{state}/sources.list";
Dir::Etc::sourceparts "{state}/empty";
Dir::Etc::preferences "{state}/preferences";
Dir::Etc::preferencesparts "{state}/empty";
APT::Architecture "{architecture}";
APT::Default-Release "";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Keep-Downloaded-Packages "true";
APT::Sandbox::User "";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
"""


def run(argv: Iterable[str]) -> str:
    """Run a command and return what it printed; raises `AptError` with its complaint."""
    command = list(argv)
    program = shutil.which(command[0])
    if program is None:
        raise AptError(f"{command[0]} is missing: the Asterisk bundle is made from Debian packages, on Debian")
    try:
        done = subprocess.run(
            [program, *command[1:]], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            check=False, timeout=TIMEOUT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise AptError(f"{command[0]} did not end within {TIMEOUT_S} s") from error
    if done.returncode:
        complaints = [line for line in done.stderr.splitlines() if line.startswith(("E:", "W:"))] or [done.stderr]
        raise AptError(f"{' '.join(command[:1] + command[-1:])}: {' '.join(complaints)[:600].strip()}")
    return done.stdout


class Apt:
    """An apt of our own under a folder, which keeps what it downloaded for the next time."""

    def __init__(self, state: Path, *, suite: str) -> None:
        """Use a folder; it is made, and the host's apt asked for its mirrors, by `update`."""
        self.state = state
        self.suite = suite
        self.configuration = state / "apt.conf"

    def _apt_get(self, *arguments: str) -> str:
        return run(["apt-get", "-q", "-y", "-c", str(self.configuration), *arguments])

    def update(self) -> str:
        """Fetch the suite's index and return the mirror that had it; raises `AptError` where none has."""
        for folder in ("lists/partial", "archives/partial", "empty", "log"):
            (self.state / folder).mkdir(parents=True, exist_ok=True)
        for file in ("status", "preferences", "extended_states"):
            (self.state / file).write_text("")
        architecture = run(["dpkg", "--print-architecture"]).strip()
        self.configuration.write_text(configuration(self.state, architecture))
        wanted = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
        mirrors = host_mirrors(run(["apt-get", "indextargets", "--format", wanted, "Created-By: Packages"]))
        if not mirrors:
            raise AptError("the host's apt names no Debian mirror: put one into /etc/apt/sources.list")
        failure = AptError("no mirror was tried")
        for mirror in mirrors:
            line = f"deb [signed-by={KEYRING}] {mirror} {self.suite} main\n"
            (self.state / "sources.list").write_text(line)
            try:
                self._apt_get("-o", "APT::Update::Error-Mode=any", "update")
            except AptError as error:
                failure = error
            else:
                return mirror
        raise failure

    def download(self, names: Iterable[str]) -> list[Package]:
        """Download the packages and all that they depend on; raises `AptError` when a file is not what was signed."""
        wanted = tuple(names)
        # Apt lists what it would still fetch; seen from empty archives that is everything.
        empty = self.state / "empty"
        (empty / "partial").mkdir(exist_ok=True)
        listing = self._apt_get(
            "-o", f"Dir::Cache::archives={empty}", "-o", "Acquire::ForceHash=SHA256", "--print-uris", "install", *wanted
        )  # fmt: skip
        signed = {match["name"]: match["sha256"] for match in URI_LINE.finditer(listing)}
        if not signed:
            raise AptError("apt-get --print-uris: no package with a SHA-256 in its answer")
        archives = self.state / "archives"
        for path in archives.glob("*.deb"):
            if path.name not in signed or digest_of(path) != signed[path.name]:
                path.unlink()
        self._apt_get("--download-only", "install", *wanted)
        packages = [Package(path=archives / name, sha256=sha256) for name, sha256 in sorted(signed.items())]
        for package in packages:
            if not package.path.is_file():
                raise AptError(f"{package.path.name} was not downloaded")
            if digest_of(package.path) != package.sha256:
                raise AptError(f"{package.path.name} is not the file that Debian signed")
        return packages


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
