"""What is said to a modem, on a clock of the test: a scripted modem answers at once, or does not."""

from collections.abc import Callable

from twisted.internet.task import Clock

from appliance.sms import Fitness, State
from drivers.serial.conversation import LATER_S, NETWORK_S, POLL_S, SEND_S, SETTLE_S, Options
from drivers.serial.modem import Modem
from drivers.serial.port import PortClosedError
from tests.drivers.serial.office import Kept

OnMessage = Callable[[], str | None]
NUMBER = "+8613800138000"
SAID = {
    "AT+CPIN?": "+CPIN: READY",
    "AT+CREG?": "+CREG: 0,1",
    "AT+COPS?": '+COPS: 0,0,"Net"',
    "AT+CSQ": "+CSQ: 31,99",
    "AT+CPMS=?": '+CPMS: ("SM","ME","MT"),("SM"),("SM")',
}


class Scripted:
    """A line with a modem that answers by a table; what is not in it is OK."""

    def __init__(self, options: Options | None = None, **said: str | None) -> None:
        """Begin with the line closed; None is no answer."""
        self.clock = Clock()
        self.kept = Kept()
        self.states: list[Fitness] = []
        self.said: list[str] = []
        self.answers: dict[str, str | None] = {key: f"{value}\r\nOK" for key, value in SAID.items()}
        self.answers.update(said)
        self.hung_up: list[str] = []
        self.open = True
        self.on_message: OnMessage = lambda: "+CMGS: 7\r\nOK"
        self.modem = Modem(
            self.clock, "line", options or Options(), self.kept, lambda state: self.states.append(state.fitness)
        )
        self.modem.start()

    def plug(self) -> None:
        """Open the line, and let the modem be woken."""
        self.open = True
        self.modem.opened(self)
        self.clock.advance(SETTLE_S)

    def write(self, data: bytes) -> None:
        """Answer what is said."""
        if not self.open:
            raise PortClosedError
        text = data.decode().strip("\r")
        if text == "\x1b":
            return
        self.said.append(text)
        if text.endswith("\x1a"):
            self._say(self.on_message())
        elif text.startswith("AT+CMGS") and text not in self.answers:
            self.clock.callLater(0, self.modem.heard, b"\r\n> ")
        else:
            self._say(self.answers.get(text, "OK"))
        self.clock.advance(0)

    def hang_up(self, reason: str) -> None:
        """End the line."""
        self.hung_up.append(reason)
        self.open = False
        self.modem.closed(reason)

    def _say(self, text: str | None) -> None:
        if text is not None:
            self.clock.callLater(0, self.modem.heard, f"\r\n{text}\r\n".encode())

    def pass_time(self, seconds: float) -> None:
        """Let time pass in steps."""
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)

    @property
    def state(self) -> State:
        """Where the first text stands."""
        return self.kept.texts()[-1].state


def test_a_modem_is_asked_how_it_is() -> None:
    """And its memories are read, each once."""
    line = Scripted()
    line.plug()
    line.pass_time(1)
    state = line.modem.state
    assert (state.fitness, state.operator, state.signal_percent) == (Fitness.READY, "Net", 100)
    assert [said for said in line.said if said.startswith('AT+CPMS="')] == ['AT+CPMS="SM"', 'AT+CPMS="ME"']
    line.pass_time(POLL_S)
    assert line.said.count("AT+CPIN?") == 2


def test_a_refusal_that_says_not_now_is_tried_again() -> None:
    """After a while; any other refusal is the end of it."""
    for code, state in (("42", State.WAITING), ("28", State.FAILED), ("500", State.DOUBTFUL), ("512", State.DOUBTFUL)):
        line = Scripted()
        line.plug()
        line.on_message = lambda code=code: f"+CMS ERROR: {code}"  # type: ignore[misc]  # bound now
        line.kept.send(NUMBER, "hello")
        line.modem.ring()
        line.pass_time(1)
        assert line.state is state
        line.on_message = lambda: "+CMGS: 9\r\nOK"
        line.pass_time(LATER_S + POLL_S)
        assert line.state is (State.SENT if state is State.WAITING else state)


