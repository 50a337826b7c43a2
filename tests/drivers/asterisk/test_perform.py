"""What the core asks for, as Asterisk hears it."""

import pytest

from appliance.core import effects, facts
from drivers.asterisk import perform
from tests.drivers.asterisk.played import (
    AGENT,
    CALLER,
    HELD,
    HOLD,
    RECORDED,
    TOLD,
    Played,
    a_prompt,
    go_through,
    logged_errors,
    said,
)

OFFER = effects.Offer(
    offer="of-1",
    interaction="i-1",
    leg=AGENT,
    agent="anna",
    extension="101",
    party="p",
    queue="support",
    ring_s=20,
)


def test_a_leg_that_asks_anew_closes_what_it_had() -> None:
    """One session a leg."""
    played = Played()
    _, first = played.asks()
    _, second = played.asks()
    assert (first.state, second.state, played.performer.asking) == ("closed", "open", (CALLER.uniqueid,))


def test_a_leg_is_sent_on() -> None:
    """To an extension or outside, by the dialplan."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(effects.Forward(leg=CALLER, interaction="i-1", extension="110", ring_s=9))
    assert go_through(session, pipe)[-3:] == [
        "SET VARIABLE SR_TO 110",
        "SET VARIABLE SR_RING 9",
        "SET VARIABLE SR_DONE forward",
    ]
    session, pipe = played.asks()
    played.performer.perform(effects.Forward(leg=CALLER, interaction="i-1", outside="5550199", ring_s=9))
    assert go_through(session, pipe) == ["SET VARIABLE SR_TO 5550199", "SET VARIABLE SR_DONE outside"]


def test_a_leg_that_asks_is_hung_up_over_its_session() -> None:
    """With the cause; this needs no AMI."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(effects.HangUp(leg=CALLER, cause=1))
    assert go_through(session, pipe) == ["SET VARIABLE SR_CAUSE 1", "SET VARIABLE SR_DONE end"]
    session, pipe = played.asks()
    played.performer.perform(effects.FallBack(leg=CALLER))
    assert go_through(session, pipe) == ["SET VARIABLE SR_DONE fall-back"]
    assert played.actions() == []


def test_a_leg_that_does_not_ask_or_is_being_told_something_is_hung_up_by_name() -> None:
    """A prompt is not waited for."""
    played = Played()
    played.born(CALLER, "PJSIP/carrier-00000001")
    played.performer.perform(effects.HangUp(leg=CALLER, cause=21))
    played.asks()
    played.performer.perform(a_prompt())
    played.performer.perform(effects.HangUp(leg=CALLER))
    played.performer.perform(effects.FallBack(leg=CALLER))
    played.performer.perform(effects.Recall(leg=CALLER))
    asked = played.actions()
    assert [(one["Action"], one["Channel"], one.get("Cause")) for one in asked[:2]] == [
        ("Hangup", "PJSIP/carrier-00000001", "21"),
        ("Hangup", "PJSIP/carrier-00000001", "16"),
    ]
    assert [(one["Context"], one["Exten"], one["Priority"]) for one in asked[2:]] == [
        ("sr-fall-back", "s", "1"),
        ("sr-caller", "s", "ask"),
    ]


def test_nothing_is_asked_about_a_leg_that_is_gone() -> None:
    """Its end was told."""
    played = Played()
    played.born(CALLER, "PJSIP/carrier-00000001")
    played.hear("Hangup", Uniqueid=CALLER.uniqueid, Channel="PJSIP/carrier-00000001", Cause="16")
    played.performer.perform(effects.HangUp(leg=CALLER))
    played.performer.perform(effects.Recall(leg=CALLER))
    played.performer.perform(HOLD)
    assert played.actions() == []


