"""What the watch counts beside calls: contacts that agents have in hand, and customers who are called back."""

from collections.abc import Callable

import pytest

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.facts import Leg
from appliance.core.in_hand import has_room
from appliance.core.model import Medium
from appliance.core.rules import Rule
from appliance.core.task import Task
from appliance.core.waits import Callback
from tests.core.callbacks import a_world, asks_for_a_callback
from tests.core.watched import Watched, decided, waiting
from tests.core.world import a_company

CHAT = facts.ContactTaken(agent="ann", contact="c", medium="chat")
MAIL = Task("mail", 1)


def test_a_call_beside_what_is_in_hand_is_seen() -> None:
    """From when a contact is taken until it is done, whatever the Centre believes."""
    watched = waiting()
    assert watched.look(decided(watched)) == set()
    assert watched.look(decided(watched), fact=CHAT) >= {Rule.CAPACITY}
    assert Rule.CAPACITY in watched.look(decided(watched))
    assert watched.look(decided(watched), fact=facts.ContactDone(agent="ann", contact="c")) == set()
    assert watched.look(decided(watched), fact=facts.ContactTaken(agent="gone", contact="c", medium="chat")) == set()


def test_a_choice_before_a_contact_that_came_late_is_none_beside_it() -> None:
    """A deadline that the same fact found due may have chosen the agent before."""
    watched = waiting()
    watched.state.agents["ann"].tasks["c"] = Task("chat", 1)
    watched.state.agents["ann"].load = 1
    watched.watch._deadline = watched.world.clock.now  # noqa: SLF001  as if it were due
    assert watched.look(decided(watched), fact=CHAT) == set()


@pytest.mark.parametrize("begins", [False, True])
def test_what_is_in_hand_is_believed(*, begins: bool) -> None:
    """Units that do not add up, and contacts that nobody took or that were forgotten, unless the Centre begins so."""
    watched = waiting()
    agent = watched.state.agents["ann"]
    watched.world.take(CHAT)
    watched = Watched(watched.world)
    assert watched.look(fact=facts.PhoneBusy(extension="101", busy=False)) == set()
    agent.load = 3
    assert watched.look(fact=facts.PhoneBusy(extension="101", busy=False)) == {Rule.CAPACITY}
    agent.load = 0
    agent.tasks.clear()
    fact = facts.Started(boot=2) if begins else facts.PhoneBusy(extension="101", busy=False)
    assert (Rule.CAPACITY in watched.look(fact=fact)) != begins


@pytest.mark.parametrize(
    ("voice", "alone", "tasks", "room"),
    [
        (None, True, (), True),
        (None, True, (MAIL,), False),
        (None, False, (MAIL,) * 3, True),
        (None, False, (MAIL,) * 4, False),
        (Medium(units=0, beside=("*",)), True, (), True),
        (Medium(units=0, beside=("*",)), True, (MAIL,), False),
        (Medium(units=2, beside=("mail",)), True, (MAIL,) * 2, True),
        (Medium(units=2, beside=("chat",)), False, (MAIL,), False),
    ],
)
def test_room_is_counted_apart(*, voice: Medium | None, alone: bool, tasks: tuple[Task, ...], room: bool) -> None:
    """An agent of four units: by the units of voice, and by what it may come beside."""
    company = model.Company(voice_alone=alone, media={"voice": voice} if voice else {})
    ann = model.Agent(slug="ann", extension="101", units=4)
    watched = waiting()
    watched.world.publish(a_company(company=company, agents=(ann,)))
    assert has_room(watched.world.centre.directory, "ann", tasks) == room


def called_back() -> Watched:
    """Let a customer's phone ring, with ann kept for the customer."""
    world = a_world(customer_first=True)
    asks_for_a_callback(world)
    world.sign_on("ann")
    watched = Watched(world)
    assert isinstance(watched.call.state, st.Calling)
    return watched


def test_a_customer_is_called_once_at_a_time() -> None:
    """Until the call has failed, is over or was hung up."""
    for over in (None, "failed", "ended", "hung_up"):
        watched = called_back()
        leg = watched.call.leg
        again = effects.Dial(
            leg=Leg("simulated", "c-2"), interaction=watched.call.id, party="", trunk="", number="", ring_s=1
        )
        fact: facts.AnyFact | None = None
        asked: list[effects.AnyEffect] = [again]
        match over:
            case "failed":
                fact = facts.DialFailed(leg=leg, cause="busy")
            case "ended":
                fact = facts.LegEnded(leg=leg)
            case "hung_up":
                asked = [effects.HangUp(leg=leg), again]
            case _:
                pass
        watched.call.customer.leg = again.leg
        assert (Rule.CALLBACK in watched.look(*asked, fact=fact, about=watched.call.id)) == (over is None)


def _gone(watched: Watched) -> None:
    del watched.state.interactions[watched.call.id]


def _off_the_line(watched: Watched) -> None:
    watched.call.customer.leg = Leg("simulated", "")


def _nobody_kept(watched: Watched) -> None:
    watched.state.agents["ann"].state = st.Available()


def _no_agent(watched: Watched) -> None:
    del watched.state.agents["ann"]


@pytest.mark.parametrize("tamper", [_gone, _off_the_line, _nobody_kept, _no_agent])
def test_who_is_called_has_somebody_to_talk_with(tamper: Callable[[Watched], None]) -> None:
    """A phone that rings for nobody, or without an agent, is seen; one that is as it should be is not."""
    watched = called_back()
    name = watched.call.id
    assert watched.look(about=name) == set()
    tamper(watched)
    assert Rule.CALLBACK in watched.look(about=name)


def test_who_was_reached_is_called_no_more() -> None:
    """The leg is the customer's own then, and may be left by any way."""
    watched = called_back()
    calling = watched.call.state
    assert isinstance(calling, st.Calling)
    watched.change(st.Joining(waiting=calling.waiting, offer=calling.offer, agent=calling.agent, leg=calling.leg))
    assert Rule.CALLBACK not in watched.look(about=watched.call.id)
    _off_the_line(watched)
    assert Rule.CALLBACK not in watched.look(about=watched.call.id)


def test_a_callback_is_not_ahead_of_an_older_live_caller() -> None:
    """It is a rule of its own: among callbacks, and among live callers, it is the common one."""
    watched = waiting(callers=2)
    first, second = watched.state.interactions.values()
    promised = Callback(line=second.leg, ticket=2, accepted_at=0, expires_at=0)
    second.callback = promised
    assert Rule.CALLBACK in watched.look(decided(watched, interaction=second.id))
    first.callback = promised
    assert Rule.CALLBACK not in watched.look(decided(watched, interaction=second.id))
