"""What is different with PostgreSQL: how it is named, and what is said when it is not there."""

from pathlib import Path

import pytest

from appliance.store.guard import StoreAbsentError, StoreBrokenError
from appliance.store.link import STORE, Where, connect, tidied, tidy, uri_of
from tests.store.cluster import USER, Cluster
from tests.store.stand import BEGIN, Clock, Zeo, until

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
    assert not tidy(where), "it is packed when this returns"
    assert tidied(where) == b""


@pytest.mark.slow
def test_one_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    """As with the ZEO process."""
    uri = f"postgres://somebody:it%27s@/none?host={tmp_path}"
    with pytest.raises(StoreAbsentError, match="PostgreSQL does not answer"):
        connect(Where(uri=uri, storage="people", read_only=False, wait_s=1.0))


@pytest.mark.slow
def test_an_erased_person_is_in_no_row(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock
) -> None:
    """Within moments: neither number nor name is left in the tables or the samples that the planner keeps."""
    monkeypatch.setenv(STORE, cluster.databases("erased"))
    store = Zeo(tmp_path).store(clock)
    number, name = "13800138222", "Wang Erased"
    party = store.people.party_of(number, name, BEGIN).result(WAIT_S).party
    kept = store.people.party_of("021557", "Li Kept", BEGIN).result(WAIT_S).party
    rows = "SELECT count(*) FROM object_state WHERE position('{}'::bytea in state) > 0"
    assert cluster.count("erased_people", rows.format(number)) > 0, "before"
    assert cluster.count("erased_people", rows.format(name)) > 0
    store.people.erase(party, BEGIN).result(WAIT_S)
    until(lambda: cluster.count("erased_people", rows.format(number)) == 0, "no row has the number")
    sampled = (
        "SELECT coalesce(attstattarget, -1) FROM pg_attribute"
        " WHERE attrelid = 'object_state'::regclass AND attname = 'state'"
    )
    until(lambda: cluster.count("erased_people", sampled) == 0, "the upkeep has packed and vacuumed")
    assert cluster.count("erased_people", rows.format(name)) == 0
    assert cluster.count("erased_people", rows.format("Li Kept")) > 0
    assert store.people.labels([party, kept]).result(WAIT_S).keys() == {kept}
    store.close()
