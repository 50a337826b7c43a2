"""How long things are kept is the company's to say; a recording whose time is over leaves nothing on the disk."""

from pathlib import Path

import msgspec

from appliance import api
from appliance.core import check, model
from appliance.store.opened import open_store
from appliance.store.orders import Sealed, SealOrder
from tests.store.stand import BEGIN, DEADLINE_S, SECOND, Clock, Zeo, until

WAIT_S = 60
DAY_US = 86_400 * SECOND


def test_a_recording_goes_when_its_time_is_over(zeo: Zeo, clock: Clock, tmp_path: Path) -> None:
    """File, row and key; a younger one stays."""
    media = tmp_path / "media"
    clock.now = BEGIN + 10 * DAY_US
    store = open_store(folder=zeo.folder, socket=zeo.socket, clock=clock, media=media, wait_s=DEADLINE_S)
    orders: dict[str, SealOrder] = {}
    for name, began in (("old", BEGIN), ("young", BEGIN + 9 * DAY_US)):
        order = store.people.begin_recording(
            name, exchange="box", interaction=f"1-{name}", party="p1", now_us=began
        ).result(WAIT_S)
        assert order is not None
        orders[name] = order
        (media / order.file).parent.mkdir(parents=True, exist_ok=True)
        (media / order.file).write_bytes(b"sealed")
        store.people.sealed(Sealed(recording=name, file=order.file, samples=8_000), began).result(WAIT_S)
    assert orders["old"].key in (zeo.folder / "people.fs").read_bytes()
    company = api.Put(base="", list="company", value=msgspec.Raw(b'{"keep_recordings_days": 3}'))
    assert not store.settings.apply(company, by="root", now_us=clock.now).result(WAIT_S).reply.problems
    store.close()
    again = open_store(folder=zeo.folder, socket=zeo.socket, clock=clock, media=media, wait_s=DEADLINE_S)
    until(lambda: not (media / orders["old"].file).exists(), "its file is gone")
    until(lambda: orders["old"].key not in (zeo.folder / "people.fs").read_bytes(), "and its key")
    assert orders["young"].key in (zeo.folder / "people.fs").read_bytes()
    assert (media / orders["young"].file).exists()
    again.close()


def test_days_are_within_limits() -> None:
    """None is less than none, or more than a hundred years."""
    for name in ("keep_journal_days", "keep_calls_days", "keep_recordings_days"):
        for days, wrong in ((0, False), (check.KEEP_DAYS_MAX, False), (-1, True), (check.KEEP_DAYS_MAX + 1, True)):
            company = msgspec.structs.replace(model.Company(), **{name: days})
            faults = {fault.path for fault in check.check(model.Configuration(company=company))}
            assert (f"company.{name}" in faults) is wrong