def test_an_offer_rings_and_is_answered() -> None:
    """One Originate with the leg's own Uniqueid, the party's name, and variables that say whose it is."""
    played = Played()
    played.number, played.name = "+1 (555) 01;00", 'Anna "the\r\nBoss" <1>'
    played.performer.perform(OFFER)
    (asked,) = played.actions()
    assert asked["Channel"] == "PJSIP/101"
    assert asked["ChannelId"] == AGENT.uniqueid
    assert asked["ActionID"] == f"offer-{AGENT.uniqueid}"
    assert asked["CallerID"] == '"Anna  the  Boss   1 " <+15550100>'
    assert (asked["Context"], asked["Exten"], asked["Timeout"]) == ("sr-agent", "wait", "25000")
    played.answer(asked)
    played.born(AGENT, "PJSIP/101-00000002", "0")
    played.hear("Newstate", Uniqueid=AGENT.uniqueid, Channel="PJSIP/101-00000002", ChannelState="5")
    played.hear("Newstate", Uniqueid=AGENT.uniqueid, Channel="PJSIP/101-00000002", ChannelState="5")
    played.hear("OriginateResponse", ActionID=asked["ActionID"], Response="Success", Channel="PJSIP/101-00000002")
    assert played.told == [facts.OfferRang(offer="of-1"), facts.OfferAnswered(offer="of-1", leg=AGENT)]


def test_an_offer_that_is_refused_at_once_has_failed() -> None:
    """And so has one to an extension that nobody can dial."""
    played = Played()
    played.performer.perform(OFFER)
    (asked,) = played.actions()
    played.answer(asked, "Error")
    assert played.told == [facts.OfferFailed(offer="of-1", cause="failed")]
    played.performer.perform(
        effects.Offer(
            offer="of-2",
            interaction="i",
            leg=AGENT,
            agent="a",
            extension="1,2&3",
            party="p",
            queue="q",
            ring_s=1,
        )
    )
    assert played.told[1:] == [facts.OfferFailed(offer="of-2", cause="failed")]
    assert played.actions() == []


def test_an_offer_of_which_nothing_is_known_tells_nothing() -> None:
    """The link broke: after the reconnection the core is told what is there."""
    played = Played()
    played.performer.perform(OFFER)
    played.asterisk.pipes[1].end("gone")
    assert played.told == []


def test_an_offer_is_taken_back_while_it_rings() -> None:
    """By the Uniqueid's channel; its end tells no failure, for the core has dropped it."""
    played = Played()
    played.performer.perform(OFFER)
    played.born(AGENT, "PJSIP/101-00000002", "5")
    played.actions()
    played.performer.perform(effects.CancelOffer(offer="of-1", leg=AGENT))
    (asked,) = played.actions()
    assert (asked["Action"], asked["Channel"]) == ("Hangup", "PJSIP/101-00000002")
    played.hear("Hangup", Uniqueid=AGENT.uniqueid, Channel="PJSIP/101-00000002", Cause="26")
    played.hear("OriginateResponse", ActionID=f"offer-{AGENT.uniqueid}", Response="Failure", Reason="0")
    assert played.told == []


def test_an_offer_that_is_taken_back_before_its_channel_is_made_ends_when_it_is() -> None:
    """Asterisk makes the channel in a thread of its own, perhaps after our Hangup."""
    played = Played()
    played.performer.perform(OFFER)
    played.performer.perform(effects.CancelOffer(offer="of-1", leg=AGENT))
    assert [one["Action"] for one in played.actions()] == ["Originate", "Hangup"]
    played.born(AGENT, "PJSIP/101-00000002", "0")
    (asked,) = played.actions()
    assert (asked["Action"], asked["Channel"]) == ("Hangup", "PJSIP/101-00000002")


def test_an_offer_that_is_answered_after_it_was_taken_back_is_hung_up() -> None:
    """Nobody is left in a dead line."""
    played = Played()
    played.performer.perform(OFFER)
    played.born(AGENT, "PJSIP/101-00000002", "5")
    played.performer.perform(effects.CancelOffer(offer="of-1", leg=AGENT))
    played.actions()
    played.hear(
        "OriginateResponse", ActionID=f"offer-{AGENT.uniqueid}", Response="Success", Channel="PJSIP/101-00000002"
    )
    assert [one["Action"] for one in played.actions()] == ["Hangup"]
    assert played.told == []


def bridged(played: Played) -> None:
    """Ask for the bridge of two living legs."""
    played.born(CALLER, "PJSIP/carrier-00000001", "6")
    played.born(AGENT, "PJSIP/101-00000002", "6")
    played.performer.perform(effects.Bridge(interaction="i-1", legs=(CALLER, AGENT)))


def joined(played: Played) -> dict[str, str]:
    """Give the Bridge that was asked, after the word to the caller's leg to ask again when it is over."""
    word, asked = played.actions()
    assert (word["Action"], word["Channel"]) == ("Setvar", "PJSIP/carrier-00000001")
    assert (word["Variable"], word["Value"]) == ("SR_DONE", "again")
    assert asked["Action"] == "Bridge"
    return asked


