"""What tests of the store begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from appliance.store import passwords
from appliance.store.opened import Store
from appliance.store.reader import Reader
from tests.store.stand import Clock, Zeo


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with little memory and time; what is kept says itself how it was hashed."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def clock() -> Clock:
    """Centre time that a test moves."""
    return Clock()


@pytest.fixture
def zeo(tmp_path: Path) -> Iterator[Zeo]:
    """Give a ZEO process that answers."""
    process = Zeo(tmp_path)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def store(zeo: Zeo, clock: Clock) -> Iterator[Store]:
    """Open the store for writing."""
    opened = zeo.store(clock)
    yield opened
    opened.close()


@pytest.fixture
def reader(zeo: Zeo) -> Iterator[Reader]:
    """Open the store as a page does; recordings lie in `media`."""
    opened = zeo.reader(zeo.home / "media")
    yield opened
    opened.close()
