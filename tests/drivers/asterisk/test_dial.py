"""Calling a customer back, as Asterisk hears it and tells of it."""

import msgspec
import pytest

from appliance.core import effects, facts
from tests.drivers.asterisk.played import Played

CUSTOMER = facts.Leg("main", "c-000001-00000001")
DIAL = effects.Dial(leg=CUSTOMER, interaction="i-1", party="p", trunk="carrier", number="2001", ring_s=30)


def test_a_customer_is_called_and_goes_into_the_callers_loop() -> None:
    """One Originate over the trunk with the leg's own Uniqueid, showing our number; picked up, its end is told."""
    played = Played()
    played.number = "+15550100"
    played.performer.perform(DIAL)
    (asked,) = played.actions()
    assert (asked["Channel"], asked["ChannelId"]) == ("PJSIP/+15550100@carrier", CUSTOMER.uniqueid)
    assert (asked["Context"], asked["Exten"], asked["Timeout"]) == ("sr-caller", "s", "30000")
    assert asked["CallerID"] == '"" <2001>'
    played.answer(asked)
    played.born(CUSTOMER, "PJSIP/carrier-00000002", "5")
    played.hear("OriginateResponse", ActionID=asked["ActionID"], Response="Success", Channel="PJSIP/carrier-00000002")
    assert played.told == []
    played.hear("Hangup", Uniqueid=CUSTOMER.uniqueid, Channel="PJSIP/carrier-00000002", Cause="16")
    assert played.told == [facts.LegEnded(leg=CUSTOMER, cause=16)]


@pytest.mark.parametrize("number", ["", "1,2&3", "anna@example.org", "1"])
def test_who_has_no_number_is_not_called(number: str) -> None:
    """Nothing of it reaches Asterisk."""
    played = Played()
    played.number = number
    played.performer.perform(DIAL)
    assert played.actions() == []
    assert played.told == [facts.DialFailed(leg=CUSTOMER, cause="no_number")]


def test_a_customer_who_is_not_reached_is_told_once() -> None:
    """By whichever of Hangup and OriginateResponse comes first; or by the refusal; or because no trunk is named."""
    played = Played()
    played.performer.perform(DIAL)
    (asked,) = played.actions()
    played.answer(asked)
    played.born(CUSTOMER, "PJSIP/carrier-00000002", "5")
    played.hear("Hangup", Uniqueid=CUSTOMER.uniqueid, Channel="PJSIP/carrier-00000002", Cause="17")
    played.hear("OriginateResponse", ActionID=asked["ActionID"], Response="Failure", Reason="5")
    assert played.told == [facts.DialFailed(leg=CUSTOMER, cause="busy")]
    for dial, answer in ((DIAL, "Error"), (msgspec.structs.replace(DIAL, trunk=""), "")):
        played = Played()
        played.performer.perform(dial)
        for asked in played.actions():
            played.answer(asked, answer)
        assert played.told == [facts.DialFailed(leg=CUSTOMER, cause="failed")]
    played = Played()
    played.performer.perform(DIAL)
    (asked,) = played.actions()
    played.hear("OriginateResponse", ActionID=asked["ActionID"], Response="Failure", Reason="3")
    assert played.told == [facts.DialFailed(leg=CUSTOMER, cause="no_answer")]
    played.hear("OriginateResponse", ActionID=asked["ActionID"], Response="Success")
    assert len(played.told) == 1


@pytest.mark.parametrize(
    "heard", [{"Response": "Failure", "Reason": "0"}, {"Response": "Failure", "Reason": "8"}, {"Cause": "34"}]
)
def test_a_trunk_that_has_no_line_is_told_as_such(heard: dict[str, str]) -> None:
    """So that another one is tried."""
    played = Played()
    played.performer.perform(DIAL)
    (asked,) = played.actions()
    played.answer(asked)
    played.born(CUSTOMER, "PJSIP/carrier-00000002", "0")
    if "Cause" in heard:
        played.hear("Hangup", Uniqueid=CUSTOMER.uniqueid, Channel="PJSIP/carrier-00000002", **heard)
    else:
        played.hear("OriginateResponse", ActionID=asked["ActionID"], **heard)
    assert played.told == [facts.DialFailed(leg=CUSTOMER, cause="congested")]


def test_a_trunk_takes_so_many_calls_at_once() -> None:
    """Those of others are counted, and those that we have asked for and not yet seen; each is counted once."""
    played = Played()
    played.performer.trunks = {"carrier": 2, "other": 0}
    played.born(facts.Leg("main", "1.1"), "PJSIP/carrier-00000001", "6")
    played.born(facts.Leg("main", "1.2"), "PJSIP/carrier-two-00000001", "6")
    played.performer.perform(DIAL)
    (asked,) = played.actions()
    assert asked["Variable"] == "GROUP(trunk)=carrier"
    second = facts.Leg("main", "c-000001-00000002")
    played.performer.perform(msgspec.structs.replace(DIAL, leg=second))
    assert played.told == [facts.DialFailed(leg=second, cause="congested")]
    played.hear("Hangup", Uniqueid="1.1", Channel="PJSIP/carrier-00000001", Cause="16")
    played.born(CUSTOMER, "PJSIP/carrier-00000003", "6")
    third = facts.Leg("main", "c-000001-00000003")
    played.performer.perform(msgspec.structs.replace(DIAL, leg=third))
    played.performer.perform(msgspec.structs.replace(DIAL, leg=facts.Leg("main", "c-4"), trunk="other"))
    assert len(played.told) == 1
