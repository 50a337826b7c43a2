"""People: parties, labels, notes, recordings' keys, and forgetting them."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.facts import PartyView
from appliance.store import people as people_module
from appliance.store.opened import Store
from appliance.store.orders import Sealed
from appliance.store.people import LABEL_CHARACTERS_MAX, NOTE_CHARACTERS_MAX, NOTES_MAX, Label, cleaned
from appliance.store.reader import Reader
from tests.store.stand import BEGIN

WAIT_S = 60


def test_number_is_one_party_and_keeps_its_latest_name(store: Store, reader: Reader) -> None:
    """Know a number again, with the name that it came with last."""
    first = store.people.party_of("13800138000", "Wang", BEGIN).result(WAIT_S)
    again = store.people.party_of("13800138000", "", BEGIN).result(WAIT_S)
    renamed = store.people.party_of("13800138000", "Wang Fang", BEGIN).result(WAIT_S)
    other = store.people.party_of("13800138001", "Wang", BEGIN).result(WAIT_S)
    assert first.party == again.party == renamed.party != other.party
    assert (again.name, renamed.name) == ("Wang", "Wang Fang")
    assert reader.labels([first.party, "unknown"]) == {first.party: Label(number="13800138000", name="Wang Fang")}
    assert store.people.labels([other.party]).result(WAIT_S) == {other.party: Label(number="13800138001", name="Wang")}


def test_a_caller_who_was_recognised_too_late_is_kept(store: Store) -> None:
    """Under the id that went on: known as such if it was made meanwhile, else beside the number's own party."""
    made = store.people.party_of("13800138000", "Wang", BEGIN, "fresh").result(WAIT_S)
    assert made.party == "fresh"
    store.people.keep_late("fresh", "999", "Nobody", BEGIN).result(WAIT_S)
    store.people.keep_late("later", "13800138000", "Wang", BEGIN).result(WAIT_S)
    store.people.keep_late("new", "120", "Li\x00", BEGIN).result(WAIT_S)
    store.people.keep_late("hidden", "anonymous", "", BEGIN).result(WAIT_S)
    assert store.people.labels(["fresh", "later", "new", "hidden"]).result(WAIT_S) == {
        "fresh": Label(number="13800138000", name="Wang"),
        "later": Label(number="13800138000", name="Wang"),
        "new": Label(number="120", name="Li"),
        "hidden": Label(number="", name=""),
    }
    assert store.people.party_of("13800138000", "", BEGIN).result(WAIT_S).party == "fresh"
    assert store.people.party_of("120", "", BEGIN).result(WAIT_S).party == "new"


def test_withheld_number_is_a_fresh_party_each_time(store: Store) -> None:
    """Never match a withheld number, nor show one."""
    met = set()
    for number in ("", "anonymous", "Anonymous", "Restricted", " unknown ", "\x00", ""):
        known = store.people.party_of(number, "", BEGIN).result(WAIT_S)
        assert known.number == ""
        met.add(known.party)
    assert len(met) == 7


def test_last_agent_is_remembered_for_routing(store: Store) -> None:
    """Give routing the agent who talked last, for a number that is known and never for a withheld one."""
    known = store.people.party_of("110", "", BEGIN).result(WAIT_S)
    assert known.view == PartyView()
    withheld = store.people.party_of("", "", BEGIN).result(WAIT_S)
    for party in (known.party, withheld.party, "unknown"):
        store.people.talked(party, "ann", BEGIN).result(WAIT_S)
    assert store.people.party_of("110", "", BEGIN).result(WAIT_S).view == PartyView(last_agent="ann")


