"""What a phone answers to a peer that is played by hand: rare, late, wrong and hostile messages."""

import pytest
import pytest_twisted
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from drivers.robot import leg, sip
from drivers.robot.call import Call
from drivers.robot.leg import By, RefusedError, State
from drivers.robot.line import Options
from drivers.robot.phone import Phone
from drivers.robot.waits import DeadlineError, RobotError
from tests.drivers.robot.conftest import SOON_S, Phones
from tests.drivers.robot.wire import OFFER, Peer

IMPATIENT_S = 0.02
"A T1 with which a phone gives up after 1.3 s."
VIDEO = b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=video 9 RTP/AVP 99\r\n"


async def called(phones: Phones, peer: Peer, *, t1_s: float = 0.1) -> Phone:
    """Make bob, whom the peer calls."""
    bob = await phones.bob(t1_s=t1_s)
    peer.talk_to(bob.line.port)
    return bob


async def calling(phones: Phones, peer: Peer, *, t1_s: float = 0.1) -> Phone:
    """Make a phone whose exchange is the peer."""
    phone = await phones.make(Options(user="ann", server=("127.0.0.1", peer.port), tone_hz=453, t1_s=t1_s))
    peer.talk_to(phone.line.port)
    return phone


async def up(phones: Phones, peer: Peer) -> tuple[Call, sip.Response]:
    """Let the peer call bob, and bob answer."""
    bob = await called(phones, peer)
    peer.invite()
    call = await bob.next_call(SOON_S)
    call.answer()
    accepted = await peer.response(200, "INVITE")
    peer.ask("ACK", to=accepted.headers.first("to"))
    await call.answered(SOON_S)
    return call, accepted


@pytest_twisted.ensureDeferred
async def test_an_offer_is_asked_for_and_its_answer_comes_with_the_ack(phones: Phones, peer: Peer) -> None:
    """An offer is asked for and its answer comes with the ack."""
    bob = await called(phones, peer)
    peer.invite(body=b"")
    call = await bob.next_call(SOON_S)
    call.answer()
    accepted = await peer.response(200, "INVITE")
    assert b"m=audio" in accepted.body
    peer.ask("ACK", to=accepted.headers.first("to"), body=OFFER)
    await call.answered(SOON_S)
    peer.ask("INVITE", number=2, to=accepted.headers.first("to"))
    assert b"m=audio" in (await peer.response(200, "INVITE")).body
    peer.ask("ACK", number=2, to=accepted.headers.first("to"), body=VIDEO)
    assert (await call.ended(SOON_S)).code == 488
    await peer.request("BYE")


@pytest_twisted.ensureDeferred
async def test_what_is_no_audio_is_refused(phones: Phones, peer: Peer) -> None:
    """What is no audio is refused."""
    bob = await called(phones, peer)
    peer.invite(body=VIDEO)
    call = await bob.next_call(SOON_S)
    call.answer()
    await peer.response(488, "INVITE")
    assert (call.state, call.end and call.end.by) == (State.ENDED, By.US)


@pytest_twisted.ensureDeferred
async def test_inside_a_call_everything_has_its_answer(phones: Phones, peer: Peer) -> None:
    """Inside a call everything has its answer."""
    call, accepted = await up(phones, peer)
    to = accepted.headers.first("to")
    for number, (method, body, code) in enumerate(
        (
            ("INFO", b"", 200),
            ("OPTIONS", b"", 200),
            ("MESSAGE", b"hello", 200),
            ("NOTIFY", b"no fragment", 200),
            ("NOTIFY", b"SIP/2.0 100 Trying", 200),
            ("UPDATE", b"", 200),
            ("UPDATE", OFFER + b"a=sendonly\r\n", 200),
            ("UPDATE", VIDEO, 488),
            ("REFER", b"", 603),
            ("PRACK", b"", 405),
        ),
        start=2,
    ):
        peer.ask(method, body=body, number=number, to=to)
        await peer.response(code, method)
    assert call.transferred == 100
    assert call.held
    peer.ask("UPDATE", body=OFFER, number=20, to=to)
    await peer.response(200, "UPDATE")
    assert (call.held,) == (False,)
    peer.ask("INFO", number=3, to=to)
    await peer.response(500, "INFO")
    peer.ask("CANCEL", number=20, to=to)
    await peer.response(200, "CANCEL")
    assert call.state is State.UP
    peer.ask("BYE", ("Reason", "Q.850;cause=16"), number=21, to=to)
    await peer.response(200, "BYE")
    ended = await call.ended(SOON_S)
    assert (ended.by, ended.reason) == (By.THEM, "Q.850;cause=16")
    peer.ask("BYE", number=22, to=to)
    await peer.response(481, "BYE")


