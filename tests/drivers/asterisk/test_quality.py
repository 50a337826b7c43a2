"""How calls sounded, from Asterisk's events, and how phones and trunks answer probes, on a clock of the test."""

import pytest

from appliance.network import Leg, Way
from drivers.asterisk import quality
from drivers.asterisk.codec_ami import AmiConnection, Event
from drivers.asterisk.link import LinkError
from drivers.asterisk.quality import ANSWER_S_MAX, LEGS_MAX, LOOK_S, LOOK_S_MAX, Asked, Contact, Quality, contact_of
from drivers.asterisk.settings import EVENTS
from tests.drivers.asterisk.pipes import Pipe, pong
from tests.drivers.asterisk.played import Played, event, wait
from tests.drivers.asterisk.test_reconcile import answer_list
from tests.drivers.asterisk.wire import GREETING, lines, snapshot

HOSTILE = ("nan", "NaN", "inf", "-1", "", "1e9", "256", "9" * 40, "0x10", "٣", "1;2", "\x00")


class Listening:
    """Who hears an exchange, and what is told of legs."""

    def __init__(self) -> None:
        """Begin."""
        self.played = Played()
        self.quality = Quality(self.played.clock, self.played.link)
        self.ended: list[tuple[str, Leg]] = []
        self.quality.ended = lambda name, leg: self.ended.append((name, leg))

    def sent(self, fraction: str, jitter: str, uniqueid: str = "main-1.1", **more: str) -> None:
        """Let Asterisk send a report of what it heard."""
        self._report("RTCPSent", fraction, jitter, uniqueid, more)

    def received(self, fraction: str, jitter: str, uniqueid: str = "main-1.1", **more: str) -> None:
        """Let a report of the other side come."""
        self._report("RTCPReceived", fraction, jitter, uniqueid, more)

    def _report(self, name: str, fraction: str, jitter: str, uniqueid: str, more: dict[str, str]) -> None:
        figures = {"Report0FractionLost": fraction, "Report0IAJitter": jitter}
        self.quality.hear(event(name, Uniqueid=uniqueid, **figures, **more))

    def ends(self, channel: str = "PJSIP/101-0000000a", uniqueid: str = "main-1.1") -> None:
        """Let the leg end."""
        self.quality.hear(event("Hangup", Uniqueid=uniqueid, Channel=channel))

    @property
    def leg(self) -> Leg:
        """The one leg that was told of."""
        ((name, leg),) = self.ended
        assert name == "101"
        return leg


def test_the_events_of_rtcp_come_in() -> None:
    """Asterisk's filter lets them through, and the codec hands them out."""
    assert {"RTCPSent", "RTCPReceived"} <= set(EVENTS)
    codec = AmiConnection(wanted=EVENTS)
    list(codec.receive(GREETING))
    report = (("Report0FractionLost", "25"), ("Report0IAJitter", "16"))
    data = lines(("Event", "RTCPSent"), ("Privilege", "reporting,all"), *snapshot(), ("PT", "200(SR)"), *report)
    (heard,) = codec.receive(data)
    assert isinstance(heard, Event)
    assert heard.get("Report0FractionLost") == "25"


def test_a_leg_is_told_of_when_it_ends() -> None:
    """The mean of its reports in each direction, the worst of them, the longest round trip; then it is forgotten."""
    one = Listening()
    one.sent("0", "8")
    one.sent("51", "24")
    one.received("0", "16", RTT="0.0310")
    one.received("0", "16", RTT="0.0120")
    one.ends()
    assert one.leg.heard == Way(loss_percent=9.96, worst_percent=19.92, jitter_ms=2.0)
    assert one.leg.said == Way(loss_percent=0.0, worst_percent=0.0, jitter_ms=2.0)
    assert one.leg.round_trip_ms == 31.0
    assert one.leg.mos < 2
    one.ends()
    assert len(one.ended) == 1


