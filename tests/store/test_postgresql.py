"""What is different with PostgreSQL: how it is named, and what is said when it is not there."""

from pathlib import Path

import pytest

from appliance.store.forgetting import PACKED
from appliance.store.guard import StoreAbsentError, StoreBrokenError
from appliance.store.link import STORE, Where, connect, tidied, tidy, uri_of
from appliance.store.schema import TABLES, PeopleTables, Root, tables
from tests.store.cluster import USER, Cluster
from tests.store.stand import BEGIN, Clock, Zeo, until

WAIT_S = 60


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
def test_an_erased_person_is_in_no_file_of_the_cluster(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock
) -> None:
    """Neither number nor name is left in the tables, the planner's samples or the log, though daemon and pages stay.

    They are few, so that no row is long enough to be compressed: it would not be found.
    """
    monkeypatch.setenv(STORE, cluster.databases("erased"))
    stand = Zeo(tmp_path)
    store, reader = stand.store(clock), stand.reader()
    number, name = "13800138222", "Wang Erased"
    for other in range(9):
        store.people.party_of(f"0215570{other}", f"Li Kept {other}", BEGIN).result(WAIT_S)
    party = store.people.party_of(number, name, BEGIN).result(WAIT_S).party
    kept = store.people.party_of("0215570", "Li Kept", BEGIN).result(WAIT_S).party
    assert reader.labels({party, kept}).keys() == {party, kept}
    cluster.count("erased_people", "ANALYZE object_state; SELECT 1")
    before = cluster.files_with(name)
    assert {path.split("/")[0] for path in before} == {"base", "pg_wal"}
    store.people.erase(party, BEGIN).result(WAIT_S)
    until(lambda: not cluster.files_with(number), "no file has the number")
    until(lambda: not cluster.files_with(name), "no file has the name")
    assert cluster.files_with("Li Kept")
    assert store.people.labels([party, kept]).result(WAIT_S).keys() == {kept}
    assert reader.labels({party, kept}).keys() == {kept}
    reader.close()
    store.close()


@pytest.mark.slow
def test_nobody_keeps_a_transaction_open(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock
) -> None:
    """Who has nothing to do holds no lock and no old view of the tables, which would keep what is dropped."""
    monkeypatch.setenv(STORE, cluster.databases("idle"))
    stand = Zeo(tmp_path)
    store, reader = stand.store(clock), stand.reader()
    party = store.people.party_of("0215571", "Li", BEGIN).result(WAIT_S).party
    assert reader.labels({party})
    open_ones = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'idle_people' AND xact_start IS NOT NULL"
    until(lambda: cluster.count("idle_people", open_ones) == 1, "only the one that asks has one")
    assert cluster.count("idle_people", "SELECT count(*) FROM pg_stat_activity WHERE datname = 'idle_people'") > 2
    reader.close()
    store.close()


@pytest.mark.slow
def test_who_may_not_go_over_the_log_cleans_the_tables(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock
) -> None:
    """An ordinary user owns the tables alone; the rest is its administrator's, and nothing fails for it."""
    uri = cluster.databases("plain")
    cluster.count("plain_people", "CREATE ROLE ordinary LOGIN; SELECT 1")
    for storage in TABLES:
        cluster.count(f"plain_{storage}", "GRANT ALL ON SCHEMA public TO ordinary; SELECT 1")
    monkeypatch.setenv(STORE, uri.replace(f"//{USER}@", "//ordinary@"))
    store = Zeo(tmp_path).store(clock)
    number, name = "13800138333", "Sun Erased"
    party = store.people.party_of(number, name, BEGIN).result(WAIT_S).party
    assert any(path.startswith("base/") for path in cluster.files_with(name))
    store.people.erase(party, BEGIN).result(WAIT_S)
    until(lambda: {path.split("/")[0] for path in cluster.files_with(name)} == {"pg_wal"}, "the tables are clean")

    def noted(root: Root) -> bool:
        return PACKED in tables(root, PeopleTables).erased

    writer = store.people._writer  # noqa: SLF001  what the upkeep notes has no word of its own
    until(lambda: writer.submit(noted).result(WAIT_S), "it is done, and not tried again")
    store.close()
