"""Columns give back what was put into them, whatever it was, and take few bytes."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.cdr import CDR, Outcome, Segment, Stretch
from appliance.core.columns import Ints, Text
from appliance.core.facts import Leg
from appliance.store.chunks import BATCH, Chunk, press
from appliance.store.columns import Body, Columns
from appliance.store.pressing import Pressed
from appliance.store.spread import gather, spread
from tests.store.calls import a_year, by_end
from tests.store.stand import a_cdr

BIG = 2**62


def opened(pressed: Pressed) -> Chunk:
    """Open a chunk that is not stored."""
    return Chunk(lambda: pressed.ready, lambda: pressed.who, lambda: pressed.rest)


def nowhere(name: str) -> Ints:
    """Know no other column."""
    raise KeyError(name)


class Alone:
    """A body that is read again and leads nowhere else."""

    def __init__(self, body: Body) -> None:
        """Take what was written."""
        self.columns = Columns(body.done(), self.look)

    def look(self, name: str) -> Ints:
        """Give a column of its own."""
        return self.columns.ints(name)


@settings(deadline=None)
@given(st.lists(st.integers(-BIG, BIG)), st.booleans())
def test_numbers_come_back(numbers: list[int], squeeze: bool) -> None:  # noqa: FBT001  hypothesis gives it
    """Any numbers of 63 bits, none too."""
    body = Body(nowhere, squeeze=squeeze)
    body.put("other", [number // 2 for number in numbers])
    body.put("some", numbers, beside=["other"])
    columns = Alone(body).columns
    assert columns.ints("some").tolist() == numbers
    assert columns.ints("other").tolist() == [number // 2 for number in numbers]


@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=5), st.from_regex(r"[a-z%]{0,3}0?[0-9]{1,20}[a-z]?", fullmatch=True))
    )
)
def test_texts_come_back(texts: Sequence[Text]) -> None:
    """Any texts, and none."""
    many = [text for text in texts for _ in range(2)]
    body = Body(nowhere, squeeze=True)
    body.put_texts("some", many)
    columns = Alone(body).columns
    assert columns.texts("some", np.arange(len(many))) == many


@pytest.mark.parametrize(
    ("texts", "how"),
    [
        ([f"{number:016x}" for number in range(1000)], "hex"),
        ([f"000001-{number:08d}" for number in range(1000)], "shaped"),
        ([f"100%d-{number}%%" for number in range(1000)], "shaped"),
        ([f"main-{number}.{number % 7}" if number % 2 else f"x{number}" for number in range(1000)], "shaped"),
        ([chr(0x4E00 + number) for number in range(1000)], "plain"),
        ([f"{'x' * (number % 90)}{number}" for number in range(1000)], "plain"),
        ([f"{number:016x}" for number in range(999)] + ["no"], "plain"),
        ([f"{'9' * 19}{number}" for number in range(1000)], "plain"),
        (["a", "b", None, "a"], "listed"),
    ],
)
def test_texts_are_written_as_what_they_are(texts: list[Text], how: str) -> None:
    """Ids as bytes, numbered words as numbers, few words as a list, all else squeezed."""
    body = Body(nowhere, squeeze=True)
    body.put_texts("some", texts)
    columns = Alone(body).columns
    assert columns.worded("some").how == how
    rows = np.array([3, 1, 2])
    assert columns.texts("some", rows) == [texts[3], texts[1], texts[2]]


def test_calls_come_back_and_take_few_bytes() -> None:
    """Every field of 4,096 calls, in any order asked for, in at most 64 bytes a call."""
    calls = by_end(a_year(5_000, length_s=5_000 * 31.5))[-4_096:]
    batches = [(1 << 40) + cdr.last[1] - 3 for cdr in calls]
    pressed = press(calls, batches)
    chunk = opened(pressed)
    assert chunk.calls(np.arange(len(calls))) == calls
    assert chunk.calls(np.array([9, 3, 3])) == [calls[9], calls[3], calls[3]]
    assert chunk.calls(np.array([], np.int64)) == []
    assert chunk.ints(BATCH).tolist() == batches
    assert (pressed.began, pressed.ended) == (min(cdr.began for cdr in calls), calls[-1].ended)
    assert (len(pressed.ready) + len(pressed.who) + len(pressed.rest)) / len(calls) <= 64


TEXTS = st.text(max_size=4)
SEGMENTS = st.builds(
    Segment,
    stretch=st.sampled_from(Stretch),
    since=st.integers(0, BIG),
    until=st.integers(0, BIG),
    node=TEXTS,
    queue=TEXTS,
    agent=TEXTS,
    outcome=st.none() | st.sampled_from(Outcome),
)
CALLS = st.builds(
    CDR,
    interaction=TEXTS,
    leg=st.builds(Leg, TEXTS, TEXTS),
    trunk=TEXTS,
    number=TEXTS,
    party=TEXTS,
    began=st.integers(0, BIG),
    ended=st.integers(0, BIG),
    outcome=st.sampled_from(Outcome),
    segments=st.lists(SEGMENTS, max_size=3).map(tuple),
    first=st.tuples(st.integers(0, BIG), st.integers(0, BIG)),
)


@settings(deadline=None)
@given(st.lists(CALLS, min_size=1, max_size=8))
def test_any_calls_come_back(calls: list[CDR]) -> None:
    """Also those without segments, and times that make no sense."""
    chunk = opened(press(calls, [7] * len(calls)))
    assert chunk.calls(np.arange(len(calls))) == calls


def test_masks_tell_which_calls_have_a_text() -> None:
    """In a call's own column, in that of its segments, and of a column that there is not."""
    waiting = Segment(stretch=Stretch.WAITING, since=0, until=1, queue="sales")
    ids = [f"{number:016x}" for number in range(300)]
    calls = [a_cdr(f"1-{n}", party=party, queue=f"q{n % 3}") for n, party in enumerate(ids)]
    calls[5] = msgspec.structs.replace(calls[5], segments=(waiting, waiting))
    chunk = opened(press(calls, [0] * len(calls)))
    assert np.flatnonzero(chunk.mask("party", frozenset([ids[7], "x", ids[9], "zz" * 8]))).tolist() == [7, 9]
    assert np.flatnonzero(chunk.mask("queue", frozenset(["q1"]))).tolist() == list(range(1, 300, 3))
    assert np.flatnonzero(chunk.mask("interaction", frozenset(["1-44"]))).tolist() == [44]
    assert np.flatnonzero(chunk.owned("segments", chunk.mask("segments.queue", frozenset(["sales"])))).tolist() == [5]
    assert not chunk.mask("queue", frozenset()).any()
    assert not chunk.mask("nothing", frozenset(["x"])).any()
    words = chunk.words("interaction")
    assert [words.values[place] for place in words.places.tolist()] == [cdr.interaction for cdr in calls]


