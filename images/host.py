"""What a Debian that we make takes over from the machine that makes it: mirrors, proxies, certificates, indexes."""

import os
import re
import shutil
import subprocess
import sys

from images.asterisk.apt import AptError, host_mirrors, run

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
PASSED_ON = (*PROXIES, "PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "UV_DEFAULT_INDEX", "UV_HTTP_TIMEOUT", "SWITCHROOM_PORT")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def indexes() -> str:
    """Ask the host's apt for its indexes: URI, release and component a line."""
    wanted = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    return run(["apt-get", "indextargets", "--format", wanted, "Created-By: Packages"])


def sources(targets: str, suite: str) -> list[str]:
    """Write the lines of sources.list for a released suite, from the host's own mirrors.

    `targets` is what `indexes` gives. Raises `AptError` where the host has no mirror.
    """
    mirrors = host_mirrors(targets)
    if not mirrors:
        raise AptError("The host's apt names no Debian mirror: put one into /etc/apt/sources.list.")
    lines = [f"deb {mirrors[0]} {suite} main", f"deb {mirrors[0]} {suite}-updates main"]
    security = re.search(r"^(\S*debian-security\S*) \S*-security main$", targets, re.MULTILINE)
    return [*lines, f"deb {security[1]} {suite}-security main"] if security else lines


def unreleased(targets: str) -> list[str]:
    """Write the lines of sources.list for sid, programs and sources; its index may be past its date."""
    mirrors = host_mirrors(targets)
    if not mirrors:
        raise AptError("The host's apt names no Debian mirror: put one into /etc/apt/sources.list.")
    return [f"{kind} [check-valid-until=no] {mirrors[0]} sid main" for kind in ("deb", "deb-src")]


def setting(*argv: str) -> str:
    """Ask pip or npm for one of its settings; empty if it has none or is not there."""
    if shutil.which(argv[0]) is None:
        return ""
    answer = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
    return "" if answer == "undefined" else answer


def environment() -> dict[str, str]:
    """Gather what a program inside gets from the host: proxies, indexes and certificates, and nothing else."""
    passed = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    if index := setting(sys.executable, "-m", "pip", "config", "get", "global.index-url"):
        passed.setdefault("PIP_INDEX_URL", index)
    if registry := setting("npm", "config", "get", "registry"):
        passed["NPM_CONFIG_REGISTRY"] = registry
    certificates = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    return {
        **passed,
        **dict.fromkeys(certificates, CERTIFICATES),
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "PATH": PATH,
        "CI": os.environ.get("CI", ""),
    }
