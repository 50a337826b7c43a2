"""Reads the raw recording of a call that Asterisk has just finished."""

from pathlib import Path

import numpy as np
from twisted.internet.task import deferLater

from drivers.robot.sound import Samples
from tests.contract.box import Box

TRIES = 100
TRY_S = 0.05


async def read(box: Box, recording: str) -> tuple[Samples, Samples]:
    """Give left and right of a recording, once Asterisk has closed its file."""
    file = box.site.recordings / f"{recording}.raw"
    for _ in range(TRIES):
        if not _is_open(box.process.pid, str(file)):
            break
        await deferLater(box.reactor, TRY_S)
    both = np.frombuffer(file.read_bytes(), dtype="<i2")
    return both[0::2], both[1::2]


def _is_open(pid: int, path: str) -> bool:
    """Say whether a process has a file open."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if str(descriptor.readlink()) == path:
                return True
        except FileNotFoundError:
            continue
    return False
