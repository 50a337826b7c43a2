"""What people ask at the door of a real daemon, on a real store: done, refused, and who may."""

import msgspec
import pytest_twisted
from twisted.internet.defer import Deferred

from appliance import api
from appliance.core import effects
from appliance.core import state as st
from appliance.store.sessions import hash_of
from tests.daemon.real import PASSWORD, Box


def codes(reply: api.Reply) -> list[str]:
    """Give the problems' words."""
    return [problem.code for problem in reply.problems]


@pytest_twisted.ensureDeferred
async def test_an_agent_works_a_call(box: Box) -> None:
    """Seat, call, wrap-up with disposition and note, break, out: all by the door."""
    anna = await box.sign_in("anna")
    assert await box.ask(api.TakeSeat(), anna) == api.Reply()
    caller = box.exchange.call("2001", party=(await box.daemon.parties.party_of("13800138000", "Wang"))[0])
    await box.until(lambda: caller.hears.startswith("prompt/en/menu"))
    box.exchange.press(caller, "1")
    await box.until(lambda: "101" in box.ringing)
    assert box.ringing["101"].shown == ("13800138000", "Wang")
    box.exchange.pick_up(box.ringing["101"])
    await box.until(lambda: isinstance(box.agent("anna"), st.Talking))
    interaction = next(iter(box.daemon.hub.centre.state.interactions))
    bela = await box.sign_in("bela")
    assert codes(await box.ask(api.HangUpCall(interaction=interaction), bela)) != []
    assert codes(await box.ask(api.Conclude(interaction=interaction, note="mine?"), bela)) == ["not_your_call"]
    assert await box.ask(api.HangUpCall(interaction=interaction), anna) == api.Reply()
    await box.until(lambda: isinstance(box.agent("anna"), st.WrapUp))
    done = await box.ask(api.Conclude(interaction=interaction, disposition="order", note="wants\nblue"), anna)
    assert done == api.Reply()
    assert codes(await box.ask(api.Conclude(interaction=interaction, disposition="odd"), anna)) == [
        "unknown_disposition"
    ]
    assert await box.ask(api.ExtendWrapUp(by_s=60), anna) == api.Reply()
    assert await box.ask(api.EndWrapUp(), anna) == api.Reply()
    late = await box.ask(api.Conclude(interaction=interaction, note="wants blue, in size 3"), anna)
    assert late == api.Reply()
    assert codes(await box.ask(api.TakeBreak(reason="odd"), anna)) == ["unknown_reason"]
    assert await box.ask(api.TakeBreak(reason="lunch"), anna) == api.Reply()
    assert await box.ask(api.EndBreak(), anna) == api.Reply()
    assert await box.ask(api.LeaveSeat(), anna) == api.Reply()
    notes = await box.store_answer(box.store.people.notes([interaction]))
    assert [(note.agent, note.text) for note in notes[interaction]] == [("anna", "wants blue, in size 3")]
    assert await box.ask(api.Conclude(interaction=interaction, note=""), anna) == api.Reply()
    assert await box.store_answer(box.store.people.notes([interaction])) == {}


@pytest_twisted.ensureDeferred
async def test_a_supervisor_acts_for_others_an_agent_does_not(box: Box) -> None:
    """And the console must say for whom."""
    sue, bela = await box.sign_in("sue"), await box.sign_in("bela")
    assert await box.ask(api.TakeSeat(agent="anna"), sue) == api.Reply()
    assert codes(await box.ask(api.LeaveSeat(agent="anna"), bela)) == ["not_allowed"]
    assert codes(await box.ask(api.TakeSeat(), sue)) == ["unknown_agent"]
    assert codes(await box.ask(api.TakeSeat())) == ["unknown_agent"]
    assert await box.ask(api.LeaveSeat(agent="anna")) == api.Reply()


@pytest_twisted.ensureDeferred
async def test_sessions_begin_and_end(box: Box) -> None:
    """A wrong password, a good one, out again; and none at all."""
    assert await box.sign_in("anna")
    wrong = await box.ask(api.SignIn(person="anna", password="no"), session="-")
    assert codes(wrong) == ["wrong"]
    assert codes(await box.ask(api.SignIn(person="nobody", password=PASSWORD), session="-")) == ["wrong"]
    anna = await box.sign_in("anna")
    assert codes(await box.ask(api.SetLanguage(language="zh"), anna)) == []
    assert codes(await box.ask(api.SignOut(), anna)) == []
    assert codes(await box.ask(api.TakeSeat(), anna)) == ["not_signed_in"]
    assert codes(await box.ask(api.TakeSeat(), "guessed")) == ["not_signed_in"]


@pytest_twisted.ensureDeferred
async def test_what_was_read_before_a_sign_out_does_not_undo_it(box: Box) -> None:
    """The list of sessions is read again every half minute, and may be on its way just then."""
    anna = await box.sign_in("anna")
    sessions = box.daemon.sessions
    reading = Deferred.fromCoroutine(sessions.refresh())
    leaving = Deferred.fromCoroutine(sessions.end(hash_of(anna)))
    await reading
    assert sessions.by_secret(anna) is None
    await leaving
    await sessions.refresh()
    assert sessions.by_secret(anna) is None


