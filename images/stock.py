"""What was made once and is kept: a folder a thing, named by the digest of all that it was made from.

    $SWITCHROOM_CACHE/images/<name>-<digest>/      whole, or not there: it is made beside and renamed

Of each thing the newest is kept.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from drivers.asterisk.bundle import cache_folder

DIGITS = 16

Say = Callable[[str], None]


def shelf() -> Path:
    """Give the folder of what is kept."""
    return cache_folder() / "images"


def digest(parts: Iterable[str | bytes | Path]) -> str:
    """Give one digest of texts and of the contents of files, in their order."""
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:DIGITS]


def kept(name: str, made_from: str, make: Callable[[Path], None], say: Say) -> Path:
    """Give the folder of a thing; `make` is called with a new folder where there is none of this digest."""
    target = shelf() / f"{name}-{made_from}"
    if target.is_dir():
        return target
    new = target.with_name(f"{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    began = time.monotonic()
    say(f"Making {name} ...")
    make(new)
    say(f"Making {name}: {time.monotonic() - began:.0f} s")
    os.sync()
    new.rename(target)
    for older in shelf().glob(f"{name}-{'?' * DIGITS}"):
        if older != target:
            shutil.rmtree(older)
    return target
