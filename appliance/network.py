"""The network as calls feel it: the words of the network test between drivers, daemon, page and command."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from appliance.core import emodel
from appliance.texts import marked

RUNS_MAX = 20
"Runs of the test that are kept."
LEGS_MAX = 20
"Calls that are remembered of each telephone and trunk."
ENDPOINTS_MAX = 2_000
"Telephones and trunks of which any are."
PACKET_MS = 20.0
"What G.711 on our exchange has in a packet: so long it takes to fill one."
DEEP = 2
"A telephone's buffer is taken to be so many times as deep as the jitter."


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One direction of a leg, as its receiver has counted it (RTCP, RFC 3550 6.4)."""

    loss_percent: float
    "Of all its packets."
    worst_percent: float
    "Of those between two reports, mostly five seconds, where most were lost."
    jitter_ms: float
    "The mean of what the reports say."


class Leg(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one call of a telephone or trunk was."""

    at: int
    "When it ended, microseconds UTC."
    heard: Way | None = None
    "From the telephone to us, as the exchange has counted it."
    said: Way | None = None
    "From us to the telephone, as that one has; None of one that reports nothing."
    round_trip_ms: float | None = None
    "Of packets of audio, the longest; None where the other side reports nothing."
    mos: float
    "Of the worse direction, by the E-model; what we do not know counts as perfect."


class Probed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of the probes (SIP OPTIONS) to a telephone or trunk."""

    name: str
    kind: Literal["phone", "trunk"]
    contact: bool = True
    "Whether there is an address to probe: a telephone without one is not registered."
    sent: int = 0
    round_trips_ms: tuple[float, ...] = ()
    "Of those that were answered."

    @property
    def lost(self) -> int:
        """How many were not answered, although they were said again as SIP does."""
        return self.sent - len(self.round_trips_ms)

    @property
    def median_ms(self) -> float | None:
        """Of half of them it was no more; the greater of the middle two, where two are in the middle."""
        trips = sorted(self.round_trips_ms)
        return trips[len(trips) // 2] if trips else None

    @property
    def worst_ms(self) -> float | None:
        """The longest."""
        return max(self.round_trips_ms, default=None)


LookupProblem = Literal["", "no_name", "no_server", "timeout", "failed"]


class Lookup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the name servers said of one name."""

    name: str
    used: tuple[str, ...] = ()
    "By what: `trunk/<slug>`, `backup/<slug>`, `time/<place in the list>`."
    addresses: tuple[str, ...] = ()
    took_ms: float = 0.0
    problem: LookupProblem = ""


class Clock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What chrony says of this machine's clock."""

    server: str = ""
    stratum: int = 0
    offset_ms: float = 0.0
    "How far it is off, without sign."
    round_trip_ms: float = 0.0
    "To the source at the root of the time (root delay)."
    problem: Literal["", "no_chrony", "unsynchronised", "strange"] = ""


class Run(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One network test."""

    at: int
    "When it began, microseconds UTC."
    by: str
    took_s: float
    tested: tuple[Probed, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    clock: Clock = Clock(problem="no_chrony")
    problem: Literal["", "no_exchange", "cut"] = ""
    "Why there is nothing of telephones and trunks, or not all."


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A test that is at work."""

    began: int
    by: str
    step: Literal["names", "clock", "probes"]
    done: int
    total: int
    "Rounds of probes."


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """All that the console shows."""

    running: Running | None = None
    runs: tuple[Run, ...] = ()
    "The newest first."
    calls: Mapping[str, tuple[Leg, ...]] = {}
    "By telephone or trunk, the newest first."


# -- what it comes to

Level = Literal["good", "fair", "bad"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A lamp and a sentence."""

    level: Level
    advice: str = ""
    "What to do, marked for translation; empty if there is nothing to do."


GOOD = Verdict(level="good")
MOS_GOOD, MOS_FAIR = 4.03, 3.6
"G.107, table B.1: satisfied users from R = 80 on, some who are not from R = 70 on, many below."
LOSS_GOOD, LOSS_FAIR = 1.0, 3.0
JITTER_GOOD_MS, JITTER_FAIR_MS = 20.0, 50.0
TRIP_GOOD_MS, TRIP_FAIR_MS = 150.0, 300.0
"ITU-T G.114: to 150 ms one way nobody minds; a telephone that takes that long for a word of SIP is far too far away."
LOOKUP_GOOD_MS = 500.0
OFFSET_GOOD_MS, OFFSET_FAIR_MS = 100.0, 1_000.0
_RANK: Mapping[Level, int] = {"good": 0, "fair": 1, "bad": 2}


def mos_of(heard: Way | None, said: Way | None, round_trip_ms: float | None) -> float:
    """Rate the worse direction of a leg."""
    ways = [way for way in (heard, said) if way is not None]
    delay = (round_trip_ms or 0.0) / 2 + PACKET_MS
    scores = [
        emodel.rate(delay_ms=delay + DEEP * way.jitter_ms, loss_percent=way.loss_percent).mos for way in ways
    ] or [emodel.rate(delay_ms=delay).mos]
    return min(scores)


def verdict_on_leg(leg: Leg) -> Verdict:
    """Judge how a call was: the sentence is about what harmed it most."""
    ways = [way for way in (leg.heard, leg.said) if way is not None]
    loss = max((way.loss_percent for way in ways), default=0.0)
    jitter = max((way.jitter_ms for way in ways), default=0.0)
    found = [
        _level(
            loss, LOSS_GOOD, LOSS_FAIR, marked("Packets are lost: look at cable, switch port and Wi-Fi on the way.")
        ),
        _level(
            jitter,
            JITTER_GOOD_MS,
            JITTER_FAIR_MS,
            marked("Packets come unevenly: give voice precedence (DSCP EF) on the way, or a line of its own."),
        ),
        _level(
            leg.round_trip_ms or 0.0,
            TRIP_GOOD_MS,
            TRIP_FAIR_MS,
            marked("The way is long: people will talk into each other. Is there a VPN or satellite in between?"),
        ),
        _level(-leg.mos, -MOS_GOOD, -MOS_FAIR, marked("Callers heard this call badly.")),
    ]
    return _worst(found)


def verdict_on_probed(tested: Probed) -> Verdict:
    """Judge what became of the probes; a telephone that is not registered may be one that nobody has plugged in."""
    if not tested.contact:
        text = marked("Not registered: look at its power, its network, its user name and password.")
        return Verdict(level="fair", advice=text)
    if not tested.round_trips_ms:
        text = marked("It does not answer: look at its power, the cable, and the firewall between it and the box.")
        return Verdict(level="bad", advice=text)
    lost = marked("Some probes had no answer: look at cable, switch port and Wi-Fi on the way.")
    slow = marked("It answers late: look what else uses the line, and whether SIP goes through a VPN.")
    return _worst(
        [
            Verdict(level="fair", advice=lost) if tested.lost else GOOD,
            _level(tested.median_ms or 0.0, TRIP_GOOD_MS, TRIP_FAIR_MS, slow),
            _level(tested.worst_ms or 0.0, TRIP_FAIR_MS, float("inf"), slow),
        ]
    )


LOOKUP_ADVICE: Mapping[str, str] = {
    "no_name": marked("There is no such name: look for a slip in it, or ask whose it is."),
    "no_server": marked("No name server had an answer: look at the machine's DNS servers and its way to them."),
    "timeout": marked("No name server answered in time: look at the machine's DNS servers and its way to them."),
    "failed": marked("The name could not be looked up."),
}
CLOCK_ADVICE: Mapping[str, str] = {
    "no_chrony": marked("No chrony answers on this machine: who keeps its clock is not known."),
    "unsynchronised": marked(
        "The clock follows no time server: look at the machine's time servers and its way to them."
    ),
    "strange": marked("What chrony says cannot be read."),
}


def verdict_on_lookup(lookup: Lookup) -> Verdict:
    """Judge a name."""
    if lookup.problem:
        return Verdict(level="bad", advice=LOOKUP_ADVICE[lookup.problem])
    slow = marked("The name server is slow: each call by this name waits for it.")
    return _level(lookup.took_ms, LOOKUP_GOOD_MS, float("inf"), slow)


def verdict_on_clock(clock: Clock) -> Verdict:
    """Judge the clock; a machine without chrony may have another that keeps it."""
    if clock.problem:
        return Verdict(level="fair" if clock.problem == "no_chrony" else "bad", advice=CLOCK_ADVICE[clock.problem])
    off = marked("The clock is off: certificates and records depend on it.")
    return _level(clock.offset_ms, OFFSET_GOOD_MS, OFFSET_FAIR_MS, off)


def verdict_on_run(run: Run) -> Verdict:
    """Judge a whole test by the worst of it."""
    if run.problem:
        return Verdict(
            level="bad", advice=marked("The exchange did not answer, so telephones and trunks are not known.")
        )
    found = [verdict_on_probed(each) for each in run.tested]
    found += [verdict_on_lookup(each) for each in run.lookups]
    return _worst([*found, verdict_on_clock(run.clock)])


def _level(figure: float, good: float, fair: float, advice: str) -> Verdict:
    """Judge a figure that is better the smaller it is."""
    if figure <= good:
        return GOOD
    return Verdict(level="fair" if figure <= fair else "bad", advice=advice)


def _worst(found: Iterable[Verdict]) -> Verdict:
    """Give the first of the worst."""
    return max(found, key=lambda each: _RANK[each.level], default=GOOD)
