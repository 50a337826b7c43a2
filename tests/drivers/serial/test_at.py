"""What a modem says, torn anywhere: answers, prompts and news, and nothing else."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.serial.at import LINE_MAX, LINES_MAX, Answer, AtCodec, Heard, News, Prompt, values_of

PDU = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"


def heard(codec: AtCodec, *pieces: bytes) -> list[Heard]:
    """Give all that pieces mean."""
    return [one for piece in pieces for one in codec.receive(piece)]


def asked(command: str = "AT", *, prompt: bool = False) -> AtCodec:
    """Give a codec that waits for an answer."""
    codec = AtCodec()
    assert codec.command(command, prompt=prompt) == command.encode() + b"\r"
    return codec


def test_an_answer_ends_with_its_result() -> None:
    """With the lines before it; the echo is none of them."""
    codec = asked("AT+CSQ")
    (answer,) = heard(codec, b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n")
    assert answer == Answer(ok=True, lines=("+CSQ: 20,99",))
    assert answer.values("+CSQ") == ("20", "99")
    assert answer.values("+CREG") is None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"ERROR", ""),
        (b"+CMS ERROR: 500", "CMS 500"),
        (b"+CME ERROR: SIM PIN required", "CME SIM PIN required"),
        (b"NO CARRIER", ""),
    ],
)
def test_a_refusal_says_why(said: bytes, code: str) -> None:
    """As far as the modem does."""
    assert heard(asked(), b"\r\n" + said + b"\r\n") == [Answer(ok=False, code=code)]


def test_news_come_between() -> None:
    """Those with a message bring it in the line that follows, whatever comes between."""
    codec = asked("AT+CMGL=4")
    said = (
        f'\r\n+CMGL: 1,0,,30\r\n{PDU}\r\n+CMTI: "SM",3\r\n+CDS: 30\r\nRING\r\n{PDU}\r\n+CMGL: 2,1,"a,b",30\r\n{PDU}\r\n'
        "+CMGL: 3,1,,30\r\nOK\r\n"
    )
    first, ring, report, answer = heard(codec, said.encode())
    assert first == News(name="+CMTI", values=("SM", "3"))
    assert ring == News(name="RING", values=("",))
    assert report == News(name="+CDS", values=("30",), pdu=PDU)
    assert isinstance(answer, Answer)
    assert list(answer.messages("+CMGL")) == [(("1", "0", "", "30"), PDU), (("2", "1", "a,b", "30"), PDU)]


def test_the_prompt_is_heard_without_an_end_of_line() -> None:
    """Where it is wanted, and only there; the message's echo is nothing."""
    codec = asked("AT+CMGS=30", prompt=True)
    assert heard(codec, b"AT+CMGS=30\r\r\n", b">", b" ") == [Prompt()]
    assert codec.message(PDU) == PDU.encode() + b"\x1a"
    said = PDU.encode() + b"\x1a\r\n+CMGS: 12\r\n\r\nOK\r\n"
    assert heard(codec, said) == [Answer(ok=True, lines=("+CMGS: 12",))]
    assert heard(asked(), b"\r\n> ") == []
    assert heard(asked("AT+CMGS=30", prompt=True), b"+CMS ERROR: 302\r\n") == [Answer(ok=False, code="CMS 302")]


def test_what_comes_late_is_no_answer() -> None:
    """But the reference of a message says still that it was sent."""
    codec = AtCodec()
    late = News(name="+CMGS", values=("12",))
    assert heard(codec, b"\r\n+CMGS: 12\r\n\r\nOK\r\n") == [late]
    codec = asked()
    assert heard(codec, b"+CMGS: 12\r\n") == [late]
    codec.give_up()
    assert heard(codec, b"OK\r\n") == []
    assert codec.dropped == 1


def test_lines_and_answers_have_a_limit() -> None:
    """What is beyond is thrown away, and what comes after is heard."""
    codec = asked()
    assert heard(codec, b"x" * (LINE_MAX + 1), b"y" * LINE_MAX, b"\r\nOK\r\n") == [Answer(ok=True)]
    codec = asked()
    assert heard(codec, b"z" * (LINE_MAX + 1) + b"\r\nOK\r\n") == [Answer(ok=True)]
    codec = asked()
    (answer,) = heard(codec, b"noise\r\n" * (LINES_MAX + 5) + b"OK\r\n")
    assert isinstance(answer, Answer)
    assert (len(answer.lines), codec.dropped) == (LINES_MAX, 5)


@settings(deadline=None)
@given(st.lists(st.integers(0, 300), max_size=20))
def test_where_it_is_torn_makes_no_difference(cuts: list[int]) -> None:
    """At any octet, any number of times."""
    said = f'AT+CMGL=4\r\r\n+CMGL: 1,0,,30\r\n{PDU}\r\n\r\n+CMTI: "SM",3\r\n\r\nOK\r\n'.encode()
    places = sorted({0, len(said), *(cut for cut in cuts if cut < len(said))})
    pieces = [said[begin:end] for begin, end in pairwise(places)]
    assert heard(asked("AT+CMGL=4"), *pieces) == heard(asked("AT+CMGL=4"), said)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=20), st.booleans())
def test_nothing_that_is_said_raises(pieces: list[bytes], prompt: bool) -> None:  # noqa: FBT001  it is drawn by name
    """Whatever it is."""
    heard(asked(prompt=prompt), *pieces)


def test_values() -> None:
    """Between commas, those within quotation marks apart."""
    assert values_of('+COPS: 0,0,"A, B" ,7') == ("0", "0", "A, B", "7")
    assert values_of("RING") == ("",)
