"""The support bundle: what helps is in it; canaries in every place that knows a secret or a person do not sing."""

from pathlib import Path

import msgspec

from appliance import api, document, sample
from appliance.backups import BackupSettings, Destination
from appliance.commands.support_bundle import Veil, contents
from appliance.core import model
from appliance.places import Places
from appliance.store.backup_words import BackupHome
from tests.store.stand import BEGIN, Clock, Zeo

CANARIES = (
    "13912345678",
    "Canary Vogel",
    "金丝雀",
    "tweet-secret",
    "canary-carrier.example",
    "chirper",
    "chirp-pass",
    "Nightingale",
)


def test_no_canary_sings(tmp_path: Path) -> None:
    """Planted in people, names, secrets, trunks, destinations, prompts' texts, and in each log."""
    zeo = Zeo(tmp_path)
    zeo.start()
    store = zeo.store(Clock())
    places = Places(home=tmp_path, cache=tmp_path)
    company = sample.document(trunk_host="canary-carrier.example", trunk_port=5060)
    trunk = model.Trunk(slug="carrier", title="Nightingale", host="canary-carrier.example", username="chirper")
    configuration = msgspec.structs.replace(
        company.configuration,
        trunks=(trunk,),
        company=msgspec.structs.replace(company.configuration.company, title="Nightingale"),
    )
    people = (*company.people, api.Person(slug="chirper", name="Canary Vogel 金丝雀"))
    text = document.write(msgspec.structs.replace(company, configuration=configuration, people=people))
    apply = store.settings.apply
    assert not apply(api.Import(text=text), by="chirper", now_us=BEGIN).result(30).reply.problems
    assert (
        not apply(api.SetSecret(of="trunk/carrier", secret="tweet-secret"), by="x", now_us=BEGIN)
        .result(30)
        .reply.problems
    )
    store.people.party_of("13912345678", "Canary Vogel", BEGIN).result(30)
    BackupHome(tmp_path).set(
        BackupSettings(
            destinations=(
                Destination(
                    slug="nas", kind="smb", path="Nightingale/x", host="h", user="chirper", password="chirp-pass"
                ),
            )
        )
    )
    (tmp_path / "log").mkdir()
    (tmp_path / "asterisk/log").mkdir(parents=True)
    song = " ".join(CANARIES)
    (tmp_path / "log/daemon.jsonl").write_bytes(
        msgspec.json.encode(
            {"at": "2026-11-22T10:00:00+00:00", "level": "error", "from": "x", "text": f"something broke {song}"}
        )
        + b"\n"
    )
    (tmp_path / "asterisk/log/messages").write_text(
        f'[2026-11-22 10:00:00.123] WARNING[1] chan_pjsip.c: call from "Unknown Caller" <sip:139@x> {song}\n'
    )
    (tmp_path / "log/web.log").write_text(f"[2026-11-22 10:00:00 +0000] [1] [INFO] {song}\n")
    reader = zeo.reader()
    try:
        found = contents(places, reader)
    finally:
        reader.close()
        store.close()
        zeo.stop()
    whole = "\n".join(f"{name}\n{text}" for name, text in found.items())
    assert [canary for canary in (*CANARIES, "Unknown Caller", "Vogel") if canary.casefold() in whole.casefold()] == []
    assert "something broke" in found["log/daemon.txt"]
    assert "warning" in found["log/asterisk.txt"]
    assert '"kind": "menu"' in found["configuration.json"]
    assert "msgspec" in found["versions.json"]


def test_one_sign_stands_for_one_text() -> None:
    """So that what names what can still be followed."""
    veil = Veil(["Ann"])
    shape = veil.shape({"slug": "ann", "title": "", "priority": 3, "kind": "menu"})
    assert shape == {"slug": "text-1", "title": "", "priority": 3, "kind": "menu"}
    assert veil.shape({"slug": "ann"}) == {"slug": "text-1"}
    assert veil.text("ANN called 0755-8888 from ann@example.net") == "… called … from …"
