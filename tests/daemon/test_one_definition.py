"""One definition a figure: what desk, wallboard, report, what-if and the records say of a day is the same."""

from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest

from appliance.commands._trial import told
from appliance.core import facts, figures, model
from appliance.core.cdr import Outcome
from appliance.core.columns import Part
from appliance.core.facts import Leg
from appliance.core.figures import Formula, Measure
from appliance.core.reports import workgroups
from appliance.core.visits import visits_of
from appliance.core.waits import Lane, Outlook
from appliance.daemon import view
from appliance.store.chunks import Chunk, press, visits_in
from tests.commands.worlds import LivedDay, the_callers
from tests.core.crew import Crew, a_line
from tests.core.world import BEGIN, SECOND, a_flow, a_queue

WITHIN_S = 20
SHORT_S = 5
WAITS_US = tuple(limit * SECOND + by for limit in (SHORT_S, WITHIN_S) for by in (-1, 0, 1))
"Just on each limit, and a microsecond on either side."
NO_LABELS = view.Labels(agents={}, parties={})
BORDERS = (BEGIN, BEGIN + 86_400 * SECOND)
MEASURES = [Measure(formula=formula, flow_outs=flow_outs) for formula in Formula for flow_outs in (False, True)]


class Day(Crew):
    """Calls whose waits are known to the microsecond."""

    def __init__(self) -> None:
        """Let one agent be at work, whose phone rings as long as it takes."""
        queue = a_line("support", "ann", ring_s=300, answer_within_s=WITHIN_S, short_abandon_s=SHORT_S)
        super().__init__(queue)
        self.sign_on("ann")
        self.cut_off = True
        self.calls = 0

    def visit(self, wait_us: int, *, answered: bool) -> None:
        """Let somebody wait for just so long, and be answered or give up."""
        self.calls += 1
        caller, phone = Leg("simulated", f"{self.calls}.0"), Leg("simulated", f"{self.calls}.1")
        self.take(facts.LegAsked(leg=caller, trunk="", number="2000", party="p"))
        self.clock.now += wait_us
        if answered:
            (offer,) = self.centre.state.offers
            self.take(facts.OfferAnswered(offer=offer, leg=phone))
            self.take(facts.Bridged(legs=(caller, phone)))
            self.clock.now += 60 * SECOND
        self.take(facts.LegEnded(leg=caller))
        self.clock.now += SECOND


@pytest.mark.parametrize("waits", [WAITS_US, WAITS_US[:3], WAITS_US[3:]])
def test_wallboard_and_report_agree(waits: tuple[int, ...]) -> None:
    """On service level and speed of answer, as they are printed, for waits on the very limits."""
    day = Day()
    for wait_us in waits:
        for answered in (True, False):
            day.visit(wait_us, answered=answered)
    floor = view.floor(day.centre.state, day.versions[day.centre.state.version], NO_LABELS, {})
    shown = floor.queues["support"]
    assert shown is not None
    options = workgroups.Options(
        borders=BORDERS, limits={"support": workgroups.Limits(within_s=WITHIN_S, short_s=SHORT_S)}
    )
    (row,) = workgroups.rows(options, [visits_in(day.records(), workgroups.COLUMNS)])
    counted = (shown.answered, shown.answered_within, shown.abandoned, shown.abandoned_short)
    assert counted == (row.answered, row.answered_within, row.abandoned, row.short)
    assert (row.service_level, row.asa_s) != (None, None)
    assert shown.service_level == f"{100 * (row.service_level or 0):.1f}"
    assert shown.speed_of_answer == f"{row.asa_s:.1f}"
    assert model.Queue(slug="x").short_abandon_s == options.others.short_s


# -- a day on which callers go from queue to queue


