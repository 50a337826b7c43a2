"""What we say over AGI, read back by Asterisk's own rules."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.asterisk import agi_commands as say
from drivers.asterisk.agi_commands import Command
from drivers.asterisk.codec import LocalProtocolError

EVERY = [
    (say.ANSWER, ["ANSWER"]),
    (say.HANG_UP, ["HANGUP"]),
    (say.NOOP, ["NOOP"]),
    (say.stream_file("a b"), ["STREAM", "FILE", "a b", "", "0"]),
    (say.stream_file("custom/x", keys="12#", offset_samples=80), ["STREAM", "FILE", "custom/x", "12#", "80"]),
    (say.get_option("x", keys="1", timeout_ms=500), ["GET", "OPTION", "x", "1", "500"]),
    (say.wait_for_digit(timeout_ms=0), ["WAIT", "FOR", "DIGIT", "0"]),
    (say.say_digits("1#2", keys="*"), ["SAY", "DIGITS", "1#2", "*"]),
    (say.set_variable("__NAME", 'a "b" \\c'), ["SET", "VARIABLE", "__NAME", 'a "b" \\c']),
    (say.set_variable("CALLERID(name)", ""), ["SET", "VARIABLE", "CALLERID(name)", ""]),
    (say.get_variable("CHANNEL(language)"), ["GET", "VARIABLE", "CHANNEL(language)"]),
    (say.get_full_variable("X"), ["GET", "FULL", "VARIABLE", "${X}"]),
    (say.get_full_variable("X", channel="SIP/a"), ["GET", "FULL", "VARIABLE", "${X}", "SIP/a"]),
    (say.execute("Wait", "0.5"), ["EXEC", "Wait", "0.5"]),
    (say.execute("Progress"), ["EXEC", "Progress", ""]),
    (say.music_on_hold("default", seconds=10), ["EXEC", "MusicOnHold", "default,10"]),
    (say.execute("MixMonitor", "/var/a b.raw", "bD"), ["EXEC", "MixMonitor", "/var/a b.raw,bD"]),
]


def parse_args(line: str) -> list[str]:
    """Split a command as res/res_agi.c, parse_args, does: its state machine, written anew."""
    words: list[str] = []
    quoted = escaped = False
    blank = True
    for character in line:
        if character == '"' and not escaped:
            quoted = not quoted
            if quoted and blank:
                words.append("")
                blank = False
        elif character in " \t" and not quoted and not escaped:
            blank = True
        elif character == "\\" and not escaped:
            escaped = True
        else:
            if blank:
                words.append("")
                blank = False
            words[-1] += character
            escaped = False
    return words


@pytest.mark.parametrize(
    ("command", "words"), EVERY, ids=lambda value: value.name if isinstance(value, Command) else ""
)
def test_each_command_is_read_as_it_was_meant(command: Command, words: list[str]) -> None:
    """One line, and its words."""
    assert re.fullmatch(rb"[^\r\n\0]+\n", command.line)
    assert parse_args(command.line.decode().removesuffix("\n")) == words


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(st.text(max_size=40) | st.text('"\\ \t\n\r\0aé,', max_size=20))
def test_any_value_arrives_as_it_is_or_is_not_sent(value: str) -> None:
    """Quotes and backslashes arrive, line ends are refused."""
    try:
        command = say.set_variable("X", value)
    except LocalProtocolError:
        assert re.search("[\r\n\0\ud800-\udfff]", value)
        return
    assert parse_args(command.line.decode().removesuffix("\n")) == ["SET", "VARIABLE", "X", value]


def test_the_longest_command_fits_into_asterisks_buffer() -> None:
    """It reads 8,191 bytes, LF among them, and takes the next for another command."""
    head = len('"SET VARIABLE" "X" ""') - 2
    longest = say.set_variable("X", "x" * (say.COMMAND_BYTES_MAX - head))
    assert len(longest.line) == 8_191
    with pytest.raises(LocalProtocolError, match="bytes long"):
        say.set_variable("X", "x" * (say.COMMAND_BYTES_MAX - head + 1))
    with pytest.raises(LocalProtocolError, match="bytes long"):
        say.set_variable("X", '"' * (say.COMMAND_BYTES_MAX - head))


@pytest.mark.parametrize(
    "name",
    ["", "1A", "A B", "A,B", "${X}", "SHELL(id)", "CURL(http://x)", "CALLERID(a b)", "CALLERID(${X})", "A\n", "X" * 90],
)
def test_what_is_no_variable_is_refused(name: str) -> None:
    """SHELL(…) would run a program, and AGI is not kept from it by live_dangerously."""
    for build in (say.get_variable, say.get_full_variable, lambda name: say.set_variable(name, "x")):
        with pytest.raises(LocalProtocolError):
            build(name)


@pytest.mark.parametrize(
    "sound", ["", "http://x/y", "a/../../etc/passwd", "..", "a&b", "a,b", "a|b", "a\nb", "x" * 300]
)
def test_what_is_no_sound_is_refused(sound: str) -> None:
    """A sound is a file in a folder of ours."""
    with pytest.raises(LocalProtocolError, match="sound"):
        say.stream_file(sound)


@pytest.mark.parametrize(
    "build",
    [
        lambda: say.stream_file("x", keys="1 2"),
        lambda: say.get_option("x", keys="E", timeout_ms=1),
        lambda: say.get_option("x", keys="1", timeout_ms=-1),
        lambda: say.wait_for_digit(timeout_ms=say.TIMEOUT_MS_MAX + 1),
        lambda: say.say_digits("#1"),
        lambda: say.say_digits("1a"),
        lambda: say.music_on_hold("default", seconds=0),
        lambda: say.music_on_hold("default", seconds=61),
        lambda: say.music_on_hold("a,b", seconds=1),
        lambda: say.execute("MusicOnHold", "default"),
        lambda: say.execute("Dial", "PJSIP/1"),
        lambda: say.execute("System", "id"),
        lambda: say.execute("Wait", "1000"),
        lambda: say.execute("MixMonitor", "a.raw,b,id", ""),
        lambda: say.execute("MixMonitor", "a.raw", "b,id"),
        lambda: say.execute("MixMonitor", "../a.raw", "b"),
        lambda: say.execute("Progress", "x"),
    ],
)
def test_what_has_no_end_or_a_second_meaning_is_refused(build: object) -> None:
    """An application that does not end by itself would outlive us."""
    assert callable(build)
    with pytest.raises(LocalProtocolError):
        build()


def test_a_log_line_has_no_values() -> None:
    """They may be the digits of a PIN."""
    assert say.set_variable("PIN", "1234").name == "SET VARIABLE"
    with pytest.raises(LocalProtocolError) as refusal:
        say.set_variable("PIN", "1234\n")
    assert "1234" not in str(refusal.value)