def test_a_clean_leg_is_as_good_as_it_gets() -> None:
    """Nothing lost, one millisecond of jitter, nothing known of the other side."""
    one = Listening()
    one.sent("0", "8")
    one.ends()
    assert one.leg.mos >= 4.3
    assert (one.leg.said, one.leg.round_trip_ms) == (None, None)


def test_who_has_no_figures_is_not_told_of() -> None:
    """A call of four seconds, one on a card, a stand-in, which takes no leg with it."""
    one = Listening()
    one.ends()
    one.sent("0", "8")
    one.ends("Surrogate/PJSIP/101-0000000a")
    one.ends("DAHDI/1-1", "main-1.2")
    assert not one.ended
    one.ends("PJSIP/head-office-0000000b")
    ((name, _leg),) = one.ended
    assert name == "head-office"


@pytest.mark.parametrize("figure", HOSTILE)
def test_figures_that_cannot_be_are_left_out(figure: str) -> None:
    """What a telephone reports may be invented: such a report counts for nothing, and harms no other."""
    one = Listening()
    one.sent("0", "8")
    one.received(figure, "0")
    one.received("0", figure if figure != "256" else "80001")
    one.received("0", "8", RTT=figure if figure != "256" else "60.1")
    one.ends()
    assert one.leg.heard == Way(loss_percent=0.0, worst_percent=0.0, jitter_ms=1.0)
    assert one.leg.said == Way(loss_percent=0.0, worst_percent=0.0, jitter_ms=1.0)
    assert one.leg.round_trip_ms is None
    one.sent("0", "8", uniqueid="")
    one.ends(uniqueid="")
    assert len(one.ended) == 1


