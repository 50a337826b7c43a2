"""Session descriptions: what is offered, answered, and refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.robot import sdp

ASTERISK = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=Asterisk\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n"
    "m=video 5000 RTP/SAVP 99\r\n"
    "m=audio 15000 RTP/AVP 9 8 0 96\r\nc=IN IP4 127.0.0.3/127\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 pcma/8000/1\r\n"
    "a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-16\r\na=ptime:30\r\na=sendonly\r\n"
)
BOTH = (sdp.Codec.PCMU, sdp.Codec.PCMA)


def test_a_description_is_read() -> None:
    """A description is read."""
    read = sdp.parse(ASTERISK.encode())
    assert read == sdp.Description(
        host="127.0.0.3",
        port=15000,
        codecs=((sdp.Codec.PCMA, 8), (sdp.Codec.PCMU, 0)),
        events=96,
        direction=sdp.Direction.SEND,
        ptime_ms=30,
        others=(("video", "RTP/SAVP", "99"),),
        audio_line=1,
    )


def test_the_session_speaks_where_the_media_are_silent() -> None:
    """The session speaks where the media are silent."""
    read = sdp.parse(b"v=0\nc=IN IP6 ::1\na=inactive\nm=audio 4 RTP/AVP 0 x\na=ptime:0\na=rtpmap:0 PCMU/16000")
    assert (read.host, read.direction, read.codecs, read.ptime_ms) == ("::1", sdp.Direction.NONE, (), 20)


def test_no_direction_means_both() -> None:
    """No direction means both."""
    read = sdp.parse(b"v=0\r\nm=audio 4 RTP/AVP 0\r\n")
    assert (read.direction, read.host, read.events) == (sdp.Direction.BOTH, "", None)


def test_an_offer_comes_back_as_it_was_written() -> None:
    """An offer comes back as it was written."""
    ours = sdp.offer("127.0.0.1", 4000, BOTH, sdp.Direction.SEND)
    assert sdp.parse(sdp.encode(ours, 1, 1)) == ours
    assert b"c=IN IP6 ::1\r\n" in sdp.encode(sdp.offer("::1", 4, BOTH, sdp.Direction.BOTH), 1, 1)


def test_an_answer_takes_their_first_codec_and_declines_what_is_no_audio() -> None:
    """An answer takes their first codec and declines what is no audio."""
    answer = sdp.answer(sdp.parse(ASTERISK.encode()), "127.0.0.1", 4000, BOTH, sdp.Direction.BOTH)
    assert answer.codecs == ((sdp.Codec.PCMA, 8),)
    assert answer.direction is sdp.Direction.RECEIVE
    text = sdp.encode(answer, 1, 2).decode()
    assert "m=video 0 RTP/SAVP 99\r\nm=audio 4000 RTP/AVP 8 96\r\n" in text
    assert sdp.parse(text.encode()) == answer


@pytest.mark.parametrize(
    ("ours", "theirs", "agreed"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "sendonly"),
        ("sendrecv", "recvonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "sendonly", "recvonly"),
        ("sendrecv", "inactive", "inactive"),
    ],
)
def test_an_answer_goes_no_way_that_one_side_does_not_want(ours: str, theirs: str, agreed: str) -> None:
    """An answer goes no way that one side does not want."""
    offer = sdp.offer("127.0.0.1", 4000, BOTH, sdp.Direction(theirs))
    assert sdp.answer(offer, "127.0.0.1", 4002, BOTH, sdp.Direction(ours)).direction is sdp.Direction(agreed)


def test_no_codec_in_common_and_declined_audio_are_refused() -> None:
    """No codec in common and declined audio are refused."""
    for offer in (
        sdp.offer("127.0.0.1", 4000, (sdp.Codec.PCMA,), sdp.Direction.BOTH),
        sdp.offer("127.0.0.1", 0, BOTH, sdp.Direction.BOTH),
    ):
        with pytest.raises(sdp.SdpError, match="no audio in common"):
            sdp.answer(offer, "127.0.0.1", 4002, (sdp.Codec.PCMU,), sdp.Direction.BOTH)


def test_a_description_without_digits_says_none() -> None:
    """A description without digits says none."""
    ours = sdp.Description(host="127.0.0.1", port=4, codecs=((sdp.Codec.PCMU, 0),))
    assert b"telephone-event" not in sdp.encode(ours, 1, 1)
    assert sdp.parse(sdp.encode(ours, 1, 1)) == ours


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"v=0\n" + b"a" * 16_384, "16388 bytes"),
        (b"v=0\n" + b"a=x\n" * 500, "no session description"),
        (b"", "no session description"),
        (b"hello", "no session description"),
        (b"v=0\n" + b"m=audio 4 RTP/AVP 0\n" * 17, "17 media lines"),
        (b"v=0\n", "no plain audio"),
        (b"v=0\nm=image 4 udptl t38\n", "no plain audio"),
        (b"v=0\nm=audio 4 RTP/SAVP 0\n", "no plain audio"),
        (b"v=0\nm=audio x RTP/AVP 0\n", "no media line"),
        (b"v=0\nm=audio 70000 RTP/AVP 0\n", "no media line"),
        (b"v=0\nc=IN IP4 a b\nm=audio 4 RTP/AVP 0\n", "no address"),
    ],
)
def test_what_is_no_description_is_refused_with_a_reason(body: bytes, complaint: str) -> None:
    """What is no description is refused with a reason."""
    with pytest.raises(sdp.SdpError, match=complaint):
        sdp.parse(body)


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, len(ASTERISK)), st.integers(0, 60))
def test_any_wound_is_read_or_refused_and_what_is_read_can_be_answered(wound: bytes, start: int, length: int) -> None:
    """Any wound is read or refused and what is read can be answered."""
    try:
        read = sdp.parse(ASTERISK.encode()[:start] + wound + ASTERISK.encode()[start + length :])
        answer = sdp.answer(read, "127.0.0.1", 4, BOTH, sdp.Direction.BOTH)
    except sdp.SdpError:
        return
    again = sdp.parse(sdp.encode(answer, 1, 1))
    assert (again.port, again.codecs, again.audio_line) == (4, answer.codecs, answer.audio_line)
    assert len(again.others) == len(answer.others)