def test_no_answer_to_the_message_leaves_it_in_doubt() -> None:
    """It is not sent again when the modem is back; a late word of the modem settles it."""
    line = Scripted()
    line.plug()
    line.kept.send(NUMBER, "hello")
    line.on_message = lambda: None
    line.modem.ring()
    line.pass_time(SEND_S + 1)
    assert (line.state, line.hung_up) == (State.DOUBTFUL, ["no answer in 90 s"])
    assert line.modem.state.fitness is Fitness.SILENT
    line.plug()
    line.pass_time(2 * POLL_S)
    assert len([said for said in line.said if said.endswith("\x1a")]) == 1
    assert line.state is State.DOUBTFUL
    line.modem.heard(b"\r\n+CMGS: 7\r\n")
    line.pass_time(1)
    assert (line.state, line.kept.record(1).parts[0].reference) == (State.SENT, 7)  # type: ignore[union-attr]  # has one


def test_a_line_that_ends_before_the_message_leaves_it_waiting() -> None:
    """Not an octet of it was said."""
    line = Scripted(**{"AT+CMGS=20": None})
    line.plug()
    line.kept.send(NUMBER, "hello")
    line.modem.ring()
    line.pass_time(1)
    line.hang_up("pulled out")
    assert line.state is State.WAITING
    del line.answers["AT+CMGS=20"]
    line.plug()
    line.pass_time(1)
    assert line.state is State.SENT


def test_a_pin_is_tried_once() -> None:
    """A wrong one would lock the card; another one is tried again."""
    asks = {"AT+CPIN?": "+CPIN: SIM PIN\r\nOK", 'AT+CPIN="1234"': "+CME ERROR: 16"}
    line = Scripted(Options(pin="1234"), **asks)
    line.plug()
    line.pass_time(5 * POLL_S)
    line.hang_up("pulled out")
    line.plug()
    line.pass_time(5 * POLL_S)
    assert line.said.count('AT+CPIN="1234"') == 1
    assert line.modem.state.fitness is Fitness.PIN
    right = Scripted(Options(pin="1234"), **{"AT+CPIN?": "+CPIN: SIM PIN\r\nOK"})
    right.plug()
    right.pass_time(1)
    assert right.modem.state.fitness is Fitness.READY
    assert list(right.kept.people.sms_pins) == []


def test_what_keeps_a_modem_from_sending_is_told() -> None:
    """No card, a locked one, no network, one that refuses, a modem without PDU mode, answers that do not fit."""
    for command, said, fitness in (
        ("AT+CPIN?", "+CME ERROR: 10", Fitness.NO_CARD),
        ("AT+CPIN?", "+CPIN: SIM PUK\r\nOK", Fitness.PUK),
        ("AT+CPIN?", "+CPIN: SIM PIN\r\nOK", Fitness.PIN),
        ("AT+CREG?", "+CREG: 0,2\r\nOK", Fitness.SEARCHING),
        ("AT+CREG?", "+CREG: 0,3\r\nOK", Fitness.DENIED),
        ("AT+CMGF=0", "ERROR", Fitness.UNFIT),
        ("AT+CPIN?", "OK", Fitness.SILENT),
        ("AT+CPIN?", None, Fitness.SILENT),
    ):
        line = Scripted(**{command: said})
        line.kept.send(NUMBER, "hello")
        line.plug()
        line.pass_time(NETWORK_S + 1)
        assert line.modem.state.fitness is fitness
        assert line.state is State.WAITING


def test_a_message_is_removed_only_when_it_is_kept() -> None:
    """One of a wrong length is left where it is, one that was kept before is removed and kept once."""
    pdu = "0004039121F300006290124131120005E8329BFD06"
    listing = f"+CMGL: 1,0,,20\r\n{pdu}\r\n+CMGL: 2,1,,19\r\n{pdu}\r\n+CMGL: 3,3,,20\r\n{pdu}\r\nOK"
    line = Scripted(**{"AT+CMGL=4": listing, "AT+CPMS=?": "ERROR"})
    line.plug()
    line.pass_time(2 * POLL_S)
    assert [(text.number, text.text) for text in line.kept.texts()] == [("+123", "hello")]
    assert {said for said in line.said if said.startswith("AT+CMGD")} == {"AT+CMGD=1"}


def test_it_ends_when_it_is_asked_to() -> None:
    """At once if nothing is with the modem."""
    line = Scripted()
    line.plug()
    line.pass_time(1)
    assert line.modem.finish().called
