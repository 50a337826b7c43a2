"""What the core asks for, as Asterisk hears it."""

import pytest

from appliance.core import effects, facts
from tests.drivers.asterisk.played import AGENT, CALLER, Played, go_through, said

HOLD = effects.Hold(leg=CALLER, interaction="i-1", queue="support", music="default", place="5,100,1", recording="r-1")
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


def a_prompt(**other: object) -> effects.Prompt:
    """Give a prompt for a key."""
    usual: dict[str, object] = {
        "leg": CALLER,
        "prompt": 7,
        "sounds": ("hello", "menu"),
        "language": "zh",
        "keys": "12",
        "wait_ms": 3_000,
    }
    return effects.Prompt(**(usual | other))  # type: ignore[arg-type]  # what differs


def test_a_prompt_is_played_and_a_key_is_waited_for() -> None:
    """Sounds in the language, then the wait; the key is told with the prompt's number."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(effects.AnswerLeg(leg=CALLER))
    played.performer.perform(a_prompt())
    assert go_through(session, pipe, "0", "1", "0", "0", "50") == [
        "ANSWER",
        "SET VARIABLE SR_LOST ",
        "STREAM FILE /box/prompts/zh/hello 12 0",
        "STREAM FILE /box/prompts/zh/menu 12 0",
        "WAIT FOR DIGIT 3000",
    ]
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7, key="2")]
    assert pipe.state == "open"


def test_a_key_ends_the_prompt() -> None:
    """Nothing is played after it."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt())
    assert len(go_through(session, pipe, "1", "49")) == 2
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7, key="1")]


def test_another_key_does_not_end_the_wait_nor_begin_it_again() -> None:
    """Only the keys that were asked for count; the time is the clock's."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt(sounds=()))
    assert said(pipe) == "SET VARIABLE SR_LOST "
    session.data_received(b"200 result=1\n")
    assert said(pipe) == "WAIT FOR DIGIT 3000"
    played.clock.advance(1)
    session.data_received(b"200 result=57\n")
    assert said(pipe) == "WAIT FOR DIGIT 2000"
    played.clock.advance(2)
    session.data_received(b"200 result=0\n")
    assert said(pipe) == ""
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7)]


def test_an_announcement_waits_for_no_key() -> None:
    """Without keys it is over when it is over."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt(keys="", sounds=("hello",)))
    assert go_through(session, pipe) == ["SET VARIABLE SR_LOST ", "STREAM FILE /box/prompts/zh/hello  0"]
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7)]


def test_a_prompt_that_is_not_there_is_tried_in_english_and_then_left_out() -> None:
    """A missing file is no reason to lose the caller."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt(sounds=("hello",), wait_ms=0))
    asked = go_through(session, pipe, "1", "-1", "0", "-1", "0")
    assert [command for command in asked if command.startswith("STREAM")] == [
        "STREAM FILE /box/prompts/zh/hello 12 0",
        "STREAM FILE /box/prompts/en/hello 12 0",
    ]
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7)]


@pytest.mark.parametrize(("slug", "language"), [("../x", "en"), ("x", "../etc"), ("", "en"), ("a/b", "en")])
def test_a_prompt_with_a_hostile_name_is_left_out(slug: str, language: str) -> None:
    """It names no file outside the prompts."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt(sounds=(slug,), language=language, wait_ms=0))
    assert go_through(session, pipe) == ["SET VARIABLE SR_LOST "]
    assert played.told == [facts.Prompted(leg=CALLER, prompt=7)]


def test_a_leg_that_is_taken_away_in_a_prompt_tells_nothing() -> None:
    """It was hung up or bridged: the events say which. The session is closed."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt())
    said(pipe)
    session.data_received(b"200 result=1\n")
    session.data_received(b"200 result=-1 endpos=0\nHANGUP\n")
    assert said(pipe) == "STREAM FILE /box/prompts/zh/hello 12 0\nNOOP"
    session.data_received(b"200 result=0\n")
    assert (played.told, pipe.state, played.performer.asking) == ([], "closed", ())


def test_a_session_that_is_lost_tells_nothing() -> None:
    """The leg asks again."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(a_prompt())
    session.connection_lost(None)
    assert (played.told, played.performer.asking) == ([], ())
    played.performer.perform(HOLD)
    assert pipe.written == b'SET VARIABLE "SR_LOST" ""\n'


def test_hold_sets_what_the_dialplan_needs_and_the_errand_last() -> None:
    """What was set before and is the same is not set again."""
    played = Played()
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    assert go_through(session, pipe) == [
        "SET VARIABLE SR_INTERACTION i-1",
        "SET VARIABLE SR_QUEUE support",
        "SET VARIABLE SR_PLACE 5,100,1",
        "SET VARIABLE SR_MUSIC default",
        "SET VARIABLE SR_KEYS ",
        "SET VARIABLE SR_SECONDS 10",
        "SET VARIABLE SR_RECORDING r-1",
        "SET VARIABLE SR_DONE hold",
    ]
    assert pipe.state == "closed"
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    assert go_through(session, pipe) == ["SET VARIABLE SR_DONE hold"]
    played.performer.ended(CALLER.uniqueid)
    session, pipe = played.asks()
    played.performer.perform(HOLD)
    assert len(go_through(session, pipe)) == 8


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


def test_two_legs_are_joined_by_their_full_names() -> None:
    """And told once both are in one bridge."""
    played = Played()
    bridged(played)
    (asked,) = played.actions()
    assert (asked["Channel1"], asked["Channel2"]) == ("PJSIP/carrier-00000001", "PJSIP/101-00000002")
    played.answer(asked)
    for leg, name in ((CALLER, "PJSIP/carrier-00000001"), (AGENT, "PJSIP/101-00000002")):
        assert played.told == []
        played.hear("BridgeEnter", Uniqueid=leg.uniqueid, Channel=name, BridgeUniqueid="b-1")
    assert played.told == [facts.Bridged(legs=(CALLER, AGENT))]


def test_a_bridge_that_is_refused_or_of_a_leg_that_is_gone_has_failed() -> None:
    """The core decides what then."""
    played = Played()
    bridged(played)
    played.answer(played.actions()[0], "Error")
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
