"""Each known defect of pyst2 0.5.1, shown where that is cheap, and our side of it."""

import importlib
import io
import signal

import pytest
from asterisk.agi import (
    AGI,
    AGIAppError,
    AGIHangup,
    AGIInvalidCommand,
    AGIResultHangup,
    AGISIGHUPHangup,
    AGIUnknownError,
    AGIUsageError,
)
from asterisk.manager import Manager, ManagerMsg

from drivers.asterisk.codec import LocalProtocolError
from drivers.asterisk.codec_ami import AmiConnection, Event
from drivers.asterisk.script import Script
from drivers.asterisk.vocabulary import Actions
from tests.drivers.asterisk.wire import GREETING, environment, lines


def script(*replies: bytes) -> tuple[Script, io.BytesIO]:
    """Give a script whose Asterisk says these things, and where its commands go."""
    said = io.BytesIO()
    return Script(io.BytesIO(environment("one") + b"".join(replies)), said), said


def as_shipped(stderr: io.StringIO, *replies: str) -> AGI:
    """Give pyst2's own, with the signal put back."""
    before = signal.getsignal(signal.SIGHUP)
    try:
        return AGI(io.StringIO(environment().decode() + "".join(replies)), io.StringIO(), stderr)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_channel_variable_does_not_end_the_reader() -> None:
    """Theirs: dict.has_key is gone since Python 3.0, and its thread dies of it."""
    with pytest.raises(AttributeError, match="has_key"):
        ManagerMsg(["Event: Newchannel\r\n", "ChanVariable: A=1\r\n"])
    connection = AmiConnection()
    (_, event) = connection.receive(GREETING + lines(("Event", "E"), ("ChanVariable", "A=1"), ("ChanVariable", "B=2")))
    assert isinstance(event, Event)
    assert event.all("ChanVariable") == ("A=1", "B=2")


def test_repeated_headers_are_kept() -> None:
    """Theirs keeps the last."""
    assert ManagerMsg(["Response: Success\r\n", "Output: a\r\n", "Output: b\r\n"]).headers["Output"] == "b"
    connection = AmiConnection()
    (_, event) = connection.receive(GREETING + lines(("Event", "E"), ("Output", "a"), ("Output", "b")))
    assert isinstance(event, Event)
    assert event.all("Output") == ("a", "b")


def test_sighup_is_left_alone() -> None:
    """Theirs takes it over, and so cannot be made in a thread."""
    before = signal.getsignal(signal.SIGHUP)
    script()
    assert signal.getsignal(signal.SIGHUP) is before
    try:
        AGI(io.StringIO("\n"), io.StringIO(), io.StringIO())
        assert signal.getsignal(signal.SIGHUP) is not before
    finally:
        signal.signal(signal.SIGHUP, before)


def test_digits_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Theirs writes every command and reply to stderr."""
    stderr = io.StringIO()
    as_shipped(stderr, "200 result=1\n").set_variable("PIN", "1234")
    assert "1234" in stderr.getvalue()
    ours, said = script(b"200 result=1\n")
    ours.set_variable("PIN", "1234")
    assert b'"1234"' in said.getvalue()
    assert capsys.readouterr() == ("", "")


def test_a_value_cannot_end_its_quotes_or_its_line() -> None:
    """Theirs puts quotes round it as it is."""
    hostile = 'x" "y\\'
    assert as_shipped(io.StringIO())._quote(hostile) == f'"{hostile}"'  # noqa: SLF001  the defect
    ours, said = script(b"200 result=1\n")
    ours.set_variable("NAME", hostile)
    assert said.getvalue() == b'SET VARIABLE "NAME" "x\\" \\"y\\\\"\n'
    for call in (
        lambda: ours.set_variable("NAME", "x\nEXEC System id"),
        lambda: ours.say_digits("1\nEXEC System id"),
        lambda: ours.verbose("x\0"),
        lambda: ours.verbose("x" * 9_000),
    ):
        with pytest.raises(LocalProtocolError):
            call()
    assert said.getvalue().count(b"\n") == 1


def test_the_end_of_the_connection_is_a_hang_up() -> None:
    """Theirs is a ValueError: int('')."""
    with pytest.raises(ValueError, match="invalid literal"):
        as_shipped(io.StringIO()).answer()
    with pytest.raises(AGIHangup):
        script()[0].answer()
    with pytest.raises(AGIHangup):
        Script(io.BytesIO(b"agi_network: yes\n"), io.BytesIO())


def test_fastagi_need_not_be_imported() -> None:
    """Theirs does not import: it is Python 2."""
    with pytest.raises((ImportError, SyntaxError)):
        importlib.import_module("asterisk.fastagi")


def test_the_builders_need_no_socket_and_no_thread() -> None:
    """Theirs makes two threads, and fails when it is collected before it is connected."""
    say = Actions()
    assert isinstance(say, Manager)
    assert vars(say) == {}
    assert say.ping().name == "Ping"
    say.__del__()


def test_a_script_has_pyst2s_words_and_errors() -> None:
    """It runs unchanged."""
    ours, said = script(
        *[b"200 result=0\n", b"200 result=49\n", b"200 result=1 (Anna)\n", b"200 result=0 endpos=80\n"],
        *[b"510 Invalid\n", b"511 Dead\n", b"520-Usage\nX\n520 End\n", b"200 result=-1\n", b"200 result=1 (hangup)\n"],
        *[b"HANGUP\n", b"200 result=0\n"],
    )
    assert ours.env["agi_arg_1"] == "one"
    ours.answer()
    assert ours.wait_for_digit(100) == "1"
    assert ours.get_variable("NAME") == "Anna"
    assert ours.execute("STREAM FILE", "x", '""') == {"result": ("0", ""), "endpos": ("80", "")}
    for error in (AGIInvalidCommand, AGIUnknownError, AGIUsageError, AGIAppError, AGIResultHangup):
        with pytest.raises(error):
            ours.answer()
    ours.answer()
    with pytest.raises(AGISIGHUPHangup):
        ours.answer()
    assert said.getvalue().startswith(b"ANSWER\nWAIT FOR DIGIT 100\n")


def test_a_script_by_itself_talks_to_its_standard_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Asterisk starts one."""
    said = io.BytesIO()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(environment() + b"200 result=1\n")))
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(said))
    Script().hangup()
    assert said.getvalue() == b"HANGUP\n"