def test_what_is_said_of_a_caller_is_given_to_routing(store: Store) -> None:
    """By id or number, which need not have called; what is not said stays; nobody else is made up."""
    people = store.people
    known = people.party_of("110", "", BEGIN).result(WAIT_S)
    people.talked(known.party, "ann", BEGIN).result(WAIT_S)
    assert people.set_view("110", {"grade": "gold", "priority": 2}, BEGIN).result(WAIT_S)
    assert people.set_view(known.party, {"preferred": "bob", "priority": 0}, BEGIN).result(WAIT_S)
    expected = PartyView(grade="gold", preferred="bob", last_agent="ann")
    assert people.party_of("110", "", BEGIN).result(WAIT_S).view == expected
    assert people.set_view("+49 30 1", {"blocked": True}, BEGIN).result(WAIT_S) is False
    assert people.set_view("+49301", {"blocked": True}, BEGIN).result(WAIT_S)
    assert people.party_of("+49301", "", BEGIN).result(WAIT_S).view == PartyView(blocked=True)
    assert people.set_view("", {"blocked": True}, BEGIN).result(WAIT_S) is False


def test_notes_are_kept_by_agent_and_cleaned(store: Store, reader: Reader) -> None:
    """Keep the last note of each agent, cleaned; an empty one takes it away."""
    write = store.people.write_note
    write("1-1", "p", "ann", "first", BEGIN).result(WAIT_S)
    write("1-1", "p", "bob", "line one\r\nline\x00 two\x1b[31m", BEGIN + 1).result(WAIT_S)
    write("1-1", "p", "ann", "second", BEGIN + 2).result(WAIT_S)
    assert [(note.agent, note.text) for note in reader.notes(["1-1", "1-2"])["1-1"]] == [
        ("bob", "line one\nline two [31m"),
        ("ann", "second"),
    ]
    write("1-1", "p", "ann", "", BEGIN).result(WAIT_S)
    write("1-1", "p", "bob", " \n ", BEGIN).result(WAIT_S)
    write("1-3", "p", "bob", "x" * 20_000, BEGIN).result(WAIT_S)
    assert store.people.notes(["1-1"]).result(WAIT_S) == {}
    assert len(reader.notes(["1-3"])["1-3"][0].text) == NOTE_CHARACTERS_MAX
    for number in range(NOTES_MAX + 5):
        write("1-4", "p", f"agent-{number}", "x", BEGIN).result(WAIT_S)
    assert len(reader.notes(["1-4"])["1-4"]) == NOTES_MAX


def test_recording_has_one_key_for_life(store: Store) -> None:
    """Give a recording its key once, whoever asks again."""
    begin = store.people.begin_recording
    order = begin("r1", exchange="Box/../1", interaction="1-1", party="p", now_us=BEGIN).result(WAIT_S)
    again = begin("r1", exchange="box", interaction="1-1", party="q", now_us=BEGIN + 10**13).result(WAIT_S)
    assert order is not None
    assert order == again == store.people.seal_order("r1", BEGIN).result(WAIT_S)
    assert order.file.startswith("box-1/2026/09/")
    assert len(order.key) == 32
    left_over = store.people.seal_order("r2", BEGIN).result(WAIT_S)
    assert left_over is not None
    assert left_over.file.startswith("unknown/2026/09/")
    assert left_over.key != order.key
    assert store.people.recordings_unsealed().result(WAIT_S) == ("r1", "r2")
    store.people.sealed(Sealed(recording="r1", file=order.file, samples=8000), BEGIN).result(WAIT_S)
    assert store.people.recordings_unsealed().result(WAIT_S) == ("r2",)


