"""What the exchange tells, as facts; the events are as a real Asterisk 22.10 sent them."""

import pytest

from appliance.core import facts
from drivers.asterisk.channels import GONE_MAX, Channels
from tests.drivers.asterisk.played import AGENT, CALLER, Played


def test_the_end_of_a_leg_is_told_if_the_core_knows_it() -> None:
    """By Uniqueid and once, with the cause; a stranger's is nobody's business."""
    played = Played()
    ended: list[str] = []
    played.observer.on_end = ended.append
    played.born(CALLER, "PJSIP/carrier-00000001")
    played.observer.know(CALLER.uniqueid)
    for _ in range(2):
        played.hear("Hangup", Uniqueid=CALLER.uniqueid, Channel="PJSIP/carrier-00000001", Cause="44")
    played.hear("Hangup", Uniqueid="main-1.5", Channel="PJSIP/110-00000005", Cause="16")
    assert played.told == [facts.LegEnded(leg=CALLER, cause=44)]
    assert "main-1.5" in ended


def test_a_cause_that_is_no_number_is_none() -> None:
    """Text where a number should be is not believed."""
    played = Played()
    played.observer.know(CALLER.uniqueid)
    played.hear("Hangup", Uniqueid=CALLER.uniqueid, Channel="PJSIP/carrier-00000001", Cause="x")
    assert played.told == [facts.LegEnded(leg=CALLER, cause=0)]


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("17", "busy"),
        ("21", "refused"),
        ("19", "no_answer"),
        ("18", "unreachable"),
        ("3", "unreachable"),
        ("58", "failed"),
    ],
)
def test_a_phone_that_does_not_take_the_offer_says_why(cause: str, told: str) -> None:
    """The channel's end comes first and has the better reason; the failed Originate is then nothing new."""
    played = Played()
    action_id = played.observer.offering("of-1", AGENT.uniqueid)
    played.born(AGENT, "PJSIP/101-00000002", "5")
    played.hear("Hangup", Uniqueid=AGENT.uniqueid, Channel="PJSIP/101-00000002", Cause=cause)
    played.hear("OriginateResponse", ActionID=action_id, Response="Failure", Reason="1")
    assert played.told == [facts.OfferFailed(offer="of-1", cause=told)]


@pytest.mark.parametrize(("reason", "told"), [("0", "unreachable"), ("3", "no_answer"), ("5", "busy"), ("9", "failed")])
def test_a_phone_that_was_never_rung_says_why(reason: str, told: str) -> None:
    """Without a channel there is the reason of the Originate alone."""
    played = Played()
    action_id = played.observer.offering("of-1", AGENT.uniqueid)
    played.hear("OriginateResponse", ActionID=action_id, Response="Failure", Reason=reason, Uniqueid="<null>")
    assert played.told == [facts.OfferFailed(offer="of-1", cause=told)]


def test_an_answer_to_an_originate_of_others_is_nobodys() -> None:
    """Matched by ActionID alone."""
    played = Played()
    played.hear("OriginateResponse", ActionID="x-1", Response="Success", Uniqueid=AGENT.uniqueid)
    assert played.told == []


def test_an_answered_leg_that_is_gone_already_tells_nothing_more() -> None:
    """Its failure was told at its end."""
    played = Played()
    action_id = played.observer.offering("of-1", AGENT.uniqueid)
    played.hear("Hangup", Uniqueid=AGENT.uniqueid, Channel="PJSIP/101-00000002", Cause="16")
    played.hear("OriginateResponse", ActionID=action_id, Response="Success", Channel="PJSIP/101-00000002")
    assert played.told == [facts.OfferFailed(offer="of-1", cause="failed")]


def test_stand_ins_are_nobody() -> None:
    """While a channel is moved into a bridge, `Surrogate/…` bears its Uniqueid for an instant."""
    played = Played()
    name = "PJSIP/carrier-00000001"
    played.born(CALLER, name, "6")
    played.observer.know(CALLER.uniqueid)
    played.hear("Newchannel", Uniqueid="main-1.7", Channel=f"Surrogate/{name}", ChannelState="6")
    played.hear("Rename", Uniqueid=CALLER.uniqueid, Channel=name, Newname=f"Surrogate/{name}<MASQ>")
    played.hear("BridgeEnter", Uniqueid="main-1.7", Channel=f"Surrogate/{name}", BridgeUniqueid="b-1")
    played.hear("BridgeLeave", Uniqueid=CALLER.uniqueid, Channel=f"Surrogate/{name}", BridgeUniqueid="")
    played.hear("Hangup", Uniqueid=CALLER.uniqueid, Channel=f"Surrogate/{name}", Cause="16")
    channel = played.channels.get(CALLER.uniqueid)
    assert channel is not None
    assert (channel.name, channel.bridge) == (name, "")
    assert played.told == []
    assert [one.uniqueid for one in played.channels] == [CALLER.uniqueid]


