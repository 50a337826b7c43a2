"""The AMI codec: what Asterisk may say, in any chunks, and what we may say."""

from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.asterisk import codec_ami
from drivers.asterisk.codec import LINE_BYTES_MAX, LocalProtocolError, RemoteProtocolError
from drivers.asterisk.codec_ami import Action, AmiConnection, Answer, Event, Greeting, write_action
from tests.drivers.asterisk.wire import GREETING, chunks, event, lines, snapshot

CASES = settings(max_examples=10_000, deadline=None)


def greeted(*, prefix: str = "", wanted: Collection[str] | None = None) -> AmiConnection:
    """Greeted."""
    connection = AmiConnection(prefix=prefix, wanted=wanted)
    assert list(connection.receive(GREETING)) == [Greeting(version="11.0.0")]
    return connection


def hear(connection: AmiConnection, data: bytes) -> list[Greeting | Event | Answer]:
    """Hear."""
    return list(connection.receive(data))


def one_event(connection: AmiConnection, data: bytes) -> Event:
    """One event."""
    (message,) = hear(connection, data)
    assert isinstance(message, Event)
    return message


def one_answer(connection: AmiConnection, data: bytes) -> Answer:
    """One answer."""
    (message,) = hear(connection, data)
    assert isinstance(message, Answer)
    return message


def test_the_greeting_may_come_byte_by_byte() -> None:
    """The greeting may come byte by byte."""
    connection = AmiConnection()
    messages = [message for byte in chunks(GREETING, 0) for message in hear(connection, byte)]
    assert messages == [Greeting(version="11.0.0")]


@pytest.mark.parametrize("data", [b"SSH-2.0\r\n", b"Asterisk Call Manager", b"X", b"\r\n"])
def test_another_greeting_is_the_end(data: bytes) -> None:
    """Another greeting is the end."""
    connection = AmiConnection()
    with pytest.raises(RemoteProtocolError):
        hear(connection, data + b"\r\n")
    with pytest.raises(RemoteProtocolError):
        connection.receive(b"")


def test_a_greeting_without_an_end_is_the_end() -> None:
    """A greeting without an end is the end."""
    connection = AmiConnection()
    with pytest.raises(RemoteProtocolError, match="no end"):
        hear(connection, b"Asterisk Call Manager/" + b"1" * LINE_BYTES_MAX)


def test_an_event_is_read_when_it_is_whole() -> None:
    """An event is read when it is whole."""
    connection = greeted()
    data = event("Newchannel", CallerIDName="Ан: на")
    assert hear(connection, data[:-1]) == []
    heard = one_event(connection, data[-1:])
    assert heard.name == "Newchannel"
    assert heard.get("CallerIDName") == "Ан: на"
    assert heard.get("AccountCode") == ""
    assert heard.get("Uniqueid") == "box-1.1"
    assert heard.get("Linkedid") == "box-1.1", "the last header has no line end after it"
    assert heard.get("Nothing", "none") == "none"
    assert heard.headers()[:2] == (("Event", "Newchannel"), ("Privilege", "call,all"))


def test_repeated_headers_keep_every_value() -> None:
    """Repeated headers keep every value."""
    connection = greeted()
    data = lines(("Event", "E"), ("ChanVariable", "a=1"), ("Output", "x"), ("ChanVariable", "b=2"), ("Output", ""))
    heard = one_event(connection, data)
    assert heard.all("ChanVariable") == ("a=1", "b=2")
    assert heard.all("Output") == ("x", "")
    assert heard.get("ChanVariable") == "a=1"


def test_odd_lines_and_empty_ones_do_no_harm() -> None:
    """Odd lines and empty ones do no harm."""
    connection = greeted()
    heard = one_event(connection, b"\r\n\r\n\r\nEvent: E\r\nno colon\r\nA:b\r\n\r\n\r\n\r\n")
    assert heard.headers() == (("Event", "E"), ("A", "b"))
    assert (heard.get("A"), heard.get("Event")) == ("b", "E")
    assert one_event(connection, b"Event: Bare\r\n\r\n").name == "Bare"


def test_unwanted_events_are_dropped() -> None:
    """Unwanted events are dropped."""
    connection = greeted(wanted={"Hangup"})
    heard = one_event(connection, event("Newchannel") + event("Hangup") + event("HangupRequest"))
    assert heard.name == "Hangup"