def test_erased_party_is_gone_with_all_that_belongs_to_it(store: Store, reader: Reader) -> None:
    """Forget label, notes and keys of a party, and nobody else's; the number is a stranger's afterwards."""
    people = store.people
    gone = people.party_of("110", "Gone", BEGIN).result(WAIT_S).party
    kept = people.party_of("120", "Kept", BEGIN).result(WAIT_S).party
    for party, name in ((gone, "1"), (kept, "2")):
        people.write_note(f"1-{name}", party, "ann", "note", BEGIN).result(WAIT_S)
        people.begin_recording(f"r{name}", exchange="box", interaction="", party=party, now_us=BEGIN).result(WAIT_S)
    order = people.seal_order("r1", BEGIN).result(WAIT_S)
    assert order is not None
    assert people.erase(gone, BEGIN).result(WAIT_S)
    assert not people.erase(gone, BEGIN).result(WAIT_S)
    assert not people.erase("", BEGIN).result(WAIT_S)
    assert set(reader.labels([gone, kept])) == {kept}
    assert set(reader.notes(["1-1", "1-2"])) == {"1-2"}
    assert people.recordings_unsealed().result(WAIT_S) == ("r2",)
    people.sealed(Sealed(recording="r1", file=order.file, samples=1), BEGIN).result(WAIT_S)
    assert reader.recording("r1") is None
    assert people.party_of("110", "", BEGIN).result(WAIT_S).party != gone


def test_names_are_kept_and_cleaned(store: Store, reader: Reader) -> None:
    """Keep persons' names, cleaned."""
    store.people.set_names({"ann": " Ann\x00 <script>\u202e ", "bob": "王芳"}).result(WAIT_S)
    assert store.people.names().result(WAIT_S) == reader.names() == {"ann": "Ann <script>", "bob": "王芳"}


@settings(max_examples=2000, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=400), st.booleans())
def test_cleaned_text_is_text(text: str, lines: bool) -> None:  # noqa: FBT001  hypothesis gives it
    """Leave of any text only what is text, never too much, and leave clean text alone."""
    clean = cleaned(text, lines=lines)
    assert len(clean) <= LABEL_CHARACTERS_MAX
    assert all(
        not unicodedata.category(character).startswith("C") or (lines and character == "\n") for character in clean
    )
    assert cleaned(clean, lines=lines) == clean
    clean.encode()


def test_search_stops_somewhere(store: Store, reader: Reader) -> None:
    """Find parties by part of number or name, among the first so many."""
    for number in range(5):
        store.people.party_of(f"1380000{number}", f"Name {number}", BEGIN).result(WAIT_S)
    tables = people_module.parties_like
    find = reader._people  # noqa: SLF001  a look at the search itself
    assert len(find(lambda people: tables(people, "name", 100))) == 5
    assert len(find(lambda people: tables(people, "00003", 100))) == 1
    assert len(find(lambda people: tables(people, "name", 2))) == 2


def test_recording_that_was_live_at_the_erasure_is_never_sealed(store: Store, reader: Reader) -> None:
    """Give no order for it from then on, however often it is begun again; nor for one that begins afterwards."""
    people = store.people
    gone = people.party_of("110", "Gone", BEGIN).result(WAIT_S).party
    people.begin_recording("r1", exchange="box", interaction="1-1", party=gone, now_us=BEGIN).result(WAIT_S)
    assert people.erase(gone, BEGIN).result(WAIT_S)
    assert people.seal_order("r1", BEGIN).result(WAIT_S) is None
    for name in ("r1", "r2"):
        begun = people.begin_recording(name, exchange="box", interaction="1-1", party=gone, now_us=BEGIN)
        assert begun.result(WAIT_S) is None
        assert people.seal_order(name, BEGIN).result(WAIT_S) is None
    assert people.recordings_unsealed().result(WAIT_S) == ()
    assert reader.recording("r1") is None


def test_left_over_gets_its_owner_when_that_is_known(store: Store) -> None:
    """Find it among the party's belongings then, whoever asked for it first."""
    people = store.people
    party = people.party_of("110", "", BEGIN).result(WAIT_S).party
    order = people.seal_order("r1", BEGIN).result(WAIT_S)
    assert people.seal_order("r1", BEGIN, interaction="1-1", party=party).result(WAIT_S) == order
    assert people.seal_order("r2", BEGIN, interaction="1-2", party=party).result(WAIT_S) is not None
    assert people.erase(party, BEGIN).result(WAIT_S)
    assert [people.seal_order(name, BEGIN).result(WAIT_S) for name in ("r1", "r2")] == [None, None]