def test_two_legs_are_joined_by_their_full_names() -> None:
    """And told once both are in one bridge."""
    played = Played()
    bridged(played)
    asked = joined(played)
    assert (asked["Channel1"], asked["Channel2"]) == ("PJSIP/carrier-00000001", "PJSIP/101-00000002")
    played.answer(asked)
    for leg, name in ((CALLER, "PJSIP/carrier-00000001"), (AGENT, "PJSIP/101-00000002")):
        assert played.told == []
        played.hear("BridgeEnter", Uniqueid=leg.uniqueid, Channel=name, BridgeUniqueid="b-1")
    assert played.told == [facts.Bridged(legs=(CALLER, AGENT))]


def test_a_bridge_waits_until_the_caller_is_told_to_hold() -> None:
    """Whoever picks up at once is recorded too."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    bridged(played)
    for command in (*TOLD, RECORDED, HELD):
        assert said(pipe) == command
        assert played.actions() == []
        session.data_received(b"200 result=0\n")
    joined(played)
    played.clock.advance(perform.HOLD_S_MAX)
    assert [one["Action"] for one in played.actions()] == []


def test_a_bridge_waits_for_a_leg_that_lost_us_before_it_was_told() -> None:
    """It asks again in a moment, and is told then."""
    played = Played()
    session, _ = played.asks()
    played.performer.perform(HOLD)
    session.connection_lost(None)
    bridged(played)
    assert played.actions() == []
    session, pipe = played.asks(interaction="i-1")
    played.performer.perform(HOLD)
    assert go_through(session, pipe)[-1] == HELD
    joined(played)


def test_a_bridge_does_not_wait_for_ever() -> None:
    """Two who are to talk do talk, be it unrecorded."""
    played = Played()
    played.asks()
    played.performer.perform(HOLD)
    bridged(played)
    with logged_errors() as errors:
        played.clock.advance(perform.HOLD_S_MAX - 0.1)
        assert played.actions() == []
        played.clock.advance(0.1)
    joined(played)
    assert len(errors) == 1
    assert played.told.pop() == facts.NotRecorded(leg=CALLER, late=True)
    played.hear("Hangup", Uniqueid=CALLER.uniqueid, Channel="PJSIP/carrier-00000001", Cause="16")


@pytest.mark.parametrize(("leg", "name"), [(CALLER, "PJSIP/carrier-00000001"), (AGENT, "PJSIP/101-00000002")])
def test_a_leg_that_ends_while_a_bridge_waits_is_joined_with_nobody(leg: facts.Leg, name: str) -> None:
    """Its end was told; the other's next bridge is another one."""
    played = Played()
    played.observer.on_end = played.performer.ended
    played.observer.know(leg.uniqueid)
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    bridged(played)
    played.hear("Hangup", Uniqueid=leg.uniqueid, Channel=name, Cause="16")
    go_through(session, pipe)
    played.clock.advance(perform.HOLD_S_MAX)
    assert played.actions() == []
    assert played.told == [facts.LegEnded(leg=leg, cause=16)]


def test_a_bridge_that_is_overtaken_by_another_is_not_made() -> None:
    """The phone hung up while it waited, and the next has picked up: the caller has one wish."""
    played = Played()
    other = facts.Leg("main", "o-000001-00000002")
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    bridged(played)
    played.born(other, "PJSIP/102-00000003", "6")
    played.performer.perform(effects.Bridge(interaction="i-1", legs=(CALLER, other)))
    go_through(session, pipe)
    assert joined(played)["Channel2"] == "PJSIP/102-00000003"
    for leg, name in ((CALLER, "PJSIP/carrier-00000001"), (other, "PJSIP/102-00000003")):
        played.hear("BridgeEnter", Uniqueid=leg.uniqueid, Channel=name, BridgeUniqueid="b-1")
    assert played.told == [facts.Bridged(legs=(CALLER, other))]


