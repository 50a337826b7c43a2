"""Calls that a phone has beside our offers."""

import pytest

from drivers.asterisk.addresses import NOWHERE
from drivers.asterisk.channels import Channel
from drivers.asterisk.own_calls import OwnCalls


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("PJSIP/101-0000001a", "101"),
        ("PJSIP/main-carrier-0000001a", "main-carrier"),
        ("Local/5@x-1;2", "5@x"),
        ("PJSIP", ""),
        ("", ""),
    ],
)
def test_an_endpoint_is_found_in_a_name(name: str, endpoint: str) -> None:
    """Between the technology and the last number."""
    assert NOWHERE.endpoint(name) == endpoint


def test_a_phone_is_busy_from_its_first_call_to_the_end_of_its_last() -> None:
    """Told once each."""
    calls = OwnCalls()
    assert calls.began("1", "PJSIP/101-01") == "101"
    assert calls.began("2", "PJSIP/101-02") == ""
    assert calls.began("3", "PJSIP/102-03") == "102"
    assert calls.ended("1") == ""
    assert calls.is_busy("101")
    assert calls.ended("2") == "101"
    assert not calls.is_busy("101")
    assert calls.ended("2") == ""
    assert calls.ended("stranger") == ""


def test_a_connection_begins_anew() -> None:
    """What our offers have made is no call of the agent's own."""
    calls = OwnCalls()
    calls.began("1", "PJSIP/101-01")
    calls.replace([Channel(uniqueid="2", name="PJSIP/102-02"), Channel(uniqueid="o", name="PJSIP/103-03")], ["o"])
    assert [calls.is_busy(extension) for extension in ("101", "102", "103")] == [False, True, False]
    assert calls.ended("2") == "102"
