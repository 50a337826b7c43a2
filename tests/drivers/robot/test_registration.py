"""Registering, against an exchange that is played by hand."""

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from drivers.robot import registration, sip
from drivers.robot.line import Options
from drivers.robot.phone import Phone
from drivers.robot.registration import RegistrationError
from drivers.robot.waits import DeadlineError
from tests.drivers.robot.conftest import Phones
from tests.drivers.robot.wire import Peer

CHALLENGE = ("WWW-Authenticate", 'Digest realm="r", nonce="n1", qop="auth"')
STALE = ("WWW-Authenticate", 'Digest realm="r", nonce="n2", qop="auth", stale=true')
WORD = "secret"


async def a_phone(phones: Phones, peer: Peer, password: str | None = WORD) -> Phone:
    """Make a phone whose exchange is the peer."""
    options = Options(user="101", server=("127.0.0.1", peer.port), password=password, t1_s=0.1)
    phone = await phones.make(options)
    peer.talk_to(phone.line.port)
    return phone


def granted(request: sip.Request, expires: str = "") -> tuple[str, str]:
    """Write the Contact header of a grant."""
    return ("Contact", f"<sip:x@h>;expires=1, {request.headers.first('contact')}{expires}")


@pytest_twisted.ensureDeferred
async def test_a_password_is_proven_and_a_stale_nonce_is_no_refusal(phones: Phones, peer: Peer) -> None:
    """A password is proven and a stale nonce is no refusal."""
    phone = await a_phone(phones, peer)
    done = Deferred.fromCoroutine(phone.register(300))
    first = await peer.request("REGISTER")
    assert first.headers.first("authorization") == ""
    peer.answer(first, 401, CHALLENGE)
    second = await peer.request("REGISTER")
    assert 'nonce="n1"' in second.headers.first("authorization")
    peer.answer(second, 401, STALE)
    third = await peer.request("REGISTER")
    assert 'nonce="n2"' in third.headers.first("authorization")
    assert [request.headers.cseq[0] for request in (first, second, third)] == [1, 2, 3]
    peer.say(
        sip.Response(
            code=200,
            reason="OK",
            headers=sip.Headers(fields=(*third.headers.fields[:6], granted(third, ";expires=120"))),
        ).encode()
    )
    assert await done == 120
    assert phone.registered


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("challenge", [CHALLENGE, ("WWW-Authenticate", "Basic realm=x")])
async def test_a_wrong_password_and_a_strange_challenge_are_refusals(
    phones: Phones, peer: Peer, challenge: tuple[str, str]
) -> None:
    """A wrong password and a strange challenge are refusals."""
    phone = await a_phone(phones, peer)
    done = Deferred.fromCoroutine(phone.register())
    peer.answer(await peer.request("REGISTER"), 401, challenge)
    if challenge is CHALLENGE:
        peer.answer(await peer.request("REGISTER"), 401, challenge)
    with pytest.raises(RegistrationError, match="101: REGISTER got 401 R"):
        await done
    assert not phone.registered


@pytest_twisted.ensureDeferred
async def test_without_a_password_the_first_no_counts_and_silence_has_a_deadline(phones: Phones, peer: Peer) -> None:
    """Without a password the first no counts and silence has a deadline."""
    phone = await a_phone(phones, peer, None)
    done = Deferred.fromCoroutine(phone.register())
    peer.answer(await peer.request("REGISTER"), 401, CHALLENGE)
    with pytest.raises(RegistrationError):
        await done
    with pytest.raises(DeadlineError, match=r"not within 0\.3 s: 101: an answer to REGISTER"):
        await phone.register(deadline_s=0.3)


@pytest_twisted.ensureDeferred
async def test_it_is_refreshed_in_time_tried_again_and_given_up(
    phones: Phones, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refreshed in time tried again and given up."""
    monkeypatch.setattr(registration, "AGAIN_S", 0.05)
    phone = await a_phone(phones, peer)
    done = Deferred.fromCoroutine(phone.register(1))
    peer.answer(await peer.request("REGISTER"), 200, ("Expires", "1"))
    assert await done == 1
    peer.answer(await peer.request("REGISTER"), 503)
    refreshed = await peer.request("REGISTER")
    assert not phone.registered
    assert phone.registration.problem == "101: REGISTER got 503 R"
    peer.answer(refreshed, 200)
    again = await peer.request("REGISTER")
    peer.answer(again, 200)
    done_too = Deferred.fromCoroutine(phone.unregister())
    last = await peer.request("REGISTER")
    assert last.headers.first("expires") == "0"
    peer.answer(last, 200)
    await done_too
    assert not phone.registered


@pytest_twisted.ensureDeferred
async def test_stopping_ends_a_refresh_in_its_middle(phones: Phones, peer: Peer) -> None:
    """Stopping ends a refresh in its middle."""
    phone = await a_phone(phones, peer)
    done = Deferred.fromCoroutine(phone.register(1))
    peer.answer(await peer.request("REGISTER"), 200)
    await done
    await peer.request("REGISTER")
    await phone.stop()
