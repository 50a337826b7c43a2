"""What the proof of `make soak` (tests/unkillable/report.py) reckons with."""

from tests.unkillable.report import least_said, percentile


def test_a_percentile_is_one_of_the_values() -> None:
    """Of one hundred the 99th, of few the last."""
    assert percentile(range(1, 101), 99) == 99
    assert percentile([3, 1, 2], 99) == 3
    assert percentile([3, 1, 2], 50) == 2


def test_the_worst_call_tells_whether_the_load_kept_up() -> None:
    """A call that ended or came meanwhile says nothing."""
    assert least_said({"a": 100, "b": 100, "gone": 5}, {"a": 600, "b": 590, "new": 1}, 10.0) == 0.98