@pytest_twisted.ensureDeferred
async def test_ten_failures_lock_out(box: Box) -> None:
    """The right password does not open then, from there."""
    assert await box.sign_in("chen")
    for _ in range(10):
        await box.ask(api.SignIn(person="chen", password="no", address="10.0.0.9"), session="-")
    locked = await box.ask(api.SignIn(person="chen", password=PASSWORD, address="10.0.0.9"), session="-")
    assert codes(locked) == ["locked_out"]


@pytest_twisted.ensureDeferred
async def test_passwords(box: Box) -> None:
    """One's own with the present one; anybody's by an administrator; the person's other sessions end."""
    here, there = await box.sign_in("dora"), await box.sign_in("dora")
    new = "another good long password"
    refused = await box.ask(api.SetPassword(person="dora", password=new, present="guess"), here)
    assert codes(refused) == ["wrong"]
    assert not codes(await box.ask(api.SetPassword(person="dora", password=new, present=PASSWORD), here))
    assert codes(await box.ask(api.TakeSeat(), there)) == ["not_signed_in"]
    assert codes(await box.ask(api.TakeSeat(), here)) == []
    assert codes(await box.ask(api.SetPassword(person="anna", password=new, present=new), here)) == ["not_allowed"]
    made = await box.ask(api.SetPassword(person="dora", password=""))
    assert len(made.password) >= 16
    assert codes(await box.ask(api.TakeSeat(), here)) == ["not_signed_in"]


@pytest_twisted.ensureDeferred
async def test_a_person_who_is_changed_is_changed_at_once(box: Box) -> None:
    """The open session has the new role, or none."""
    bela = await box.sign_in("bela")
    assert codes(await box.ask(api.TakeSeat(agent="anna"), bela)) == ["not_allowed"]
    person = api.Person(slug="bela", name="Béla", role="supervisor", agent="bela")
    put = api.PutPerson(person=person, extension="102", queues=("support",))
    assert not codes(await box.ask(put))
    assert codes(await box.ask(api.TakeSeat(agent="anna"), bela)) == []
    off = api.PutPerson(person=api.Person(slug="bela", name="Béla", role="supervisor", agent="bela", disabled=True))
    assert not codes(await box.ask(off))
    assert codes(await box.ask(api.TakeSeat(agent="anna"), bela)) == ["not_signed_in"]


@pytest_twisted.ensureDeferred
async def test_a_change_holds_when_it_is_answered(box: Box) -> None:
    """The Centre goes by the new version, the exchange has it, and it can be taken back."""
    ada = await box.sign_in("ada")
    before = box.daemon.hub.centre.state.version
    value = b'{"slug": "support", "agents": ["anna"], "ring_s": 7}'
    done = await box.ask(api.Put(base=before, list="queues", value=msgspec.Raw(value)), ada)
    assert not codes(done)
    assert box.daemon.hub.centre.state.version == done.version != before
    assert codes(await box.ask(api.Put(base=before, list="queues", value=msgspec.Raw(value)), ada)) in ([], ["stale"])
    reverted = await box.ask(api.Revert(change=done.change), ada)
    assert box.daemon.hub.centre.state.version == reverted.version == before
    refused = await box.ask(api.Drop(base=before, list="flows", slug="main"), ada)
    assert codes(refused)[:1] == ["in_use"]


@pytest_twisted.ensureDeferred
async def test_a_token_is_done_once(box: Box) -> None:
    """Repeated by the same person; another person's token is another."""
    anna = await box.sign_in("anna")
    assert await box.ask(api.TakeSeat(token="t1"), anna) == api.Reply()
    assert await box.ask(api.TakeSeat(token="t1"), anna) == api.Reply()
    assert codes(await box.ask(api.TakeSeat(token="t2"), anna)) == ["already_signed_on"]
    sue = await box.sign_in("sue")
    assert codes(await box.ask(api.TakeSeat(token="t1", agent="anna"), sue)) == ["already_signed_on"]
    first = await box.ask(api.SetSecret(token="s1", of="extension/101"))
    assert first.password
    assert await box.ask(api.SetSecret(token="s1", of="extension/101")) == first
    assert codes(await box.ask(api.TakeSeat(token="x" * 65), anna)) == ["invalid"]


