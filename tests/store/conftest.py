"""What tests of the store begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from appliance.store import passwords
from appliance.store.link import POSTGRES, STORE
from appliance.store.opened import Store
from appliance.store.reader import Reader
from tests.store.cluster import Cluster
from tests.store.stand import Clock, Zeo


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with little memory and time; what is kept says itself how it was hashed."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def clock() -> Clock:
    """Centre time that a test moves."""
    return Clock()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try what needs no ZEO process on PostgreSQL too."""
    if "stand" in metafunc.fixturenames:
        alone = "zeo" in metafunc.fixturenames
        kinds = ["zeo"] if alone else ["zeo", pytest.param(POSTGRES, marks=pytest.mark.slow)]
        metafunc.parametrize("stand", kinds, indirect=True)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Run a PostgreSQL of our own."""
    made = Cluster(tmp_path_factory.mktemp("pg"))
    yield made
    made.close()


@pytest.fixture
def stand(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Zeo]:
    """Give a store that answers: a ZEO process, or databases in PostgreSQL that stand in its place."""
    if request.param == POSTGRES:
        cluster: Cluster = request.getfixturevalue("cluster")
        monkeypatch.setenv(STORE, cluster.databases("shared"))
        yield Zeo(tmp_path)
        return
    process = Zeo(tmp_path)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def zeo(stand: Zeo) -> Zeo:
    """Give a ZEO process that answers."""
    return stand


@pytest.fixture
def store(stand: Zeo, clock: Clock) -> Iterator[Store]:
    """Open the store for writing."""
    opened = stand.store(clock)
    yield opened
    opened.close()


@pytest.fixture
def reader(stand: Zeo) -> Iterator[Reader]:
    """Open the store as a page does; recordings lie in `media`."""
    opened = stand.reader(stand.home / "media")
    yield opened
    opened.close()