def test_what_is_neither_event_nor_response_is_the_end_after_what_came_before() -> None:
    """What is neither event nor response is the end after what came before."""
    connection = greeted()
    messages = connection.receive(event("Hangup") + b"Garbage: 1\r\n\r\n" + event("Hangup"))
    assert isinstance(next(messages), Event)
    with pytest.raises(RemoteProtocolError, match="neither"):
        next(messages)
    with pytest.raises(RemoteProtocolError, match="before"):
        connection.receive(b"")
    with pytest.raises(LocalProtocolError, match="after the end"):
        connection.send(Action(name="Ping"))


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_lines_and_messages_have_a_limit(end: bytes) -> None:
    """Lines and messages have a limit."""
    fits = b"Event: E\r\nX: " + b"x" * (LINE_BYTES_MAX - 3)
    assert hear(greeted(), fits + b"\r\n") == []
    one_event(greeted(), fits + b"\r\n\r\n")
    with pytest.raises(RemoteProtocolError, match="line"):
        hear(greeted(), fits + b"xx" + end)
    with pytest.raises(RemoteProtocolError, match="message is longer"):
        hear(greeted(), b"Event: E\r\n" + b"X: 1\r\n" * 20_000 + end[2:])
    with pytest.raises(RemoteProtocolError, match="headers"):
        hear(greeted(), b"Event: E\r\n" + b"X: 1\r\n" * codec_ami.MESSAGE_HEADERS_MAX + b"\r\n")


def test_answers_are_matched_by_action_id_whatever_their_order() -> None:
    """Answers are matched by action id whatever their order."""
    connection = greeted(prefix="7-")
    first, _ = connection.send(Action(name="Ping"))
    second, data = connection.send(Action(name="Hangup", headers=(("Channel", "box-1.1"),)))
    assert (first, second) == ("7-1", "7-2")
    assert data == b"Action: Hangup\r\nActionID: 7-2\r\nChannel: box-1.1\r\n\r\n"
    assert connection.pending == 2
    no = one_answer(connection, lines(("Response", "Error"), ("ActionID", second), ("Message", "No such channel")))
    assert (no.action_id, no.ok, no.message) == (second, False, "No such channel")
    yes = one_answer(connection, lines(("Response", "Success"), ("ActionID", first), ("Ping", "Pong")))
    assert (yes.action_id, yes.ok, yes.events) == (first, True, ())
    assert connection.pending == 0


def test_an_action_id_may_be_given_once() -> None:
    """An action id may be given once."""
    connection = greeted()
    assert connection.send(Action(name="Originate"), action_id="offer-1")[0] == "offer-1"
    for bad in ("offer-1", "", "a b", "a\r\nb"):
        with pytest.raises(LocalProtocolError):
            connection.send(Action(name="Originate"), action_id=bad)
    assert connection.pending == 1


def test_a_list_is_one_answer_with_its_events() -> None:
    """A list is one answer with its events."""
    connection = greeted(wanted=())
    list_id, _ = connection.send(Action(name="CoreShowChannels"))
    start = lines(("Response", "Success"), ("ActionID", list_id), ("EventList", "start"))
    assert hear(connection, start) == []
    item = lines(("Event", "CoreShowChannel"), ("ActionID", list_id), *snapshot())
    assert hear(connection, item + event("Hangup") + item) == []
    end = lines(("Event", "CoreShowChannelsComplete"), ("ActionID", list_id), ("EventList", "Complete"))
    answer = one_answer(connection, end)
    assert answer.ok
    assert [one.get("Uniqueid") for one in answer.events] == ["box-1.1", "box-1.1"]
    assert hear(connection, item) == [], "after its end it is an event like any other, and not wanted"


def test_other_events_pass_while_a_list_is_open() -> None:
    """Other events pass while a list is open."""
    connection = greeted()
    list_id, _ = connection.send(Action(name="CoreShowChannels"))
    other, _ = connection.send(Action(name="Originate"))
    hear(connection, lines(("Response", "Success"), ("ActionID", list_id), ("EventList", "start")))
    assert one_event(connection, lines(("Event", "OriginateResponse"), ("ActionID", other))).name == "OriginateResponse"
    assert one_event(connection, event("Hangup")).name == "Hangup"


def test_nobody_waits_for_a_stray_answer() -> None:
    """Nobody waits for a stray answer."""
    connection = greeted()
    list_id, _ = connection.send(Action(name="CoreShowChannels"))
    start = lines(("Response", "Success"), ("ActionID", list_id), ("EventList", "start"))
    assert hear(connection, start + start) == []
    assert connection.strays == 1
    connection.forget(list_id)
    connection.forget(list_id)
    assert hear(connection, start) == []
    assert connection.strays == 2
    late, _ = connection.send(Action(name="Ping"))
    connection.forget(late)
    assert hear(connection, lines(("Response", "Success"), ("ActionID", late)) + lines(("Response", "Goodbye"))) == []
    assert connection.strays == 4


