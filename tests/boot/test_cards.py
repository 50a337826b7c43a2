"""Settings of telephone cards are applied by root: taken by the drivers and kept, or refused and taken back."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import root_work as words
from boot.cards import FILES, CardFiles
from boot.wiring import take_back_early
from drivers.dahdi import applied
from tests import hostile
from tests.boot.applying import ALL, texts
from tests.boot.root_part import PROJECT, RootPart, cards_in, root_part
from tests.drivers.dahdi.office import SPANS, a_span

KILLS_S_MAX = 300.0


def seen_of(part: RootPart) -> words.Cards:
    """Ask what is applied."""
    found = part.ask(words.LookCards()).cards
    assert found is not None
    return found


def lying(folder: Path) -> dict[str, str]:
    """Read the files as the drivers do."""
    return {file: (folder / "dahdi" / file).read_text() for file in FILES}


def test_what_drivers_take_is_kept(tmp_path: Path) -> None:
    """Then it is what is seen, with its time; the same again is no harm."""
    with root_part(tmp_path) as part:
        assert seen_of(part) == words.Cards(drivers=True)
        assert part.ask(words.ApplyCards(spans=ALL)) == words.Answer()
        seen = seen_of(part)
        assert (seen.spans, seen.files) == (ALL, texts(ALL))
        assert seen.at > 1_000_000_000_000_000
        assert lying(tmp_path) == texts(ALL)
        assert part.told[-1] == "systemctl restart dahdi.service"
        assert part.ask(words.ApplyCards(spans=ALL, seen=seen.digest)) == words.Answer()
        assert part.ask(words.ApplyCards(spans=ALL[:1], seen=seen.digest)) == words.Answer()
        assert lying(tmp_path) == texts(ALL[:1])
        assert part.ask(words.ApplyCards(spans=ALL, seen=seen.digest)).problem == "stale"
        assert lying(tmp_path) == texts(ALL[:1])
    assert (tmp_path / "dahdi/good/applied.json").stat().st_mode & 0o777 == 0o644
    assert applied.read(tmp_path / "dahdi/good/applied.json") == ALL[:1]
    asked = [json.loads(line)["asked"]["ask"] for line in part.audit.splitlines() if "apply-cards" in line]
    assert len(asked) == 4


def test_what_drivers_refuse_is_taken_back(tmp_path: Path) -> None:
    """They get the old files once more, and the answer has their own word; so too with nothing before."""
    with root_part(tmp_path) as part:
        (tmp_path / "absent").write_text("2")
        answer = part.ask(words.ApplyCards(spans=ALL))
        assert answer.problem == "not_applied"
        assert answer.detail == "DAHDI_SPANCONFIG failed on span 2: No such device or address (6)"
        assert seen_of(part) == words.Cards(drivers=True)
        assert not (tmp_path / "dahdi/system.conf").exists(), "nothing was good before"
        assert part.ask(words.ApplyCards(spans=ALL[:1])) == words.Answer()
        digest = seen_of(part).digest
        before = len(part.told)
        assert part.ask(words.ApplyCards(spans=ALL, seen=digest)).problem == "not_applied"
        restarts = [line for line in part.told[before:] if line == "systemctl restart dahdi.service"]
        assert len(restarts) == 2
        assert lying(tmp_path) == texts(ALL[:1])
        assert (tmp_path / "kernel/channels").exists()
        assert seen_of(part).digest == digest


def test_drivers_that_refuse_the_old_files_too_are_no_secret(tmp_path: Path) -> None:
    """As when a card that both need was pulled out; what was good stays good, and can be applied again."""
    with root_part(tmp_path) as part:
        assert part.ask(words.ApplyCards(spans=ALL)) == words.Answer()
        digest = seen_of(part).digest
        (tmp_path / "absent").write_text("2")
        answer = part.ask(words.ApplyCards(spans=ALL[:2], seen=digest))
        assert answer.problem == "not_taken_back"
        assert answer.detail.count("DAHDI_SPANCONFIG failed on span 2") == 2
        assert seen_of(part).digest == digest
        (tmp_path / "absent").unlink()
        assert part.ask(words.ApplyCards(spans=ALL, seen=digest)) == words.Answer()


def test_a_machine_without_drivers_says_so(tmp_path: Path) -> None:
    """Nothing is written."""
    with root_part(tmp_path) as part:
        (tmp_path / "programs/dahdi_cfg").unlink()
        assert seen_of(part) == words.Cards()
        assert part.ask(words.ApplyCards(spans=ALL)).problem == "no_dahdi"
        assert list((tmp_path / "dahdi").iterdir()) == []


def test_files_made_by_hand_are_seen_and_come_back(tmp_path: Path) -> None:
    """They are what was good, though nobody knows which spans they mean."""
    by_hand = "span=1,1,0,ccs,hdb3\nbchan=1-15,17-31\ndchan=16\n"
    with root_part(tmp_path) as part:
        (tmp_path / "dahdi/system.conf").write_text(by_hand)
        (tmp_path / "dahdi/assigned-spans.conf").write_text("# by hand\n")
        seen = seen_of(part)
        assert seen.spans is None
        assert seen.files == {"system.conf": by_hand, "assigned-spans.conf": "# by hand\n"}
        (tmp_path / "absent").write_text("2")
        assert part.ask(words.ApplyCards(spans=ALL)).problem == "stale"
        assert part.ask(words.ApplyCards(spans=ALL, seen=seen.digest)).problem == "not_applied"
        assert seen_of(part).files == seen.files
        assert (tmp_path / "dahdi/system.conf").read_text() == by_hand
        (tmp_path / "absent").unlink()
        assert part.ask(words.ApplyCards(spans=ALL, seen=seen_of(part).digest)) == words.Answer()
        assert lying(tmp_path) == texts(ALL)


def test_a_power_cut_ends_a_trial(tmp_path: Path) -> None:
    """The first start after it goes by what was good, before anybody asks."""
    files = cards_in(tmp_path)
    files.try_out(ALL[:1])
    files.keep()
    files.try_out(ALL)
    assert lying(tmp_path) == texts(ALL)
    take_back_early(files)
    assert lying(tmp_path) == texts(ALL[:1])
    assert files.settled


@pytest.mark.parametrize("torn", [b"", b"{", b'{"spans":[{}]}', b'{"spans":' + b"[" * 100_000, b"\xff" * 100])
def test_a_torn_note_of_what_is_applied_is_no_note(tmp_path: Path, torn: bytes) -> None:
    """The files are what counts; which spans they mean is not known then."""
    files: CardFiles = cards_in(tmp_path)
    files.try_out(ALL)
    files.keep()
    (tmp_path / "dahdi/good/applied.json").write_bytes(torn)
    assert files.seen().spans is None
    assert files.seen().files == texts(ALL)


def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """Of the root part, of what takes the files, of the machine's power: never neither, and never half of each."""
    argv = [sys.executable, "-m", "tests.boot.applying", str(tmp_path), "24", "3"]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, timeout=KILLS_S_MAX, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["struck"] >= 24
    assert told["applied"] >= 3
    assert min(told["kills"], told["cuts"]) >= 5


