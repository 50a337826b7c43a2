"""The sealer: a process that turns raw recordings into sealed files, as the daemon orders line by line.

Run as `python -m appliance.store.seal --spool SPOOL --media MEDIA`; it ends when its standard input does. A sealed
file is written beside its place, brought to the disk, renamed, and its folder brought to the disk, before anybody is
told; the raw file goes only on a second order, after the row that names the sealed one is committed.

The steps, each of which may be the last one: (1) the raw file is opened, (2) nobody writes it any more, (3) the folder
is there, (4) the sealed file is opened beside its place, (5) written, (6) on the disk, (7) renamed, (8) its folder and
those above are on the disk, (9) the daemon is told, and commits the row; (10) the raw file is removed, (11) the daemon
is told. Until (10) the next sealer begins again at (1), writes over what is there, and comes to the same end.
"""

import argparse
import errno
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from appliance.store.orders import (
    RAW,
    Answer,
    Sealed,
    SealFailed,
    SealOrder,
    Unlink,
    Unlinked,
    decode_answer,
    decode_order,
    encode_line,
    leftovers,
)
from appliance.store.vault import seal

__all__ = [
    "SealFailed",
    "SealOrder",
    "Sealed",
    "Unlink",
    "Unlinked",
    "decode_answer",
    "encode_line",
    "leftovers",
    "main",
]

WRITER_S_MAX = 10.0
"How long the exchange may take to let go of a raw file."
_POLL_S = 0.05
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def obey(order: SealOrder | Unlink, spool: Path, media: Path) -> Answer:
    """Do one thing; what goes wrong is the answer."""
    raw = spool / f"{Path(order.recording).name}{RAW}"
    match order:
        case Unlink(recording=recording):
            raw.unlink(missing_ok=True)
            return Unlinked(recording=recording)
        case SealOrder(recording=recording):
            try:
                return _seal(order, raw, media)
            except FileNotFoundError:
                return SealFailed(recording=recording, why="absent")
            except OSError as error:
                return SealFailed(recording=recording, why="no_space" if error.errno in _FULL else "failed")


def _seal(order: SealOrder, raw: Path, media: Path) -> Answer:
    place = (media / order.file).resolve()
    if not place.is_relative_to(media.resolve()):
        return SealFailed(recording=order.recording, why="failed")
    with raw.open("rb") as source:
        _await_writer(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(place.name + ".part")
        try:
            with part.open("wb") as target:
                samples = seal(source, target, order.key)
                target.flush()
                os.fsync(target.fileno())
            if not samples:
                return SealFailed(recording=order.recording, why="empty")
            part.rename(place)
        finally:
            part.unlink(missing_ok=True)
    for folder in (place.parent, *place.parent.parents):
        _fsync(folder)
        if folder == media.resolve():
            break
    return Sealed(recording=order.recording, file=order.file, samples=samples)


def _await_writer(file: BinaryIO) -> None:
    """Wait until nobody has a file open for writing any more: only then is a read lease given (fcntl(2))."""
    deadline = time.monotonic() + WRITER_S_MAX
    pause = threading.Event()
    while time.monotonic() < deadline:
        try:
            fcntl.fcntl(file.fileno(), fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except BlockingIOError:
            pause.wait(_POLL_S)
        except OSError:
            return
        else:
            fcntl.fcntl(file.fileno(), fcntl.F_SETLEASE, fcntl.F_UNLCK)
            return


def _fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process."""
    parser = argparse.ArgumentParser(prog="appliance.store.seal", description=__doc__)
    parser.add_argument("--spool", type=Path, required=True, help="where the exchange writes raw recordings")
    parser.add_argument("--media", type=Path, required=True, help="where sealed recordings are kept")
    options = parser.parse_args(arguments)
    os.umask(0o077)
    os.nice(10)
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # sent if somebody opens a file while we hold its lease
    for line in sys.stdin.buffer:
        try:
            order = decode_order(line)
        except msgspec.DecodeError as error:
            sys.stderr.write(f"seal: not an order: {error}\n")
            continue
        sys.stdout.buffer.write(encode_line(obey(order, options.spool, options.media)))
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
