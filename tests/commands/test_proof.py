"""What is restored on trial reaches nothing outside: its trunks lead here, and it backs nothing up."""

from pathlib import Path

import msgspec

from appliance import api, document, sample, sign_ins
from appliance.commands._proof import harmless, sandbox_places
from appliance.core import model
from appliance.places import LOOPBACK, Places
from tests.store.stand import Clock, Zeo


def test_a_restored_company_is_made_harmless(tmp_path: Path) -> None:
    """A carrier with whom it registered is not asked; each phone has a password that the real one has not."""
    zeo = Zeo(tmp_path)
    zeo.start()
    store = zeo.store(Clock())
    places = sandbox_places(tmp_path, Places(home=tmp_path / "box", cache=tmp_path))
    company = sample.document(trunk_host="203.0.113.9", trunk_port=5060)
    carrier = model.Trunk(
        slug="carrier", host="sip.example.net", username="us", register=True, accept=("198.51.100.0/24",)
    )
    configuration = msgspec.structs.replace(company.configuration, trunks=(*company.configuration.trunks, carrier))
    asked = api.Import(text=document.write(msgspec.structs.replace(company, configuration=configuration)))
    assert not store.settings.apply(asked, by="pia", now_us=1).result(30).reply.problems
    reader = zeo.reader()
    try:
        before = reader.secrets()
        harmless(store, reader, places)
        trunks = reader.document().configuration.trunks
        assert {(trunk.host, trunk.port, trunk.register, trunk.accept) for trunk in trunks} == {
            (LOOPBACK, places.far_port, False, (LOOPBACK,))
        }
        after = reader.secrets()
        assert all(
            after[f"extension/{phone.slug}"] != before.get(f"extension/{phone.slug}")
            for phone in configuration.extensions
        )
        known = sign_ins.read(places.sign_ins)
        assert known is not None
        assert known.complete
    finally:
        reader.close()
        store.close()
        zeo.stop()


def test_a_sandbox_stands_apart(tmp_path: Path) -> None:
    """On loopback alone, and on ports that the box has not."""
    places = Places(home=tmp_path, port=35_000, listen="0.0.0.0", cache=tmp_path)  # noqa: S104  the box's own, not the sandbox's
    apart = sandbox_places(tmp_path / "proof", places)
    assert apart.listen == LOOPBACK
    assert abs(apart.port - places.port) >= 3_000
