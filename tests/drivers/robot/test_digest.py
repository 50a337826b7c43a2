"""Digest authentication, against the examples of its RFCs."""

import pytest

from drivers.robot import digest
from drivers.robot.sip import Headers, LocalProtocolError, RemoteProtocolError

WORDS = "Circle of Life"
MUFASA = digest.Credentials(user="Mufasa", password=WORDS)
RFC_7616 = 'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, nonce="{}", opaque="{}"'
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    """The examples of RFC 7616."""
    challenge = digest.parse_challenge(
        RFC_7616.format(algorithm, NONCE, "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")
    )
    answer = digest.answer(challenge, MUFASA, "GET", "/dir/index.html", CNONCE)
    assert f'response="{response}"' in answer
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in answer
    assert "qop=auth, nc=00000001" in answer


def test_without_quality_of_protection_the_answer_is_the_older_one() -> None:
    """Without quality of protection the answer is the older one."""
    # RFC 2069's example with the response of its erratum.
    challenge = digest.parse_challenge('digest realm="testrealm@host.com",nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
    credentials = digest.Credentials(user="Mufasa", password=WORDS.replace(" ", "").replace("of", "Of"))
    answer = digest.answer(challenge, credentials, "GET", "/dir/index.html", CNONCE)
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in answer
    assert "qop" not in answer
    assert "opaque" not in answer


def test_a_stale_nonce_and_escapes_are_read() -> None:
    """A stale nonce and escapes are read."""
    challenge = digest.parse_challenge('Digest realm="a \\"b\\"", nonce=n , stale=TRUE')
    assert (challenge.realm, challenge.nonce, challenge.stale) == ('a "b"', "n", True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Basic realm=x",
        'Digest realm="x"',
        'Digest nonce="x"',
        'Digest realm="x", nonce=""',
        'Digest realm="x", nonce="x", algorithm=MD5-sess',
        'Digest realm="x", nonce="x", qop="auth-int"',
        'Digest realm="x, nonce=x',
        "Digest =",
    ],
)
def test_what_cannot_be_answered_is_refused(text: str) -> None:
    """What cannot be answered is refused."""
    with pytest.raises(RemoteProtocolError):
        digest.parse_challenge(text)


def test_the_first_challenge_that_can_be_answered_is_taken() -> None:
    """The first challenge that can be answered is taken."""
    good = ("Proxy-Authenticate", 'Digest realm="r", nonce="n"')
    headers = Headers(fields=(("Proxy-Authenticate", "Basic realm=x"), good))
    assert digest.find_challenge(407, headers).realm == "r"
    with pytest.raises(RemoteProtocolError, match="do not know: 'Basic'"):
        digest.find_challenge(407, Headers(fields=headers.fields[:1]))
    with pytest.raises(RemoteProtocolError, match="without a challenge"):
        digest.find_challenge(401, headers)


def test_a_user_with_a_colon_is_refused() -> None:
    """A user with a colon is refused."""
    with pytest.raises(LocalProtocolError):
        digest.answer(
            digest.Challenge(realm="r", nonce="n"), digest.Credentials(user="a:b", password=""), "GET", "/", "c"
        )