# -- the words themselves


@pytest.mark.parametrize(
    ("spans", "field"),
    [
        (({"slug": "a b"},), "spans.slug"),
        (({"slug": "x\nspan=1"},), "spans"),
        (({"title": "Carrier"},), "spans"),
        (({"out": [1]},), "spans"),
        (({"card": "x\nspan=9"},), "card"),
        (({"card": "$(reboot)"},), "card"),
        (({"card": "DYN/loc/1:0,31,0"},), "card"),
        (({"country": "us\nspan=9"},), "country"),
        (({"echo": "mg2,1-2\nx"},), "echo"),
        (({"signalling": "sh"},), "signalling"),
        (({"number": 0},), "number"),
        (({"first": 1023},), "spans"),
        (({"channels": 10_000},), "channels"),
        (({}, {"number": 2}), "spans"),
        (({"number": 2}, {"number": 1, "slug": "b", "first": 40, "port": 2}), "spans"),
        (({}, {"number": 1, "slug": "b", "first": 40, "port": 2}), "spans"),
    ],
)
def test_spans_that_no_card_has_are_refused(spans: tuple[dict[str, object], ...], field: str) -> None:
    """In order, plain, and with numbers of their own."""
    usual = {"slug": "a", "card": "1TE235", "number": 1, "first": 1, "channels": 31}
    asked = {"ask": "apply-cards", "spans": [usual | span for span in spans]}
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(asked, words.AnyQuestion)


@given(
    st.dictionaries(
        st.sampled_from(("slug", "card", "country", "line", "signalling", "echo", "fxs", "fxo", "switch", "variant")),
        st.one_of(st.text(max_size=80), st.sampled_from([*hostile.SQL, *hostile.SHELL])),
        max_size=3,
    )
)
def test_no_text_begins_a_line_of_its_own(given_: dict[str, str]) -> None:
    """What is accepted makes a file of the lines that an E1 has."""
    span = msgspec.to_builtins(a_span()) | given_
    try:
        question = msgspec.convert({"ask": "apply-cards", "spans": [span]}, words.ApplyCards)
    except msgspec.ValidationError:
        return
    for line in texts(question.spans)["system.conf"].splitlines():
        assert line.partition("=")[0].startswith(
            ("#", "loadzone", "defaultzone", "span", "bchan", "dchan", "echocanceller", "cas", "e&m", "mtp2", "dynamic")
        )
        assert line.isprintable()


def test_wiring_is_what_drivers_are_told() -> None:
    """No titles, no lines out of service, in the order of their numbers, whatever the order they come in."""
    assert words.wiring(reversed(SPANS)) == ALL
    assert all(not span.out and not span.title for span in ALL)
