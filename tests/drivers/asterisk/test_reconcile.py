"""What lives on the exchange after a (re)connection."""

from appliance.core.facts import FoundLeg, Leg
from drivers.asterisk.conf import Seen
from drivers.asterisk.link import LinkDownError
from drivers.asterisk.reconcile import (
    TRIES,
    TRY_S,
    UNSET,
    Sight,
    find_channels,
    find_contacts,
    found_legs,
    probe,
    started_at,
    take_status,
)
from drivers.pjsip.technology import Pjsip
from tests.drivers.asterisk.pipes import Pipe, pong
from tests.drivers.asterisk.played import AGENT, CALLER, Played, event, wait
from tests.drivers.asterisk.wire import lines, snapshot


def answer_list(pipe: Pipe, action_id: str, *entries: tuple[tuple[str, str], ...]) -> None:
    """Answer an action with a list."""
    head = lines(("Response", "Success"), ("ActionID", action_id), ("EventList", "start"))
    body = b"".join(lines(entry[0], ("ActionID", action_id), *entry[1:]) for entry in entries)
    tail = lines(("Event", "Complete"), ("ActionID", action_id), ("EventList", "Complete"))
    pipe.protocol.dataReceived(head + body + tail)


def a_status(leg: Leg, name: str, bridge: str = "", **variables: str) -> tuple[tuple[str, str], ...]:
    """Give an entry of the answer to `Status`."""
    said = tuple(("Variable", f"{key}={value}") for key, value in variables.items())
    headers = snapshot(Uniqueid=leg.uniqueid, Channel=name, ChannelState="6")
    more = ("Type", "DNID", "EffectiveConnectedLineNum", "EffectiveConnectedLineName", "TimeToHangup")
    return (("Event", "Status"), *headers, *((name, "") for name in more), ("BridgeID", bridge), *said)


def test_channels_are_found_with_our_variables_and_their_bridges() -> None:
    """One question; what an event has ended meanwhile stays ended."""
    played = Played()
    done = wait(find_channels(played.clock, played.link, played.channels))
    (asked,) = played.actions()
    assert asked["Variables"] == "SR_INTERACTION,SR_OFFER,SR_AGENT,SR_QUEUE,SR_PLACE,SR_DONE,MIXMONITOR_FILENAME"
    gone = Leg("main", "main-1.9")
    played.hear("Hangup", Uniqueid=gone.uniqueid, Channel="PJSIP/carrier-00000009", Cause="16")
    answer_list(
        played.asterisk.pipes[1],
        asked["ActionID"],
        a_status(CALLER, "PJSIP/carrier-00000001", "b-1", SR_INTERACTION="i-1", SR_PLACE="5,1,1"),
        a_status(AGENT, "PJSIP/101-00000002", "b-1", SR_INTERACTION="i-1", SR_OFFER="of-1", SR_AGENT="anna"),
        a_status(gone, "PJSIP/carrier-00000009"),
        a_status(Leg("main", "main-1.8"), "Surrogate/PJSIP/carrier-00000001"),
    )
    assert done == [None]
    assert found_legs("main", played.channels, ["main-1.7", CALLER.uniqueid]) == (
        FoundLeg(leg=CALLER, interaction="i-1", bridged=(AGENT,)),
        FoundLeg(leg=Leg("main", "main-1.7")),
        FoundLeg(leg=AGENT, interaction="i-1", offer="of-1", agent="anna", bridged=(CALLER,)),
    )


def test_a_channel_that_rings_is_not_up() -> None:
    """An event may have told of it before the list."""
    played = Played()
    played.born(AGENT, "PJSIP/101-00000002", "5")
    take_status(
        event("Status", Uniqueid=AGENT.uniqueid, Channel="PJSIP/101-00000002", ChannelState="5", Variable="X"),
        played.channels,
    )
    assert found_legs("main", played.channels, []) == (FoundLeg(leg=AGENT, up=False),)


def test_a_variable_that_a_channel_does_not_have_is_none() -> None:
    """Asterisk prints a null pointer for it; a new caller's leg taken for an offer that nobody made would be ended."""
    played = Played()
    take_status(
        event(
            "Status",
            Uniqueid=AGENT.uniqueid,
            Channel="PJSIP/101-00000002",
            ChannelState="6",
            Variable=f"SR_OFFER={UNSET}",
        ),
        played.channels,
    )
    assert found_legs("main", played.channels, []) == (FoundLeg(leg=AGENT, up=True),)


def test_a_list_that_cannot_be_had_is_asked_for_again() -> None:
    """And given up after so many times."""
    played = Played()
    done = wait(find_channels(played.clock, played.link, played.channels))
    played.asterisk.refuses = True
    for pipe in tuple(played.asterisk.pipes):
        pipe.end("gone")
    for _ in range(TRIES - 1):
        assert done == []
        played.clock.advance(TRY_S)
    (error,) = done
    assert isinstance(error, LinkDownError)


def test_when_it_was_started_is_its_name() -> None:
    """Another Asterisk has another time."""
    played = Played()
    done = wait(started_at(played.clock, played.link))
    (asked,) = played.actions()
    said = (("CoreStartupDate", "2026-11-21"), ("CoreStartupTime", "23:07:46"))
    played.asterisk.pipes[1].protocol.dataReceived(
        lines(("Response", "Success"), ("ActionID", asked["ActionID"]), *said)
    )
    assert done == ["2026-11-21 23:07:46"]


def test_phones_and_trunks_are_looked_at_anew() -> None:
    """The lists replace all that was seen; what events tell while they are on their way comes after them."""
    played = Played()
    sight = Sight()
    sight.take(Seen(name="109", contact="sip:old", reachable=True))
    done = wait(find_contacts(played.clock, played.link, [Pjsip()], sight))
    care = played.asterisk.pipes[2]
    (asked,) = pong(care)
    assert asked["Action"] == "PJSIPShowEndpoints"
    assert sight.take(Seen(name="103", contact="sip:103@x", reachable=True))
    answer_list(
        care,
        asked["ActionID"],
        (("Event", "EndpointList"), ("ObjectName", "101"), ("Contacts", "101/sip:101@x,"), ("DeviceState", "In use")),
        (("Event", "EndpointList"), ("ObjectName", "102"), ("Contacts", ""), ("DeviceState", "Unavailable")),
    )
    (asked,) = pong(care)
    answer_list(
        care,
        asked["ActionID"],
        (("Event", "OutboundRegistrationDetail"), ("ObjectName", "carrier"), ("Status", "Rejected")),
    )
    assert done == [None]
    assert [name for name in ("101", "102", "103", "109") if sight.reaches(name)] == ["101", "103"]
    assert sight.known == {"carrier": False}


def test_a_phone_is_reachable_while_one_of_its_addresses_is() -> None:
    """Only a change is one."""
    sight = Sight()
    assert sight.take(Seen(name="101", contact="a", reachable=True))
    assert not sight.take(Seen(name="101", contact="b", reachable=True))
    assert not sight.take(Seen(name="101", contact="a", reachable=False))
    assert sight.take(Seen(name="101", contact="b", reachable=False))
    assert not sight.take(Seen(name="carrier", registered=True))
    assert not sight.reaches("101")


def test_trunks_that_nobody_has_seen_are_probed() -> None:
    """At once: Asterisk's own first probe may be long in coming."""
    played = Played()
    wait(probe(played.link, [Pjsip()], ["carrier"]))
    (asked,) = pong(played.asterisk.pipes[2])
    assert (asked["Action"], asked["Endpoint"]) == ("PJSIPQualify", "carrier")
