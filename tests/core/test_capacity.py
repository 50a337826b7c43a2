"""Capacity: an agent takes so many units of several media; which of them come beside which."""

import pytest

from appliance.core import effects, facts, model
from appliance.core.centre import Centre
from appliance.core.check import check
from appliance.core.model import Medium
from drivers.simulated.line import Line
from tests.core.crew import Crew, a_line, an_agent

CHAT_AND_MAIL = {
    "chat": Medium(units=2, beside=("chat", "mail")),
    "mail": Medium(units=1, beside=("chat", "mail", "voice")),
}
"Four chats or eight mails, or both; a mail may be read in a call, no chat begins in one."


def a_crew(voice: Medium | None = None, **company: object) -> Crew:
    """Let ann, who has eight units, work."""
    media = CHAT_AND_MAIL | ({"voice": voice} if voice else {})
    world = Crew(
        a_line("support", "ann"),
        agents=(an_agent("ann", 1, units=8),),
        company=model.Company(**({"media": media} | company)),  # type: ignore[arg-type]  # what differs
    )
    world.sign_on("ann")
    return world


def takes(world: Crew, *media: str) -> None:
    """Let ann have contacts in hand, named by their media and number."""
    for number, medium in enumerate(media):
        world.take(facts.ContactTaken(agent="ann", contact=f"{medium}-{number}", medium=medium))


def may(world: Crew, medium: str) -> str:
    """Say why ann may not be given a contact, empty if she may."""
    return world.centre.why_no_contact(world.centre.state.agents["ann"], medium)


def is_offered(world: Crew) -> Line | None:
    """Let somebody call; give the line if ann's phone rings."""
    line = world.comes()
    return line if world.offered_to(line) else None


@pytest.mark.parametrize(
    ("in_hand", "chat", "mail"),
    [
        ((), "", ""),
        (("chat", "chat", "chat"), "", ""),
        (("chat", "chat", "chat", "mail"), "full", ""),
        (("chat", "chat", "chat", "chat"), "full", "full"),
        (("mail",) * 8, "full", "full"),
        (("fax",), "full", "full"),
    ],
)
def test_units_by_medium(in_hand: tuple[str, ...], chat: str, mail: str) -> None:
    """What fits by the units, and what none may come beside: a medium that is not named takes all."""
    world = a_crew()
    takes(world, *in_hand)
    assert (may(world, "chat"), may(world, "mail")) == (chat, mail)


@pytest.mark.parametrize(
    ("voice", "in_hand", "offered"),
    [
        (None, (), True),
        (None, ("mail",), False),
        (Medium(units=0), ("mail",), False),
        (Medium(units=4, beside=("mail",)), ("mail",) * 4, True),
        (Medium(units=4, beside=("mail",)), ("mail",) * 5, False),
        (Medium(units=4, beside=("mail",)), ("chat",), False),
        (Medium(units=4), ("chat", "chat"), True),
    ],
)
def test_a_call_beside_others(voice: Medium | None, in_hand: tuple[str, ...], *, offered: bool) -> None:
    """Voice excludes all others unless it is said which; as soon as the units are free again, the phone rings."""
    world = a_crew(voice)
    takes(world, *in_hand)
    line = world.comes()
    assert bool(world.offered_to(line)) is offered
    if not offered:
        assert world.centre.why_not(
            world.centre.state.agents["ann"], next(iter(world.centre.state.interactions.values()))
        )
        for number, medium in enumerate(in_hand):
            world.take(facts.ContactDone(agent="ann", contact=f"{medium}-{number}"))
        assert world.offered_to(line) == ["ann"]
    assert world.centre.state.agents["ann"].load == (
        len(in_hand) * CHAT_AND_MAIL[in_hand[0]].units if offered and in_hand else 0
    )


def test_others_beside_a_call() -> None:
    """From the first ring to the end of the wrap-up the call is in hand: mail may be read, no chat begins."""
    world = a_crew(Medium(units=4, beside=("mail",)))
    assert is_offered(world)
    assert (may(world, "chat"), may(world, "mail")) == ("full", "")
    world.answer("ann")
    takes(world, "mail", "mail", "mail")
    assert (may(world, "chat"), may(world, "mail")) == ("full", "")
    takes(world, "mail", "mail", "mail", "mail")
    assert may(world, "mail") == "full"
    alone = a_crew()
    assert is_offered(alone)
    assert may(alone, "mail") == "full"


def test_who_is_away_or_about_to_be_is_given_nothing() -> None:
    """Nor who is in a call of one's own, if so set."""
    world = a_crew(rest_on_own_call=True, media=CHAT_AND_MAIL | {"voice": Medium(units=1)})
    world.take(facts.PhoneBusy(extension="101", busy=True))
    assert may(world, "mail") == "own_call"
    world.take(facts.PhoneBusy(extension="101", busy=False))
    assert is_offered(world)
    world.answer("ann")
    world.command(facts.SignOff, "ann")
    assert may(world, "mail") == "signed_out"
    world.command(facts.SignOn, "ann")
    assert may(world, "mail") == ""
    other = Crew(a_line("support", "ann"), breaks=(model.Reason(slug="tea"),))
    assert may(other, "mail") == "signed_out"
    other.sign_on("ann")
    other.comes()
    other.command(facts.TakeBreak, "ann", reason="tea")
    assert may(other, "mail") == "on_break"


def test_contacts_are_kept_and_of_nobody_nothing() -> None:
    """Through a snapshot; the same contact taken twice is one."""
    world = a_crew()
    takes(world, "chat", "mail")
    takes(world, "chat")
    world.take(facts.ContactTaken(agent="zoe", contact="c", medium="chat"))
    world.take(facts.ContactDone(agent="zoe", contact="c"))
    world.take(facts.ContactDone(agent="ann", contact="other"))
    again = Centre.restore(world.centre.snapshot(), world.versions.__getitem__)
    assert again.state.agents["ann"].load == 3
    assert again.state.agents["ann"].tasks == world.centre.state.agents["ann"].tasks
    assert not world.some(effects.Quarantined)


@pytest.mark.parametrize(
    ("media", "right"),
    [
        (CHAT_AND_MAIL, True),
        ({"Chat": Medium()}, False),
        ({"chat": Medium(units=21)}, False),
        ({"chat": Medium(units=-1)}, False),
        ({"chat": Medium(beside=("letter",))}, False),
    ],
)
def test_media_are_checked(media: dict[str, Medium], *, right: bool) -> None:
    """Before they are published."""
    found = check(model.Configuration(company=model.Company(media=media)))
    assert (not [fault for fault in found if fault.path.startswith("company.media")]) is right