@pytest.mark.parametrize(
    ("variables", "waits"),
    [
        ({}, True),
        ({"SR_DONE": "hold"}, False),
        ({"SR_DONE": "", "MIXMONITOR_FILENAME": "/box/spool/r-1.raw"}, False),
        ({"SR_DONE": "", "MIXMONITOR_FILENAME": ""}, True),
    ],
)
def test_a_bridge_of_a_leg_that_is_found_again_waits_if_it_was_not_told(
    variables: dict[str, str], *, waits: bool
) -> None:
    """We may have been killed while we told it."""
    played = Played()
    played.born(CALLER, "PJSIP/carrier-00000001", "6")
    caller = played.channels.get(CALLER.uniqueid)
    assert caller is not None
    caller.variables = variables
    played.performer.look_again()
    bridged(played)
    assert bool(played.actions()) != waits


def test_legs_that_ended_unseen_hold_no_bridge_up() -> None:
    """While the line was down."""
    played = Played()
    played.asks()
    played.performer.perform(HOLD)
    bridged(played)
    played.observer.start_again()
    played.performer.look_again()
    played.born(CALLER, "PJSIP/carrier-00000001", "6")
    bridged(played)
    joined(played)


def test_a_bridge_that_is_refused_or_of_a_leg_that_is_gone_has_failed() -> None:
    """The core decides what then."""
    played = Played()
    bridged(played)
    played.answer(joined(played), "Error")
    assert played.told == [facts.BridgeFailed(legs=(CALLER, AGENT))]
    played.hear("Hangup", Uniqueid=AGENT.uniqueid, Channel="PJSIP/101-00000002", Cause="16")
    played.performer.perform(effects.Bridge(interaction="i-1", legs=(CALLER, AGENT)))
    played.clock.advance(0)
    assert played.told[1:] == [facts.BridgeFailed(legs=(CALLER, AGENT))]


def test_a_wrong_bridge_is_torn_down() -> None:
    """Each goes back to where it belongs, and the core is told that the bridge has failed."""
    played = Played()
    played.asks()
    bridged(played)
    played.actions()
    played.hear("BridgeEnter", Uniqueid="main-1.9", Channel="PJSIP/102-00000009", BridgeUniqueid="b-1")
    played.hear("BridgeEnter", Uniqueid=CALLER.uniqueid, Channel="PJSIP/carrier-00000001", BridgeUniqueid="b-1")
    assert played.told == [facts.BridgeFailed(legs=(CALLER, AGENT))]
    assert [(one["Channel"], one["Context"]) for one in played.actions()] == [
        ("PJSIP/carrier-00000001", "sr-caller"),
        ("PJSIP/102-00000009", "sr-agent"),
    ]


def test_a_leg_that_is_told_too_much_is_let_go() -> None:
    """What waits for a leg has a limit."""
    played = Played()
    _, pipe = played.asks()
    for _ in range(30):
        played.performer.perform(a_prompt())
    assert pipe.state == "closed"


@pytest.mark.parametrize(("number", "said_to"), [("5550123", "5550123"), ("", ""), ("sip:x", "")])
def test_a_caller_who_is_sent_to_a_party_is_sent_to_its_number(number: str, said_to: str) -> None:
    """Who has none cannot be called: the leg is told to try all the same, and asks again."""
    played = Played()
    played.number = number
    session, pipe = played.asks(CALLER)
    played.performer.perform(effects.Forward(leg=CALLER, interaction="i-1", party="p-1"))
    told = go_through(session, pipe)
    assert f"SET VARIABLE SR_TO {said_to}" in told
    assert told[-1] == "SET VARIABLE SR_DONE outside"


@pytest.mark.parametrize("calls", [True, False])
def test_where_a_phone_that_is_offered_may_send_on(*, calls: bool) -> None:
    """By its own right to call outside; and where the customer is still to be called there is something to hear."""
    played = Played()
    played.performer.inside = frozenset({"102"})
    for extension, context in (("101", "sr-sent-outside"), ("102", "sr-sent-inside")):
        leg = facts.Leg("main", f"o-000001-00000{extension}")
        offer = effects.Offer(
            offer=leg.uniqueid,
            interaction="i-1",
            leg=leg,
            agent="anna",
            extension=extension,
            party="p",
            queue="q",
            ring_s=5,
            calls=calls,
        )
        played.performer.perform(offer)
        (asked,) = played.actions()
        assert asked["Exten"] == ("call" if calls else "wait")
        assert asked["Variable"] == f"TRANSFER_CONTEXT={context}"