@pytest_twisted.ensureDeferred
async def test_two_offers_that_meet_are_made_again(phones: Phones, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two offers that meet are made again."""
    monkeypatch.setattr(leg, "GLARE_S", 0.01)
    call, accepted = await up(phones, peer)
    done = Deferred.fromCoroutine(call.hold())
    offer = await peer.request("INVITE")
    peer.ask("INVITE", number=2, body=OFFER, to=accepted.headers.first("to"))
    await peer.response(491, "INVITE")
    peer.answer(offer, 491)
    peer.answer(await peer.request("INVITE"), 200, body=OFFER)
    await done
    await peer.request("ACK")
    done = Deferred.fromCoroutine(call.unhold())
    peer.answer(await peer.request("INVITE"), 488)
    with pytest.raises(RefusedError, match="488"):
        await done


@pytest_twisted.ensureDeferred
async def test_an_answer_that_is_never_acknowledged_ends_the_call(phones: Phones, peer: Peer) -> None:
    """An answer that is never acknowledged ends the call."""
    bob = await called(phones, peer, t1_s=IMPATIENT_S)
    peer.invite()
    call = await bob.next_call(SOON_S)
    call.answer()
    ended = await call.ended(SOON_S)
    assert (ended.code, ended.by) == (408, By.US)
    peer.answer(await peer.request("BYE"), 200)


@pytest_twisted.ensureDeferred
async def test_hanging_up_waits_for_the_acknowledgement(phones: Phones, peer: Peer) -> None:
    """Hanging up waits for the acknowledgement."""
    bob = await called(phones, peer)
    peer.invite()
    call = await bob.next_call(SOON_S)
    call.answer()
    accepted = await peer.response(200, "INVITE")
    done = Deferred.fromCoroutine(call.hang_up())
    peer.ask("ACK", to=accepted.headers.first("to"))
    bye = await peer.request("BYE")
    peer.answer(bye, 481)
    assert (await done).by is By.US


@pytest_twisted.ensureDeferred
async def test_a_cancel_waits_for_the_first_word_and_may_come_too_late(phones: Phones, peer: Peer) -> None:
    """A cancel waits for the first word and may come too late."""
    phone = await calling(phones, peer)
    call = phone.dial("1")
    invite = await peer.request("INVITE")
    done = Deferred.fromCoroutine(call.hang_up())
    peer.answer(invite, 100)
    peer.answer(invite, 180)
    cancel = await peer.request("CANCEL")
    assert cancel.headers.branch == invite.headers.branch
    assert cancel.headers.cseq == (1, "CANCEL")
    peer.answer(cancel, 200)
    peer.answer(invite, 200, body=OFFER)
    await peer.request("ACK")
    peer.answer(await peer.request("BYE"), 200)
    assert (await done).code == 487


@pytest_twisted.ensureDeferred
async def test_nobody_hears_a_goodbye(phones: Phones, peer: Peer) -> None:
    """Nobody hears a goodbye."""
    phone = await calling(phones, peer, t1_s=IMPATIENT_S)
    call = phone.dial("1")
    peer.answer(await peer.request("INVITE"), 200, body=OFFER)
    await call.answered(SOON_S)
    call.reject()
    assert (await call.hang_up(10)).code == 200
    call = phone.dial("2")
    invite = await peer.request("INVITE")
    peer.answer(invite, 180)
    done = Deferred.fromCoroutine(call.hang_up(1.5))
    await peer.request("CANCEL")
    with pytest.raises(DeadlineError):
        await done


@pytest_twisted.ensureDeferred
async def test_offers_that_meet_too_often_are_given_up(
    phones: Phones, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offers that meet too often are given up."""
    monkeypatch.setattr(leg, "GLARE_S", 0.01)
    call, _ = await up(phones, peer)
    done = Deferred.fromCoroutine(call.hold())
    for _ in range(1 + leg.GLARES_MAX):
        peer.answer(await peer.request("INVITE"), 491)
    with pytest.raises(RefusedError, match="491"):
        await done


@pytest_twisted.ensureDeferred
async def test_an_answer_in_no_codec_of_ours_is_none(phones: Phones, peer: Peer) -> None:
    """An answer in no codec of ours is none."""
    phone = await calling(phones, peer)
    call = phone.dial("1")
    peer.answer(await peer.request("INVITE"), 200, body=OFFER.replace(b"AVP 0", b"AVP 3"))
    peer.answer(await peer.request("BYE"), 200)
    assert (await call.ended(SOON_S)).reason == "no audio in common"


@pytest_twisted.ensureDeferred
async def test_what_the_system_does_not_take_is_counted(phones: Phones) -> None:
    """What the system does not take is counted."""
    phone = await phones.make(Options(user="ann", server=("255.255.255.255", 5060), t1_s=0.01))
    ended = await phone.dial("1").ended(SOON_S)
    assert ended.by is By.NOBODY
    assert phone.line.unsent > 5


@pytest_twisted.ensureDeferred
async def test_who_does_not_answer_to_the_end_is_left(phones: Phones, peer: Peer) -> None:
    """Who does not answer to the end is left."""
    phone = await calling(phones, peer)
    call = phone.dial("1")
    peer.answer(await peer.request("INVITE"), 180)
    await call.ringing(SOON_S)
    with pytest.raises(DeadlineError, match="its end"):
        await call.hang_up(0.2)
    assert call.end is not None
    assert call.end.by is By.NOBODY
    assert not phone.calls


@pytest_twisted.ensureDeferred
async def test_an_answer_without_audio_ends_the_call(phones: Phones, peer: Peer) -> None:
    """An answer without audio ends the call."""
    phone = await calling(phones, peer)
    call = phone.dial("1")
    invite = await peer.request("INVITE")
    peer.answer(invite, 183, body=VIDEO)
    peer.answer(invite, 200, body=VIDEO)
    await peer.request("ACK")
    peer.answer(await peer.request("BYE"), 200)
    assert (await call.ended(SOON_S)).code == 488


@pytest_twisted.ensureDeferred
async def test_requests_follow_the_route_and_the_contact(phones: Phones, peer: Peer) -> None:
    """Requests follow the route and the contact."""
    phone = await calling(phones, peer)
    call = phone.dial("1")
    routes = f"<sip:127.0.0.1:{peer.port};lr>, <sip:proxy.example;lr>"
    peer.answer(await peer.request("INVITE"), 200, ("Record-Route", routes), body=OFFER)
    ack = await peer.request("ACK")
    assert ack.headers.listed("route") == ("<sip:proxy.example;lr>", f"<sip:127.0.0.1:{peer.port};lr>")
    assert ack.uri == f"sip:peer@127.0.0.1:{peer.port}"
    done = Deferred.fromCoroutine(call.refer("5"))
    refer = await peer.request("REFER")
    assert refer.headers.first("refer-to") == f"<sip:5@127.0.0.1:{peer.port}>"
    peer.answer(refer, 202)
    await done
    peer.ask("BYE", call=refer.headers.call_id, to=refer.headers.first("from"))
    assert await call.transfer_ended(SOON_S) == 0
    with pytest.raises(RobotError):
        await call.hold()


@pytest_twisted.ensureDeferred
async def test_a_password_is_proven_for_a_call(phones: Phones, peer: Peer) -> None:
    """A password is proven for a call."""
    word = "secret"
    options = Options(user="ann", server=("127.0.0.1", peer.port), password=word, t1_s=0.1)
    phone = await phones.make(options)
    peer.talk_to(phone.line.port)
    call = phone.dial("1")
    peer.answer(await peer.request("INVITE"), 407, ("Proxy-Authenticate", 'Digest realm="r", nonce="n"'))
    assert (await peer.request("ACK")).headers.cseq == (1, "ACK")
    proven = await peer.request("INVITE")
    assert "Digest username" in proven.headers.first("proxy-authorization")
    assert proven.headers.cseq == (2, "INVITE")
    peer.answer(proven, 404)
    assert (await call.ended(SOON_S)).code == 404


@pytest_twisted.ensureDeferred
async def test_outside_of_a_call_everything_has_its_answer(phones: Phones, peer: Peer) -> None:
    """Outside of a call everything has its answer."""
    await called(phones, peer)
    for number, (method, code) in enumerate((("OPTIONS", 200), ("NOTIFY", 200), ("BYE", 481), ("REFER", 481))):
        peer.ask(method, number=number, call=f"c{number}")
        await peer.response(code, method)
    peer.ask("INVITE", number=9, call="c9", to="<sip:bob@127.0.0.1>;tag=gone", body=OFFER)
    await peer.response(481, "INVITE")


@pytest_twisted.ensureDeferred
async def test_a_hostile_contact_leads_nowhere(phones: Phones, peer: Peer) -> None:
    """A hostile contact leads nowhere."""
    bob = await called(phones, peer)
    for number, contact in enumerate(
        ("<sip:x@192.0.2.1>", "<sip:x y>", "<http://x>", "<sip:x@h", '"', "<sip:x@[::1]:5>", "<sip:x@127.0.0.1:99999>")
    ):
        peer.ask("INVITE", ("Contact", contact), body=OFFER, call=f"c{number}")
    peer.invite(call="last")
    calls = [await bob.next_call(SOON_S)]
    while calls[-1].leg.dialog.call_id != "last":
        calls.append(await bob.next_call(SOON_S))
    for call in calls[:-1]:
        assert call.leg.hop()[0] == "127.0.0.1"


@pytest_twisted.ensureDeferred
async def test_doubles_and_rubbish_change_nothing(phones: Phones, peer: Peer) -> None:
    """Doubles and rubbish change nothing."""
    bob = await called(phones, peer)
    peer.say(b"\r\n\r\n")
    peer.say(b"\0\0\0\0")
    peer.say(b"rubbish")
    invite = peer.invite()
    peer.say(invite.encode())
    call = await bob.next_call(SOON_S)
    peer.ask("OPTIONS", call="c2")
    await peer.response(200, "OPTIONS")
    assert list(bob.calls.values()) == [call]
    assert bob.line.garbled == 1


DATAGRAM = (
    "{0} sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{2}\r\n"
    'From: "P" <sip:p@127.0.0.1>;tag=p\r\nTo: <sip:bob@127.0.0.1>\r\nCall-ID: c{1}\r\nCSeq: {2} {0}\r\n'
    "Contact: <sip:p@127.0.0.1:9>\r\nRecord-Route: <sip:r@127.0.0.1;lr>\r\n\r\n"
)


@pytest_twisted.ensureDeferred
async def test_no_wound_makes_a_phone_stumble(phones: Phones) -> None:
    """No wound makes a phone stumble."""
    bob = await phones.bob(auto_answer_s=0)
    stranger = ("127.0.0.1", 9)

    @settings(max_examples=500, deadline=None)
    @given(
        st.binary(max_size=60),
        st.integers(0, 500),
        st.integers(0, 60),
        st.sampled_from(["INVITE", "BYE", "CANCEL", "ACK", "NOTIFY", "UPDATE", "REFER", "SUBSCRIBE"]),
        st.integers(1, 2),
    )
    def wounded(wound: bytes, start: int, length: int, method: str, call: int) -> None:
        whole = DATAGRAM.format("INVITE", 1, 1).encode() + OFFER
        bob.line.datagramReceived(whole, stranger)
        whole = DATAGRAM.format(method, call, 2).encode() + OFFER
        bob.line.datagramReceived(whole[:start] + wound + whole[start + length :], stranger)

    wounded()
    assert bob.line.garbled > 0
    assert len(bob.calls) <= bob.options.calls_max
