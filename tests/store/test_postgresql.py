"""What is different with PostgreSQL: how it is named, and what is said when it is not there."""

from pathlib import Path

import pytest

from appliance.store.guard import StoreAbsentError, StoreBrokenError
from appliance.store.link import STORE, Where, connect, tidied, tidy, uri_of
from tests.store.cluster import USER, Cluster

WAIT_S = 5.0


@pytest.mark.slow
def test_a_uri_names_it(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """One database a storage; the first writer lays it out, a reader never does; a wrong one is refused."""
    monkeypatch.setenv(STORE, cluster.databases("named"))
    uri = uri_of(Path("/nowhere"), "people")
    assert uri.startswith(f"postgres://{USER}@/named_people?")
    where = Where(uri=uri, storage="people", read_only=False, wait_s=WAIT_S)
    connect(where).close()
    connect(Where(uri=uri, storage="people", read_only=True, wait_s=WAIT_S)).close()
    with pytest.raises(StoreBrokenError, match="is storage 'people'"):
        connect(Where(uri=uri, storage="journal", read_only=True, wait_s=WAIT_S))
    assert not tidy(where), "PostgreSQL looks after itself"
    assert tidied(where) == b""


@pytest.mark.slow
def test_one_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    """As with the ZEO process."""
    uri = f"postgres://somebody:it%27s@/none?host={tmp_path}"
    with pytest.raises(StoreAbsentError, match="PostgreSQL does not answer"):
        connect(Where(uri=uri, storage="people", read_only=False, wait_s=1.0))
