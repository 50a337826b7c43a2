"""When backups are due, how they are, and what an administrator may set."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from twisted.internet.task import Clock

from appliance import api
from appliance.backups import BackupSettings, Destination
from appliance.daemon.backups import SECOND, Backups, Seen, argv_of, due_of, health_of, last_us
from appliance.store.backup_words import STALE_S, BackupHome, Proof, Result, State

ZONE = ZoneInfo("Asia/Shanghai")
DISK = Destination(slug="disk", path="/backups")
SET = BackupSettings(destinations=(DISK,))


def at(text: str, zone: ZoneInfo = ZONE) -> int:
    """Give a local time in microseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * SECOND


NIGHT = at("2026-11-22T02:30")
GOOD = Result(at=NIGHT + SECOND, good_at=NIGHT + SECOND)


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-11-22T02:30", "2026-11-22T02:30"),
        ("2026-11-22T02:29", "2026-11-21T02:30"),
        ("2026-11-22T23:59", "2026-11-22T02:30"),
    ],
)
def test_the_last_night(now: str, last: str) -> None:
    """The moment itself counts."""
    assert last_us("02:30", at(now), ZONE) == at(last)


def test_a_day_without_that_hour_has_a_night_too() -> None:
    """02:30 does not come on the day that the clocks go forward: once it is later, it is due, and once only."""
    zone = ZoneInfo("Europe/Berlin")
    last = last_us("02:30", at("2026-03-29T12:00", zone), zone)
    assert at("2026-03-29T00:00", zone) < last < at("2026-03-29T04:00", zone)


def test_first_the_backups_then_the_proof_then_nothing() -> None:
    """Each night once."""
    now = NIGHT + 3600 * SECOND
    assert due_of(Seen(settings=BackupSettings(), state=State()), now, ZONE) is None
    first = due_of(Seen(settings=SET, state=State()), now, ZONE)
    assert first == api.DoBackup(work="night")
    backed_up = State(night=NIGHT, results={"disk": GOOD})
    assert due_of(Seen(settings=SET, state=backed_up), now, ZONE) == api.DoBackup(work="prove", destination="disk")
    proved = msgspec.structs.replace(backed_up, proof=Proof(at=NIGHT + 9 * SECOND))
    assert due_of(Seen(settings=SET, state=proved), now, ZONE) is None
    assert due_of(Seen(settings=SET, state=proved), now + 86_400 * SECOND, ZONE) == first
    failed = State(night=NIGHT, results={"disk": Result(at=NIGHT + SECOND, problem="x")})
    assert due_of(Seen(settings=SET, state=failed), now, ZONE) is None
    by_hand = msgspec.structs.replace(SET, nightly=False)
    assert due_of(Seen(settings=by_hand, state=State()), now, ZONE) is None


@pytest.mark.parametrize(
    ("state", "later_s", "word"),
    [
        (State(), 0, "ok"),
        (State(results={"disk": GOOD}), 60, "ok"),
        (State(results={"disk": Result(at=NIGHT, problem="x", good_at=NIGHT)}), 60, "backup_failed"),
        (State(results={"disk": GOOD}), STALE_S + 60, "backup_old"),
        (State(results={"disk": GOOD}, proof=Proof(at=NIGHT, good_at=NIGHT)), 60, "ok"),
        (State(results={"disk": GOOD}, proof=Proof(at=NIGHT, problem="x")), 60, "proof_failed"),
        (State(results={"disk": GOOD}, proof=Proof(at=NIGHT, good_at=NIGHT - STALE_S * SECOND)), 60, "proof_old"),
    ],
)
def test_the_lamp(state: State, later_s: int, word: str) -> None:
    """Amber when a backup or a proof failed, or is older than two days; nothing while nothing is set up."""
    now = NIGHT + later_s * SECOND
    assert health_of(Seen(settings=SET, state=state), now) == word
    assert health_of(Seen(settings=BackupSettings(), state=state), now) == ""


@pytest.fixture
def backups(tmp_path: Path) -> Backups:
    """Look after the backups of an empty home; nothing is started."""
    clock = Clock()
    return Backups(
        clock,  # type: ignore[arg-type]  # no process is started here
        home=tmp_path,
        now=lambda: NIGHT,
        zone=lambda: "Asia/Shanghai",
        changed=lambda: None,
    )


def test_the_passphrase_is_shown_once_and_passwords_never(backups: Backups, tmp_path: Path) -> None:
    """An empty password stays as it is."""
    share = Destination(slug="nas", kind="smb", path="backups/box", host="nas", user="box", password="secret")
    first = backups.set(BackupSettings(destinations=(DISK, share)), "pia")
    assert len(first.password) == 29
    again = backups.set(BackupSettings(destinations=(msgspec.structs.replace(share, password=""),)), "pia")
    assert again == api.Reply()
    assert BackupHome(tmp_path).destination("nas").password == share.password


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "a b"}, "slug"),
        ({"slug": "../x"}, "slug"),
        ({"path": "relative"}, "path"),
        ({"path": "/a/../b"}, "path"),
        ({"path": "/a\nb"}, "path"),
        ({"path": ""}, "path"),
        ({"keep": 0}, "keep"),
        ({"port": 70_000}, "port"),
        ({"kind": "sftp", "user": "u", "host": "-oProxyCommand=x"}, "host"),
        ({"kind": "sftp", "host": "h"}, "user"),
    ],
)
def test_what_cannot_be_a_destination_is_refused(backups: Backups, change: dict[str, object], field: str) -> None:
    """Each with the field that is wrong; nothing is kept."""
    asked = BackupSettings(destinations=(msgspec.structs.replace(DISK, **change),))
    assert field in [problem.field for problem in backups.set(asked, "pia").problems]
    assert backups.do(api.DoBackup(work="backup", destination="disk"), "pia").problems[0].code == "unknown"


def test_a_backup_does_not_go_into_the_home_and_no_name_is_there_twice(backups: Backups, tmp_path: Path) -> None:
    """It would be lost with it."""
    inside = BackupSettings(destinations=(Destination(slug="x", path=str(tmp_path / "media")),))
    assert backups.set(inside, "pia").problems[0].field == "path"
    assert backups.set(BackupSettings(destinations=(DISK, DISK)), "pia").problems[0].code == "taken"


def test_what_is_asked_for_is_a_list_of_words(tmp_path: Path) -> None:
    """No shell is between."""
    for work in ("night", "backup", "verify", "prove", "restore", "undo"):
        asked = msgspec.convert({"type": "do-backup", "work": work, "destination": "a;b"}, api.DoBackup)
        assert argv_of(asked, tmp_path)[0] in {"appliance.store.backup_jobs", "appliance.commands"}