def test_a_list_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list has a limit."""
    monkeypatch.setattr(codec_ami, "LIST_EVENTS_MAX", 2)
    connection = greeted()
    list_id, _ = connection.send(Action(name="CoreShowChannels"))
    hear(connection, lines(("Response", "Success"), ("ActionID", list_id), ("EventList", "start")))
    with pytest.raises(RemoteProtocolError, match="list"):
        hear(connection, lines(("Event", "E"), ("ActionID", list_id)) * 3)


def test_unanswered_actions_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unanswered actions have a limit."""
    monkeypatch.setattr(codec_ami, "PENDING_MAX", 1)
    connection = greeted()
    connection.send(Action(name="Ping"))
    with pytest.raises(LocalProtocolError, match="no answer yet"):
        connection.send(Action(name="Ping"))


def test_nothing_is_sent_before_the_greeting() -> None:
    """Nothing is sent before the greeting."""
    with pytest.raises(LocalProtocolError, match="before the greeting"):
        AmiConnection().send(Action(name="Ping"))


@pytest.mark.parametrize(
    "headers",
    [
        (("Channel", "a\r\nAction: Command"),),
        (("Channel", "a\nb"),),
        (("Channel", "a\rb"),),
        (("Channel", "a\0b"),),
        (("Channel", "\ud800"),),
        (("Channel", "x" * 1_100),),
        (("Chan nel", "x"),),
        (("Channel: x\r\nAction", "x"),),
        (("", "x"),),
        (("X", "x"),) * codec_ami.ACTION_HEADERS_MAX,
    ],
)
def test_what_could_be_two_lines_is_refused_and_changes_nothing(headers: tuple[tuple[str, str], ...]) -> None:
    """What could be two lines is refused and changes nothing."""
    connection = greeted()
    with pytest.raises(LocalProtocolError):
        connection.send(Action(name="Hangup", headers=headers))
    assert connection.pending == 0


def test_the_longest_line_of_an_action_fits_into_the_1024_bytes_that_asterisk_reads() -> None:
    """The longest line of an action fits into the 1024 bytes that asterisk reads."""
    value = "x" * (codec_ami.ACTION_LINE_BYTES_MAX - len("Channel: "))
    data = write_action(Action(name="Hangup", headers=(("Channel", value),)), "1")
    assert max(map(len, data.split(b"\r\n"))) + len("\r\n") == 1_024


@pytest.mark.slow
@CASES
@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"Event: ", b"Response: ", b"\r\n\r\n", b"\r\n", GREETING])))
def test_any_bytes_give_messages_or_one_error(pieces: list[bytes]) -> None:
    """Also the same ones in any chunks."""
    data = b"".join(pieces)

    def read(parts: list[bytes]) -> list[object]:
        connection = greeted()
        heard: list[object] = []
        try:
            for part in parts:
                heard.extend(connection.receive(part))
        except RemoteProtocolError as error:
            heard.append(str(error))
        return heard

    whole = read([data])
    assert read(pieces) == whole
    assert read(list(chunks(data, 0))) == whole


NAMES = st.sampled_from(["Channel", "Variable", "ChanVariable", "Output", "CallerIDName", "X-9", "E"])
VALUES = st.text('aé总😀 :=,"\\\t\x7f\x85\u2028', max_size=20)
ODD = st.sampled_from(["", "a\r\nAction: Command", "\n", "\r", "\0", "\ud800", "x" * 2_000])
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=6)


@pytest.mark.slow
@CASES
@given(st.lists(HEADERS, min_size=1, max_size=3), st.integers(min_value=0, max_value=1_000))
def test_events_come_back_as_they_were_written(told: list[list[tuple[str, str]]], seed: int) -> None:
    """Whatever the chunks, each event has the headers that were written, in their order."""
    connection = greeted()
    data = b"".join(lines(("Event", "E"), *headers) for headers in told)
    heard = [message for chunk in chunks(data, seed) for message in connection.receive(chunk)]
    assert [message.headers()[1:] for message in heard if isinstance(message, Event)] == list(map(tuple, told))


@pytest.mark.slow
@CASES
@given(st.lists(st.tuples(NAMES, VALUES | ODD), max_size=4))
def test_an_action_is_read_as_it_was_meant_or_is_not_sent(headers: list[tuple[str, str]]) -> None:
    """Asterisk ends a line at LF, drops a CR before it, and ends a message at an empty line (manager.c, get_input)."""
    action = Action(name="Setvar", headers=tuple(headers))
    try:
        data = write_action(action, "1")
    except LocalProtocolError:
        assert any(not value.isprintable() or len(value) > 1_000 for _, value in headers)
        return
    read = data.decode().split("\n")
    assert read[-2:] == ["\r", ""]
    assert [line.removesuffix("\r") for line in read[:-2]] == [
        f"{name}: {value}" for name, value in (("Action", "Setvar"), ("ActionID", "1"), *headers)
    ]
