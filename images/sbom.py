"""The list of what an image is made of, as SPDX 2.3 in JSON (spdx.github.io/spdx-spec/v2.3).

It names Debian's packages from the image's own dpkg, the Python libraries from the lock, and what the pages carry.
"""

import datetime as dt
import json
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from images import stock
from images.root.build import Release

STATUS = "./var/lib/dpkg/status"
LOCKED = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)(?:\[[\w,-]+\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)
UNKNOWN = "NOASSERTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing in the image; `locator` is its package URL (github.com/package-url/purl-spec)."""

    name: str
    version: str
    locator: str


def debian(status: str) -> list[Part]:
    """Read dpkg's status: the packages that are installed."""
    found = []
    for paragraph in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if re.match(r"[A-Z][\w-]*: ", line))
        if fields.get("Status") == "install ok installed":
            name, version = fields["Package"], fields["Version"]
            locator = f"pkg:deb/debian/{name}@{_quoted(version)}?arch={fields['Architecture']}"
            found.append(Part(name=name, version=version, locator=locator))
    return found


def python(lock: str) -> list[Part]:
    """Read a lock of pip's: the libraries and their versions."""
    return [
        Part(name=match["name"], version=match["version"], locator=f"pkg:pypi/{match['name']}@{match['version']}")
        for match in LOCKED.finditer(lock)
    ]


def pages(lock: str) -> list[Part]:
    """Read npm's lock: what is not for building alone."""
    packages = json.loads(lock).get("packages", {})
    named = {path.rpartition("node_modules/")[2]: entry for path, entry in packages.items() if path}
    return [
        Part(name=name, version=entry["version"], locator=f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}")
        for name, entry in sorted(named.items())
        if "version" in entry and not entry.get("dev")
    ]


def _quoted(version: str) -> str:
    return version.replace(":", "%3A").replace("+", "%2B").replace("~", "%7E")


def document(parts: Iterable[Part], *, of: Release) -> str:
    """Write the list; the same parts give the same text."""
    listed = sorted(parts, key=lambda part: part.locator)
    packages = [
        {
            "SPDXID": f"SPDXRef-{number}",
            "name": part.name,
            "versionInfo": part.version,
            "downloadLocation": UNKNOWN,
            "filesAnalyzed": False,
            "externalRefs": [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": part.locator}
            ],
        }
        for number, part in enumerate(listed)
    ]
    described = [
        {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": entry["SPDXID"]}
        for entry in packages
    ]
    content = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"switchroom-{of.version}",
        "documentNamespace": f"urn:switchroom:{stock.digest([of.version, *(part.locator for part in listed)])}",
        "creationInfo": {
            "created": dt.datetime.fromtimestamp(of.epoch, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Organization: Switchroom"],
        },
        "packages": packages,
        "relationships": described,
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def write(target: Path, *, root_archive: Path, project: Path, of: Release) -> None:
    """Write the list for a root; raises `KeyError` if that has no dpkg."""
    with tarfile.open(root_archive) as tar:
        status = tar.extractfile(STATUS)
        assert status is not None  # noqa: S101 - a plain file in every Debian
        installed = debian(status.read().decode())
    locked = python((project / "requirements.lock").read_text())
    carried = pages((project / "package-lock.json").read_text())
    target.write_text(document([*installed, *locked, *carried], of=of))