def test_a_channel_is_followed_through_names_and_bridges() -> None:
    """By its Uniqueid for life."""
    played = Played()
    played.born(CALLER, "PJSIP/carrier-00000001")
    played.hear("Rename", Uniqueid=CALLER.uniqueid, Newname="PJSIP/carrier-0000000a")
    played.hear("BridgeEnter", Uniqueid=CALLER.uniqueid, Channel="PJSIP/carrier-0000000a", BridgeUniqueid="b-1")
    assert [one.name for one in played.channels.inside("b-1")] == ["PJSIP/carrier-0000000a"]
    played.hear("BridgeLeave", Uniqueid=CALLER.uniqueid, Channel="x", BridgeUniqueid="b-2")
    assert len(played.channels.inside("b-1")) == 1
    played.hear("BridgeLeave", Uniqueid=CALLER.uniqueid, Channel="x", BridgeUniqueid="b-1")
    assert (played.channels.inside("b-1"), played.channels.inside("")) == ((), ())


def test_two_who_were_not_asked_to_may_talk() -> None:
    """A call from one desk phone to another is theirs."""
    played = Played()
    for leg, name in ((CALLER, "PJSIP/101-00000001"), (AGENT, "PJSIP/102-00000002")):
        played.hear("BridgeEnter", Uniqueid=leg.uniqueid, Channel=name, BridgeUniqueid="b-1")
    assert played.told == []


def test_what_is_gone_stays_gone() -> None:
    """An event that comes late does not raise the dead; what is remembered of them has a limit."""
    channels = Channels()
    assert channels.born("", "x") is None
    assert channels.ended("1", "PJSIP/x-1") is not None
    assert channels.is_gone("1")
    assert channels.born("1", "PJSIP/x-1") is None
    assert channels.entered("1", "PJSIP/x-1", "b") == ()
    for number in range(GONE_MAX):
        channels.ended(f"o-{number}", "PJSIP/y")
    assert not channels.is_gone("1")


def test_after_a_reconnection_nothing_is_awaited() -> None:
    """The core is told what is there instead."""
    played = Played()
    action_id = played.observer.offering("of-1", AGENT.uniqueid)
    played.observer.wishing((CALLER, AGENT))
    played.observer.know(CALLER.uniqueid)
    played.born(CALLER, "PJSIP/carrier-00000001")
    played.observer.start_again()
    played.hear("OriginateResponse", ActionID=action_id, Response="Failure", Reason="5")
    played.hear("Hangup", Uniqueid=CALLER.uniqueid, Channel="PJSIP/carrier-00000001", Cause="16")
    played.observer.wish_failed((CALLER, AGENT))
    assert (played.told, tuple(played.channels)) == ([], ())


def test_an_event_that_we_do_not_know_is_nothing() -> None:
    """Asterisk may send more."""
    played = Played()
    played.hear("FullyBooted", Uptime="1")
    assert played.told == []


@pytest.mark.parametrize(
    ("name", "leg"),
    [
        ("BlindTransfer", "TransfererUniqueid"),
        ("AttendedTransfer", "OrigTransfererUniqueid"),
        ("AttendedTransfer", "SecondTransfererUniqueid"),
    ],
)
def test_a_phone_that_sends_its_partner_on_is_told(name: str, leg: str) -> None:
    """If it was done, and the leg is one of ours."""
    played = Played()
    played.observer.know(AGENT.uniqueid)
    played.hear(name, Result="Fail", **{leg: AGENT.uniqueid})
    played.hear(name, Result="Success", **{leg: "main-1.9"})
    assert played.told == []
    played.hear(name, Result="Success", **{leg: AGENT.uniqueid})
    assert played.told == [facts.SentOn(leg=AGENT, joined=name == "AttendedTransfer")]