def test_there_is_an_end_to_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more legs than can be, the oldest is forgotten; so is what goes beyond the reports of a leg."""
    monkeypatch.setattr(quality, "REPORTS_MAX", 1)
    one = Listening()
    for number in range(LEGS_MAX + 1):
        one.sent("0", "8", uniqueid=f"main-1.{number}")
    one.sent("255", "8", uniqueid=f"main-1.{LEGS_MAX}")
    one.ends(uniqueid="main-1.0")
    assert not one.ended
    one.ends(uniqueid=f"main-1.{LEGS_MAX}")
    assert one.leg.heard == Way(loss_percent=0.0, worst_percent=0.0, jitter_ms=1.0)


# -- probes


def listed(pipe: Pipe, action_id: str, **trips: str) -> None:
    """Answer the question for contacts: name to round trip in microseconds, `-` for one that does not answer."""
    entries = (
        (
            ("Event", "ContactList"),
            ("ObjectName", f"{name};@0a1b"),
            ("Status", "Unreachable" if trip == "-" else "Reachable"),
            ("RoundtripUsec", "0" if trip == "-" else trip),
        )
        for name, trip in trips.items()
    )
    answer_list(pipe, action_id, *entries)


def shown(pipe: Pipe, trip: str = "") -> str:
    """Answer the question for one endpoint, with its round trip or without an address; give which it is."""
    action = next_asked(pipe)
    assert action["Action"] == "PJSIPShowEndpoint"
    name = action["Endpoint"]
    status = (
        ("Event", "ContactStatusDetail"),
        ("EndpointName", name),
        ("Status", "Unreachable" if trip == "-" else "Reachable"),
        ("RoundtripUsec", "0" if trip == "-" else trip),
    )
    answer_list(pipe, action["ActionID"], *((status,) if trip else ()))
    return name


def probing(played: Played, asked: dict[str, Asked]) -> list[object]:
    """Begin a round of probes."""
    return wait(Quality(played.clock, played.link).probe(asked))


def next_asked(pipe: Pipe) -> dict[str, str]:
    """Give the one action that waits for its answer."""
    (action,) = [each for each in pong(pipe) if each["Action"] != "Ping"]
    return action


def probe_is_taken(pipe: Pipe) -> str:
    """Take a probe, and give whom it is for."""
    action = next_asked(pipe)
    assert action["Action"] == "PJSIPQualify"
    pipe.protocol.dataReceived(lines(("Response", "Success"), ("ActionID", action["ActionID"])))
    return action["Endpoint"]


def test_a_round_of_probes() -> None:
    """Each with an address is probed; an answer is a new round trip, silence is told by Asterisk.

    A trunk's address is in no list; whoever has none at all is asked for once.
    """
    played = Played()
    pipe = played.asterisk.pipes[2]
    asked = {"carrier": Asked(), "101": Asked(), "102": Asked()}
    done = probing(played, asked)
    listed(pipe, next_asked(pipe)["ActionID"], **{"101": "700"})
    assert [shown(pipe, "900"), shown(pipe)] == ["carrier", "102"]
    assert [probe_is_taken(pipe), probe_is_taken(pipe)] == ["carrier", "101"]
    played.clock.advance(LOOK_S)
    listed(pipe, next_asked(pipe)["ActionID"], **{"101": "700"})
    assert shown(pipe, "1250") == "carrier"
    assert not done
    played.clock.advance(1.5 * LOOK_S)
    listed(pipe, next_asked(pipe)["ActionID"], **{"101": "-"})
    assert done == [None]
    assert (asked["carrier"].round_trips_ms, asked["carrier"].sent, asked["carrier"].missed) == ([1.25], 1, 0)
    assert (asked["101"].round_trips_ms, asked["101"].sent, asked["101"].missed) == ([], 1, 1)
    assert (asked["102"].contact, asked["102"].sent) == (False, 0)


@pytest.mark.parametrize(("trip", "trips"), [("700", [0.7]), ("-", [])])
def test_when_nothing_changes(trip: str, trips: list[float]) -> None:
    """Once its time is over: who answers has taken as long as before, who did not answer still does not."""
    played = Played()
    pipe = played.asterisk.pipes[2]
    asked = {"101": Asked()}
    done = probing(played, asked)
    listed(pipe, next_asked(pipe)["ActionID"], **{"101": trip})
    probe_is_taken(pipe)
    for _ in range(int(ANSWER_S_MAX / LOOK_S_MAX) + 5):
        if done:
            break
        played.clock.advance(LOOK_S_MAX)
        listed(pipe, next_asked(pipe)["ActionID"], **{"101": trip})
    assert done == [None]
    assert (asked["101"].round_trips_ms, asked["101"].missed) == (trips, 1 - len(trips))


def test_who_never_answers_is_given_up() -> None:
    """After two probes; a round with nobody to probe is over at once."""
    played = Played()
    pipe = played.asterisk.pipes[2]
    asked = {"101": Asked(contact=True, sent=2, missed=2)}
    done = probing(played, asked)
    listed(pipe, next_asked(pipe)["ActionID"], **{"101": "-"})
    assert done == [None]
    assert asked["101"].sent == 2


def test_without_a_line_to_asterisk_it_says_so() -> None:
    """Who asked hears why."""
    played = Played()
    played.asterisk.pipes[2].end("gone")
    (error,) = probing(played, {"101": Asked()})
    assert isinstance(error, LinkError)


@pytest.mark.parametrize(
    ("entry", "contact"),
    [
        ({"ObjectName": "carrier@@77", "Status": "Reachable", "RoundtripUsec": "12"}, ("carrier", 12)),
        ({"ObjectName": "101;@77", "Status": "NonQualified", "RoundtripUsec": "0"}, ("101", None)),
        ({"ObjectName": "101;@77", "Status": "Reachable", "RoundtripUsec": "N/A"}, ("101", None)),
        ({"ObjectName": "101;@77", "Status": "Reachable", "RoundtripUsec": "-5"}, ("101", None)),
        ({"ObjectName": "", "Status": "Reachable", "RoundtripUsec": "1"}, None),
    ],
)
def test_contacts_are_read(entry: dict[str, str], contact: tuple[str, int | None] | None) -> None:
    """A round trip is a number of microseconds that was measured."""
    found = contact_of(event("ContactList", **entry))
    assert found == (None if contact is None else (contact[0], Contact(round_trip_us=contact[1])))
    assert contact_of(event("ContactListComplete", **entry)) is None