@pytest.fixture(scope="module")
def day() -> LivedDay:
    """Let too few agents be at work, so that callers are sent on: at entry, after a while, and to be called back."""
    agents = ("a0", "a1", "a2")
    support = a_queue(
        agents=agents,
        answer_within_s=10,
        short_abandon_s=12,
        overflow=(model.Overflow(when="length", limit=3), model.Overflow(when="wait", limit=40)),
        callback=model.Callback(attempts=1),
    )
    second = a_queue("second", agents=agents[1:], overflow=(model.Overflow(when="length", limit=4),))
    flows = [
        a_flow(
            model.Node(
                id="support", kind="queue", options={"queue": "support"}, exits={"full": full, "timeout": "second"}
            ),
            model.Node(id="back", kind="callback", options={"queue": "support"}, exits={"refused": "second"}),
            model.Node(id="second", kind="queue", options={"queue": "second"}, exits={"full": "sorry"}),
            model.Node(id="sorry", kind="hang_up", options={"prompt": "sorry"}),
            slug=slug,
        )
        for slug, full in (("support", "back"), ("second", "second"))
    ]
    return LivedDay(3, 3, the_callers(3, 5), support, second, flows=tuple(flows))


def parts_of(day: LivedDay) -> Iterator[Part]:
    """Give the day's visits as a report reads them: half of its calls from a chunk, the others from no chunk."""
    records = day.records
    half = len(records) // 2
    pressed = press(records[:half], [0] * half)
    yield Chunk(
        *(lambda sheet=sheet: sheet for sheet in (pressed.ready, pressed.who, pressed.rest, pressed.visits))
    ).visits(workgroups.COLUMNS)
    yield visits_in(records[half:], workgroups.COLUMNS)


def test_the_day_has_everything(day: LivedDay) -> None:
    """Else it would prove little: calls of several visits, and visits of each end."""
    visits = [visits_of(cdr) for cdr in day.records]
    ends = Counter((visit.queue, visit.outcome) for some in visits for visit in some)
    assert all(
        ends["support", outcome] >= 5 for outcome in Outcome if outcome not in {Outcome.SELF_SERVED, Outcome.FAILED}
    )
    assert ends["second", Outcome.ANSWERED] >= 5
    assert ends["second", Outcome.FLOWED_OUT] >= 5
    assert sum(len(some) > 1 for some in visits) >= 20
    assert any(visit.wait_us == 0 for some in visits for visit in some)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_desk_wallboard_report_and_what_if_say_the_same(day: LivedDay, measure: Measure) -> None:
    """Of each workgroup, by whatever formula the company has chosen; a call counts in every queue that it came to."""
    state, queues = day.world.centre.state, day.queues
    configuration = day.world.versions[state.version]
    company = msgspec.structs.replace(
        configuration.company, level_formula=measure.formula, level_flow_outs=measure.flow_outs
    )
    assert company.measure == measure
    floor = view.floor(state, msgspec.structs.replace(configuration, company=company), NO_LABELS, {})
    limits = {
        slug: workgroups.Limits(within_s=queue.answer_within_s, short_s=queue.short_abandon_s)
        for slug, queue in queues.items()
    }
    options = workgroups.Options(borders=BORDERS, limits=limits, measure=measure)
    rows = {row.queue: row for row in workgroups.rows(options, parts_of(day))}
    assert set(rows) == set(queues) == {"support", "second"}
    for slug, row in rows.items():
        shown, counts = floor.queues[slug], state.counts[slug]
        assert shown is not None
        assert shown.service_level == f"{100 * (row.service_level or 0):.1f}"
        assert shown.speed_of_answer == f"{row.asa_s:.1f}"
        assert shown.formula == row.formula == measure.name
        assert (counts.answered, counts.answered_within, counts.abandoned) == (
            row.answered,
            row.answered_within,
            row.abandoned,
        )
        assert (counts.abandoned_within, counts.abandoned_short) == (row.abandoned_within, row.short)
        assert (counts.flowed_out, counts.callbacks, counts.wait_us) == (row.flowed_out, row.callbacks, row.wait_us)
        assert (shown.answered, shown.abandoned, shown.flowed_out, shown.callbacks) == (
            row.answered,
            row.abandoned,
            row.flowed_out,
            row.callbacks,
        )
        summed = told(day.records, queues, slug, measure)
        assert (summed.answered, summed.abandoned) == (row.answered, row.abandoned)
        assert summed.service_level == 100 * (row.service_level or 0)
        assert summed.speed_of_answer_s == row.asa_s
        assert summed.abandon_rate == 100 * (row.abandon_rate or 0)
        assert figures.level_of(counts, measure) == row.service_level