class Old(msgspec.Struct, frozen=True, kw_only=True):
    """A record of an older release."""

    name: str
    flag: bool
    marks: dict[str, int]


class New(Old, frozen=True, kw_only=True):
    """The same with more fields."""

    legs: tuple[Leg, ...] = ()
    score: float = 0.5


def test_fields_that_were_added_have_their_defaults() -> None:
    """A chunk of an older release is read by a newer one; what has no column of its own is JSON."""

    class Kept:
        """Columns as they are."""

        def __init__(self, records: Sequence[Old]) -> None:
            self._columns = {column.name: column.values for column in spread(type(records[0]), "", "", records)}

        def has(self, name: str) -> bool:
            return any(found == name or found.startswith((f"{name}.", f"{name}#")) for found in self._columns)

        def ints(self, name: str) -> Ints:
            return np.array(self._columns[name], np.int64)

        def texts(self, name: str, rows: Ints) -> list[Text]:
            return [self._columns[name][row] for row in rows.tolist()]

    old = [Old(name="a\ud800", flag=True, marks={"x": 1}), Old(name="b", flag=False, marks={})]
    assert gather(New, "", Kept(old), np.arange(2)) == [
        New(name="a?", flag=True, marks={"x": 1}),
        New(name="b", flag=False, marks={}),
    ]
    new = [New(name="c", flag=True, marks={}, legs=(Leg("a", "b"), Leg("c", "d")), score=1.5)]
    assert gather(New, "", Kept(new), np.arange(1)) == new
