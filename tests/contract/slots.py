"""Places for private Asterisks: bases of ports, each held by a lock file while a test run uses it."""

import fcntl
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BASES = tuple(range(8_080, 8_080 + 8 * 3_000, 3_000))
"Bases of ports, 3,000 apart as boxes stand; the first is for a box that somebody runs, so it is taken last."


@contextmanager
def slot() -> Iterator[int]:
    """Hold a base of ports that no other run holds; raises `RuntimeError` if all are taken."""
    folder = Path(tempfile.gettempdir()) / "switchroom-slots"
    folder.mkdir(mode=0o777, exist_ok=True)
    for base in reversed(BASES):
        lock = (folder / str(base)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        with lock:
            if not _is_free(base):
                continue
            yield base
        return
    raise RuntimeError("all slots for private Asterisks are taken by other test runs")


def _is_free(base: int) -> bool:
    """Tell whether nobody listens there without having asked for the slot, such as a box that somebody runs."""
    for port in (base, base + 1, base + 5):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
