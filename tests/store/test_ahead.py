"""Objects fetched ahead: what comes is what would have come one by one, and never more is kept than a few requests."""

import pytest
from ZODB.POSException import POSKeyError

from appliance.store import ahead
from appliance.store.ahead import OBJECTS_MAX, AheadStorage
from appliance.store.opened import Store
from tests.store.stand import BEGIN, Zeo

WAIT_S = 60


def _storage(zeo: Zeo) -> AheadStorage:
    return AheadStorage(
        str(zeo.socket), "people", cache_size=1 << 20, wait_timeout=5.0, read_only=True, server_sync=True
    )


def _now(storage: AheadStorage) -> bytes:
    return (int.from_bytes(storage.lastTransaction()) + 1).to_bytes(8)


def _oid(number: int) -> bytes:
    return number.to_bytes(8)


def test_objects_come_as_they_were_then(zeo: Zeo, store: Store) -> None:
    """Of the moment that was asked for, though they were written anew; beside one that is not there, each alone."""
    storage, alone = _storage(zeo), _storage(zeo)
    oids = [_oid(number) for number in range(8)]
    before = _now(storage)
    one_by_one = [alone.loadBefore(oid, before) for oid in oids]
    storage.prefetch(oids, before)
    store.people.party_of("13800138000", "Wang", BEGIN).result(WAIT_S)
    together = [storage.loadBefore(oid, before) for oid in oids]
    assert None not in together
    assert [found and found[:2] for found in together] == [found and found[:2] for found in one_by_one]
    now = _now(storage)
    storage.prefetch([*oids, _oid(1 << 20)], now)
    later = [storage.loadBefore(oid, now) for oid in oids]
    assert later != together, "what was written meanwhile is seen by who asks for now"
    with pytest.raises(POSKeyError):
        storage.loadBefore(_oid(1 << 20), now)
    storage.close()
    alone.close()


def test_what_nobody_loads_is_let_go(zeo: Zeo) -> None:
    """A reader that gives up leaves no heap behind; a long list is asked for in parts."""
    storage = _storage(zeo)
    now = _now(storage)
    most = ahead.REQUESTS_MAX * OBJECTS_MAX
    storage.prefetch([_oid(number) for number in range(3 * most)], now)
    assert len(storage._asked) == most  # noqa: SLF001  what is kept is what this is about
    storage.prefetch([_oid(3 * most - 1)], now)
    assert len(storage._asked) == most, "nothing is asked for twice"  # noqa: SLF001  see above
    assert storage.loadBefore(_oid(0), now) is not None, "let go, so it is asked for alone"
    storage.close()


def test_a_process_that_refuses_is_asked_for_each_alone(zeo: Zeo, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes so many in one message and no more."""
    storage = _storage(zeo)
    now = _now(storage)
    monkeypatch.setattr(ahead, "OBJECTS_MAX", OBJECTS_MAX + 1)
    oids = [_oid(number) for number in range(OBJECTS_MAX + 1)]
    storage.prefetch(oids, now)
    assert storage.loadBefore(oids[0], now) is not None
    storage.close()
