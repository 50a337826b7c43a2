"""Fixtures of the daemon's tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_twisted

from tests.daemon.real import Box, Zeo


@pytest.fixture
def zeo(tmp_path: Path) -> Iterator[Zeo]:
    """Run a database process with empty databases."""
    zeo = Zeo(tmp_path / "store", tmp_path / "zeo.sock")
    yield zeo
    zeo.stop()


@pytest_twisted.async_yield_fixture()
async def box(zeo: Zeo, tmp_path: Path) -> AsyncIterator[Box]:
    """Run a daemon with the company of the stories."""
    assert zeo.process.poll() is None
    box = Box(tmp_path)
    await box.daemon.start(box.boot)
    await box.set_up()
    yield box
    await box.stop()