@pytest_twisted.ensureDeferred
async def test_an_agent_sends_a_caller_on(box: Box) -> None:
    """To what does not exist, to a number that is none, to a queue; an outside number is a party's from the door on."""
    anna = await box.sign_in("anna")
    assert await box.ask(api.TakeSeat(), anna) == api.Reply()
    interaction = await in_talk(box)
    for to in (api.TransferCall(interaction=interaction, number="sip:x"), api.TransferCall(interaction="other")):
        assert codes(await box.ask(to, anna)) in (["invalid"], ["not_your_call"])
    assert codes(await box.ask(api.TransferCall(interaction=interaction, to_agent="zoe"), anna)) == ["unknown_target"]
    assert await box.ask(api.TransferCall(interaction=interaction, queue="sales"), anna) == api.Reply()
    await box.until(lambda: isinstance(box.agent("anna"), st.WrapUp))
    assert await box.ask(api.EndWrapUp(), anna) == api.Reply()
    interaction = await in_talk(box)
    assert await box.ask(api.TransferCall(interaction=interaction, number="2003"), anna) == api.Reply()
    assert await box.ask(api.EndWrapUp(), anna) == api.Reply()
    interaction = await in_talk(box)
    assert await box.ask(api.TransferCall(interaction=interaction, number="110"), anna) == api.Reply()
    assert await box.ask(api.EndWrapUp(), anna) == api.Reply()
    interaction = await in_talk(box)
    assert await box.ask(api.TransferCall(interaction=interaction, number="13900139000"), anna) == api.Reply()
    forwards = box.exchange.performed

    def sent() -> list[str]:
        return [effect.party for effect in forwards if isinstance(effect, effects.Forward) and effect.party]

    await box.until(lambda: bool(sent()))
    assert await box.daemon.parties.label(sent()[0]) == ("13900139000", "")


async def in_talk(box: Box) -> str:
    """Let somebody call support and talk with anna; give the interaction."""
    caller = box.exchange.call("2001", party="p")
    await box.until(lambda: caller.hears.startswith("prompt/en/menu"))
    box.exchange.press(caller, "1")
    await box.until(lambda: "101" in box.ringing and box.ringing["101"].doing == "ringing")
    box.exchange.pick_up(box.ringing["101"])
    await box.until(lambda: isinstance(box.agent("anna"), st.Talking))
    state = box.agent("anna")
    assert isinstance(state, st.Talking)
    return state.interaction


@pytest_twisted.ensureDeferred
async def test_what_is_said_of_a_caller_holds_at_the_next_call(box: Box) -> None:
    """By a supervisor; an agent may not; and only what routing can use."""
    anna, sue = await box.sign_in("anna"), await box.sign_in("sue")
    assert codes(await box.ask(api.SetParty(party="13800138000", priority=2), anna)) == ["not_allowed"]
    for wrong, code in (
        (api.SetParty(party="13800138000", priority=10), "out_of_range"),
        (api.SetParty(party="13800138000", grade="odd"), "missing"),
        (api.SetParty(party="13800138000", preferred="zoe"), "unknown_agent"),
        (api.SetParty(party="nobody", priority=2), "unknown"),
    ):
        assert codes(await box.ask(wrong, sue)) == [code]
    assert await box.ask(api.SetParty(party="13800138000", priority=2, preferred="anna"), sue) == api.Reply()
    _, view = await box.daemon.parties.party_of("13800138000", "")
    assert (view.priority, view.preferred, view.blocked) == (2, "anna", False)


@pytest_twisted.ensureDeferred
async def test_breaks_missed_calls_and_wrap_ups_by_the_door(box: Box) -> None:
    """A break asked for in a call begins after it; a wrap-up is extended and cut; missed is seen and reversible."""
    anna = await box.sign_in("anna")
    assert await box.ask(api.TakeSeat(), anna) == api.Reply()
    interaction = await in_talk(box)
    assert await box.ask(api.TakeBreak(reason="lunch"), anna) == api.Reply()
    assert isinstance(box.agent("anna"), st.Talking)
    assert box.daemon.hub.centre.state.agents["anna"].wants_break == "lunch"
    assert await box.ask(api.HangUpCall(interaction=interaction), anna) == api.Reply()
    state = box.agent("anna")
    assert isinstance(state, st.WrapUp)
    assert await box.ask(api.ExtendWrapUp(by_s=60), anna) == api.Reply()
    longer = box.agent("anna")
    assert isinstance(longer, st.WrapUp)
    assert longer.until == state.until + 60_000_000
    assert codes(await box.ask(api.ExtendWrapUp(by_s=3600), anna)) == ["too_long"]
    assert await box.ask(api.EndWrapUp(), anna) == api.Reply()
    assert box.agent("anna") == st.OnBreak(reason="lunch")
    assert codes(await box.ask(api.EndWrapUp(), anna)) == ["not_in_wrap_up"]
    assert await box.ask(api.EndBreak(), anna) == api.Reply()
    box.ringing.clear()
    caller = box.exchange.call("2003", party="p")
    await box.until(lambda: caller.hears.startswith("prompt/en/menu"))
    box.exchange.press(caller, "1")
    await box.until(lambda: "101" in box.ringing)
    box.exchange.refuse(box.ringing["101"], "refused")
    await box.until(lambda: box.agent("anna") == st.Missed(cause="refused"))
    assert await box.ask(api.EndBreak(), anna) == api.Reply()
    assert isinstance(box.agent("anna"), st.Ringing)
    assert codes(await box.ask(api.EndBreak(), anna)) == ["not_on_break"]