def test_a_chunk_without_a_sheet_of_visits_gives_the_same(day: LivedDay) -> None:
    """An older release made it; its visits are in its records."""
    pressed = press(day.records, [0] * len(day.records))
    sheets = (pressed.ready, pressed.who, pressed.rest)
    options = workgroups.Options(borders=BORDERS)
    old = Chunk(*(lambda sheet=sheet: sheet for sheet in sheets)).visits(workgroups.COLUMNS)
    new = Chunk(*(lambda sheet=sheet: sheet for sheet in (*sheets, pressed.visits))).visits(workgroups.COLUMNS)
    assert workgroups.rows(options, [old]) == workgroups.rows(options, [new]) != []


# -- the expected wait


def a_busy_line() -> Crew:
    """Let one agent talk, one be offered a caller, one be out of reach and one away, while two callers wait."""
    crew = Crew(a_line("support", "ann", "bob", "cid", "dan", ring_s=300), numbers=(*NUMBERS, VIP), breaks=(LUNCH,))
    lanes = {lane: Lane(samples=[(lane + 1) * n * SECOND for n in range(20, 60)]) for lane in range(3)}
    crew.centre.state.outlooks["support"] = Outlook(lanes=lanes)
    crew.sign_on("ann", "bob", "cid", "dan")
    crew.take(facts.PhoneSeen(extension=crew.extension("cid"), reachable=False))
    assert not crew.command(facts.TakeBreak, "dan", reason="lunch")
    crew.comes()
    crew.answer("ann")
    crew.comes()
    crew.comes()
    crew.comes("2009")
    crew.run(5)
    return crew


LUNCH = model.Reason(slug="lunch")
NUMBERS = (model.Number(slug="2000", flow="support"),)
VIP = model.Number(slug="2009", flow="support", priority=9)
"Its callers are served last."


@pytest.mark.parametrize("ageing_s", [0, 60])
def test_the_wallboard_foretells_what_the_next_caller_is_told(ageing_s: int) -> None:
    """Who is offered is before nobody, an agent out of reach serves nobody, and worse priority waits behind."""
    crew = a_busy_line()
    state, configuration = crew.centre.state, crew.versions[crew.centre.state.version]
    company = msgspec.structs.replace(configuration.company, ageing_s=ageing_s)
    shown = view.floor(state, msgspec.structs.replace(configuration, company=company), NO_LABELS, {}).queues["support"]
    assert shown is not None
    assert (shown.waiting, shown.agents) == (3, {"talking": 1, "ringing": 1, "unreachable": 1, "on_break": 1})
    crew.publish(msgspec.structs.replace(configuration, company=company))
    line = crew.comes()
    comfort = state.interactions[line.interaction].comfort
    assert comfort is not None
    (guess,) = comfort.guesses
    assert (guess.ahead, guess.staff) == (1, 2)
    assert (shown.expected_low_s, shown.expected_high_s) == (guess.low_s, guess.high_s)
    assert guess.high_s > 0


def test_the_wait_is_foretold_anew_when_a_phone_is_back() -> None:
    """With more agents in reach it is shorter, and with none it is not said at all."""
    crew = a_busy_line()
    told = []
    for extension, reachable in (
        ("", True),
        (crew.extension("cid"), True),
        *((str(n), False) for n in range(101, 105)),
    ):
        crew.take(facts.PhoneSeen(extension=extension, reachable=reachable))
        shown = view.floor(crew.centre.state, crew.versions[crew.centre.state.version], NO_LABELS, {}).queues["support"]
        assert shown is not None
        told.append(shown.expected_high_s)
    assert told[0] > told[1] > 0
    assert told[-1] == 0
