"""The backup page: what it shows of results, proofs and destinations, in both languages, and what it refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.backups import BackupSettings, Destination
from appliance.store.backup_words import BackupHome, Counts, Listed, Proof, Result, Running, State, Step
from tests.hostile import HOSTILE
from tests.webadmin.conftest import Pages

AT = 1_790_000_000_000_000


@pytest.fixture
def box(pages: Pages) -> Iterator[BackupHome]:
    """Give the box's backups, with one destination and what is known of it; gone after the test."""
    home = BackupHome(pages.media.parent)
    home.set(BackupSettings(destinations=(Destination(slug="disk", path="/backups", password="never-shown"),)))
    home.note(
        State(
            results={
                "disk": Result(
                    at=AT,
                    problem="{root} is not there; plug the disk in or make the folder",
                    values={"root": HOSTILE[0]},
                )
            },
            lists={"disk": (Listed(name="20260921T141320Z", began=AT, full=True, counts=Counts(recordings=7)),)},
            rooms={"disk": 5_000_000},
            proof=Proof(
                at=AT,
                destination="disk",
                backup="20260921T141320Z",
                steps=(Step(name="trunk", passed=True), Step(name="recording", passed=False, told="<b>x</b>")),
            ),
        )
    )
    yield home
    for path in sorted(home.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("plug the disk in", "FAILED", "5.0 MB")), ("zh", ("请插上磁盘", "备份", "试恢复"))]
)
def test_it_shows_what_is_known(pages: Pages, box: BackupHome, language: str, words: tuple[str, ...]) -> None:
    """Results in the reader's language; nothing from outside is markup, no password is there."""
    text = pages.get("/system/backup", "administrator", language=language).text
    assert all(word in text for word in words)
    assert HOSTILE[0] not in text
    assert "<b>x</b>" not in text
    form = pages.get("/system/backup/disk", "administrator", language=language).text
    assert "never-shown" not in form
    assert box.destination("disk").password.startswith("never")


def test_progress_is_seen(pages: Pages, box: BackupHome) -> None:
    """While something is at work, the page says so, and asks again; its buttons rest."""
    running = Running(work="backup", destination="disk", began=AT, pid=1, stage="journal", done_bytes=5, total_bytes=10)
    box.note(State(running=running))
    text = pages.get("/system/backup", "administrator").text
    assert 'hx-trigger="every 2s"' in text
    assert "the journal" in text
    assert "disabled" in text


def test_a_restore_is_asked_about(pages: Pages, box: BackupHome) -> None:
    """The second click is on a page that says what is lost and what is kept."""
    assert box.settings.destinations
    text = pages.get("/system/backup?restore=disk&name=20260921T141320Z", "administrator").text
    assert "Restore this backup?" in text
    assert 'value="restore"' in text


def test_without_a_daemon_nothing_is_done_and_it_says_so(pages: Pages, box: BackupHome) -> None:
    """Each form comes back with a sentence."""
    assert box.settings.destinations
    for form in ({"step": "backup", "destination": "disk"}, {"step": "night", "at": "02:30", "full_every": "7"}):
        answer = pages.post("/system/backup", "administrator", form)
        assert answer.status_int == 422
        assert "does not answer" in answer.text
    wrong = pages.post("/system/backup", "administrator", {"step": "night", "at": "25:00", "full_every": "7"})
    assert "A time such as 02:30" in wrong.text
    fields = {"slug": "nas", "kind": "smb", "path": "backups", "host": "nas", "port": "0", "user": "u", "keep": "3"}
    assert "does not answer" in pages.post("/system/backup/~new", "administrator", fields).text
    assert pages.get("/system/backup/nothing", "administrator").status_int == 404
    for step in ("kept", "nonsense"):
        assert pages.post("/system/backup", "administrator", {"step": step}).status_int == 200
    assert Path(box.folder).is_dir()
