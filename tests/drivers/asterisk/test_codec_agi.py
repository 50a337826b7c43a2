"""The AGI codec: what Asterisk may say, in any chunks, and when we may speak."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.asterisk import codec_agi
from drivers.asterisk.agi_commands import ANSWER, NOOP
from drivers.asterisk.codec import LINE_BYTES_MAX, LocalProtocolError, RemoteProtocolError
from drivers.asterisk.codec_agi import AgiConnection, Environment, HungUp, Reply, State
from tests.drivers.asterisk.wire import chunks, environment

CASES = settings(max_examples=10_000, deadline=None)


def begun(*arguments: str, **values: str) -> tuple[AgiConnection, Environment]:
    """Give a connection that has read its environment."""
    connection = AgiConnection()
    (message,) = connection.receive(environment(*arguments, **values))
    assert isinstance(message, Environment)
    return connection, message


def reply_to(data: bytes, seed: int = 1) -> Reply:
    """Give the one reply that is in the bytes."""
    connection, _ = begun()
    assert connection.send(ANSWER) == b"ANSWER\n"
    (message,) = feed(connection, data, seed)
    assert isinstance(message, Reply)
    assert connection.state is State.IDLE
    return message


def feed(connection: AgiConnection, data: bytes, seed: int) -> list[Environment | Reply | HungUp]:
    """Give what the connection makes of the bytes, cut by the seed."""
    return [message for chunk in chunks(data, seed) for message in hear(connection, chunk)]


def hear(connection: AgiConnection, chunk: bytes) -> list[Environment | Reply | HungUp]:
    """Give what the connection makes of the bytes, the quick way where it can."""
    reply = connection.answer(chunk)
    return list(connection.receive(chunk)) if reply is None else [reply]


def fails(data: bytes, *, match: str, waiting: bool = True) -> None:
    """Check that the bytes end the connection, whole and byte by byte."""
    for seed in (0, 1):
        connection, _ = begun()
        if waiting:
            connection.send(ANSWER)
        with pytest.raises(RemoteProtocolError, match=match):
            feed(connection, data, seed)
        assert connection.state is State.CLOSED
        with pytest.raises(RemoteProtocolError, match="before"):
            connection.receive(b"")
        with pytest.raises(LocalProtocolError, match="closed"):
            connection.send(ANSWER)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_environment_may_come_in_any_chunks(seed: int) -> None:
    """It is told once, whole."""
    connection = AgiConnection()
    data = environment("one", "two words", calleridname="Ан: на")
    (message,) = feed(connection, data, seed)
    assert isinstance(message, Environment)
    assert message["agi_network"] == "yes"
    assert message["agi_calleridname"] == "Ан: на"
    assert message["agi_accountcode"] == ""
    assert message.get("agi_nothing", "none") == "none"
    with pytest.raises(KeyError):
        message["agi_nothing"]
    assert message.arguments == ("one", "two words")
    assert message.as_dict()["agi_arg_2"] == "two words"
    assert connection.state is State.IDLE


def test_the_last_name_may_be_the_one_asked_for() -> None:
    """No argument follows it then."""
    _, message = begun()
    assert message["agi_threadid"] == "140358505420480"
    assert message.arguments == ()


@pytest.mark.parametrize("field", ["callerid", "calleridname", "dnid", "rdnis", "extension"])
@pytest.mark.parametrize(
    "value",
    ["1\nagi_uniqueid: victim", "1\n\n200 result=1\n", "1\r\n\r\nagi_arg_1: x", "1\nno colon", "\nagi_arg_1: x"],
)
def test_a_number_cannot_be_a_part_of_the_environment(field: str, value: str) -> None:
    """Asterisk decodes %0A in a SIP number and writes it as it is."""
    connection, message = begun("real", **{field: value})
    assert message["agi_uniqueid"] == "box-1.1"
    assert message["agi_threadid"] == "140358505420480"
    assert message.arguments == ("real",)
    assert not {"\n", "\r"} & set(message[f"agi_{field}"])
    assert connection.state is State.IDLE


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"200 result=1 (en)\n", Reply(code=200, result="1", data="en")),
        (b"200 result=0 endpos=8000\n", Reply(code=200, result="0", endpos=8000)),
        (b"200 result=49 (timeout) endpos=160\n", Reply(code=200, result="49", data="timeout", endpos=160)),
    ],
)
def test_a_reply_in_one_piece_has_its_value_and_its_end(line: bytes, reply: Reply) -> None:
    """As nearly every reply comes."""
    connection, _ = begun()
    connection.send(NOOP)
    assert list(connection.receive(line)) == [reply]
    connection.send(NOOP)
    assert connection.answer(line) == reply
    assert connection.state is State.IDLE


@pytest.mark.parametrize(
    "line",
    [
        *[b"", b"200", b"200 result=1 (a", b"200 result=0\n200 result=0\n", b"HANGUP\n", b"510 No\n", b"\n"],
        *[b"200 result=1 (a\rb)\n", b"200 result=1 (a (b))\n", b"200 result=1 (" + b"x" * 5_000 + b")\n"],
    ],
)
def test_what_is_not_just_the_awaited_reply_is_left_to_be_received(line: bytes) -> None:
    """Nothing is taken in, and nothing changes."""
    connection, _ = begun()
    assert connection.answer(b"200 result=0\n") is None  # nobody has asked
    connection.send(NOOP)
    assert connection.answer(line) is None
    assert connection.state is State.WAITING
    assert list(connection.receive(b"200 ")) == []
    assert connection.answer(b"200 result=0\n") is None  # it is no longer a beginning
    assert list(connection.receive(b"result=0\n")) == [Reply(code=200, result="0")]


def test_nothing_may_follow_unasked() -> None:
    """It would be taken for the reply to the next command."""
    connection = AgiConnection()
    with pytest.raises(RemoteProtocolError, match="more came"):
        list(connection.receive(environment() + b"200 result=1\n"))
    fails(b"200 result=1\n", match="without a command", waiting=False)
    fails(b"200 result=1\n200 result=2\n", match="more came|without")


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"agi_network: yes\n" * 1_100, "no end"),
        (b"GET / HTTP/1.1\r\n", "begin with a name"),
        (b"\n", "begin with a name"),
        (b"agi_network: " + b"x" * 20_000, "no end|longer"),
        (b"agi_network: yes\n" * 201, "no end"),
        (b"agi_network: " + b"x" * 9_000 + b"\nagi_request: x", "line of the environment"),
    ],
)
def test_what_is_no_environment_is_the_end(data: bytes, match: str) -> None:
    """Whoever it is, it is not Asterisk."""
    connection = AgiConnection()
    with pytest.raises(RemoteProtocolError, match=match):
        feed(connection, data, 1)


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"200 result=1\n", Reply(code=200, result="1")),
        (b"200 result=0 endpos=3404\n", Reply(code=200, result="0", endpos=3404)),
        (b"200 result=-1 endpos=0\n", Reply(code=200, result="-1", endpos=0)),
        (b"200 result=0 (timeout) endpos=8\n", Reply(code=200, result="0", data="timeout", endpos=8)),
        (b"200 result=1 (a (b) endpos=1)\n", Reply(code=200, result="1", data="a (b) endpos=1")),
        (b"200 result=1 ()\n", Reply(code=200, result="1")),
        (b"200 result=1 (a\nHANGUP\n200 result=2)\n", Reply(code=200, result="1", data="a\nHANGUP\n200 result=2")),
        (b"200 result= other\n", Reply(code=200, result="", data="other")),
        (b"200 result=1 \xff\n", Reply(code=200, result="1", data="\ufffd")),
        (b"510 Invalid or unknown command\n", Reply(code=510, data="Invalid or unknown command")),
        (
            b"511 Command Not Permitted on a dead channel\n",
            Reply(code=511, data="Command Not Permitted on a dead channel"),
        ),
        (b"520-Wrong.\nUsage: X\n  520 y\n520 End.\n", Reply(code=520, data="Wrong.")),
        (b"520 Not available.\n", Reply(code=520, data="Not available.")),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_each_reply_is_read(data: bytes, reply: Reply, seed: int) -> None:
    """Each form that res_agi.c writes, and some that it should not."""
    assert reply_to(data, seed) == reply


def test_a_reply_tells_whether_it_worked_and_which_key() -> None:
    """A key comes as its character code."""
    assert [reply_to(b"200 result=%d\n" % code).digit for code in (0, 1, 35, 42, 48, 57, 65, 69)] == [
        *["", "", "#", "*", "0", "9", "A", ""]
    ]
    assert reply_to(b"200 result=0\n").ok
    assert not reply_to(b"200 result=-1\n").ok
    assert not reply_to(b"511 No\n").ok


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"agi_calleridname: x\n", "code"),
        (b"20 result=1\n", "code"),
        (b"200\n", "code"),
        (b"200 ok\n", "no result"),
        (b"200 result=1 (" + b"x" * 17_000 + b"\n", "no end|longer"),
        (b"200 result=1 (x\n" + b"x" * 17_000, "no end"),
        (b"200 result=1 (" + b"\n" * 200, "no end"),
        (b"520-Usage\n" + b"x\n" * 10_000, "usage"),
        (b"x" * (LINE_BYTES_MAX + 1), "longer"),
    ],
)
def test_what_is_no_reply_is_the_end(data: bytes, match: str) -> None:
    """After it nobody knows which reply is whose."""
    fails(data, match=match)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_hang_up_may_stand_anywhere_between_lines(seed: int) -> None:
    """Before any command, before a reply and after it."""
    connection, _ = begun()
    heard = feed(connection, b"HANGUP\n", seed)
    connection.send(NOOP)
    data = b"HANGUP\n200 result=0\nHANGUP\n"
    heard += feed(connection, data, seed)
    assert heard == [HungUp(), HungUp(), Reply(code=200, result="0"), HungUp()]


def test_one_command_at_a_time() -> None:
    """A second one would take away the reply of the first."""
    connection = AgiConnection()
    with pytest.raises(LocalProtocolError, match="environment"):
        connection.send(ANSWER)
    connection, _ = begun()
    connection.send(ANSWER)
    with pytest.raises(LocalProtocolError, match="waiting"):
        connection.send(ANSWER)
    assert list(connection.receive(b"200 result=0\n")) == [Reply(code=200, result="0")]
    connection.send(ANSWER)


@pytest.mark.slow
@CASES
@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from([b"200 result=", b"520-", b"\n520 ", b"HANGUP\n", b" (", b")\n", b"\n", environment()])
    ),
    st.booleans(),
)
def test_any_bytes_give_messages_or_one_error(pieces: list[bytes], spoken: bool) -> None:  # noqa: FBT001  hypothesis
    """From a peer who says what he likes, whatever state we are in."""
    connection = AgiConnection()
    if spoken:
        connection, _ = begun()
        connection.send(ANSWER)
    try:
        for piece in pieces:
            quick = connection.answer(piece)
            for message in connection.receive(piece) if quick is None else [quick]:
                assert isinstance(message, Environment | Reply | HungUp)
                if connection.state is State.IDLE:
                    connection.send(NOOP)
    except RemoteProtocolError:
        assert connection.state is State.CLOSED


VALUES = st.text('aé总😀 :=,"\\\t\x7f\x85\u2028()', max_size=20)
REPLIES = st.builds(
    Reply,
    code=st.just(200),
    result=st.sampled_from(["0", "1", "-1", "49"]),
    data=VALUES,
    endpos=st.none() | st.integers(min_value=0, max_value=10**9),
)


@pytest.mark.slow
@CASES
@given(st.lists(VALUES, max_size=2), st.lists(REPLIES, max_size=3), st.integers(min_value=0, max_value=1_000))
def test_a_conversation_comes_back_as_it_was_written(values: list[str], replies: list[Reply], seed: int) -> None:
    """Each reply to the command before it, whatever the chunks."""
    connection = AgiConnection()
    data = environment(*values, calleridname="".join(values))
    (begin,) = feed(connection, data, seed)
    assert isinstance(begin, Environment)
    assert begin.arguments == tuple(values)
    for reply in replies:
        connection.send(NOOP)
        end = "" if reply.endpos is None else f" endpos={reply.endpos}"
        line = f"200 result={reply.result} ({reply.data}){end}\n".encode()
        assert feed(connection, line, seed) == [reply]


@pytest.mark.slow
@CASES
@given(st.sampled_from(["0", "1", "49", ""]), st.binary(max_size=30) | VALUES.map(str.encode), st.booleans())
def test_the_quick_way_says_what_the_slow_one_says(result: str, value: bytes, bare: bool) -> None:  # noqa: FBT001  hypothesis
    """Whatever the value is: if there is a quick answer, it is the same."""
    line = f"200 result={result} ".encode() + (value if bare else b"(" + value + b")") + b"\n"
    quick, slow = begun()[0], begun()[0]
    quick.send(NOOP)
    slow.send(NOOP)
    reply = quick.answer(line)
    if reply is not None:
        assert list(slow.receive(line)) == [reply]
        assert quick.state is slow.state is State.IDLE


def test_limits_are_named() -> None:
    """A reply may be as long as an environment, and no longer."""
    assert codec_agi.REPLY_BYTES_MAX == codec_agi.ENVIRONMENT_BYTES_MAX == 2 * LINE_BYTES_MAX
