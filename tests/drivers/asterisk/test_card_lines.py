"""Lines of cards on a running Asterisk: which are busy, one cleared, all taken anew."""

from drivers.asterisk.card_lines import CardLines
from drivers.dahdi.technology import Dahdi
from drivers.pjsip.technology import Pjsip
from tests.drivers.asterisk.pipes import pong
from tests.drivers.asterisk.played import Played, logged_errors, wait
from tests.drivers.asterisk.test_reconcile import answer_list
from tests.drivers.asterisk.wire import lines

CARE = 2
"Which of the connections asks about lines."


def a_line(number: str, uniqueid: str = "") -> tuple[tuple[str, str], ...]:
    """Give an entry of the answer to DAHDIShowChannels; Asterisk tells of a call on it alone that there is one."""
    call = (("Channel", f"DAHDI/{number}-1"), ("Uniqueid", uniqueid)) if uniqueid else ()
    return (("Event", "DAHDIShowChannels"), ("DAHDIChannel", number), *call, ("Alarm", "No Alarm"))


def lines_of(played: Played, *technologies: Pjsip | Dahdi) -> CardLines:
    """Give the lines of an Asterisk with these technologies."""
    return CardLines(played.link, technologies)


def test_lines_with_a_call_are_busy() -> None:
    """The others are open all the time and say nothing; a number that is none is passed over."""
    played = Played()
    done = wait(lines_of(played, Pjsip(), Dahdi()).busy())
    (asked,) = pong(played.asterisk.pipes[CARE])
    assert asked["Action"] == "DAHDIShowChannels"
    entries = (a_line("7", "main-1.3"), a_line("2"), a_line("3", "main-1.1"), a_line("x", "main-1.9"))
    answer_list(played.asterisk.pipes[CARE], asked["ActionID"], *entries)
    assert done == [(3, 7)]


def test_an_exchange_without_cards_is_not_asked() -> None:
    """Nor is one that has gone."""
    played = Played()
    assert wait(lines_of(played, Pjsip()).busy()) == [()]
    assert wait(lines_of(played, Pjsip()).restart()) == [None]
    assert pong(played.asterisk.pipes[CARE]) == []
    busy, restarted = wait(lines_of(played, Dahdi()).busy()), wait(lines_of(played, Dahdi()).restart())
    played.asterisk.pipes[CARE].end("gone")
    assert (busy, restarted) == ([()], [None])


def test_a_line_is_cleared() -> None:
    """By the name of the channel that is on it."""
    played = Played()
    done = wait(lines_of(played, Dahdi()).clear(3))
    (asked,) = pong(played.asterisk.pipes[CARE])
    assert asked["DAHDIChannel"] == "3"
    answer_list(played.asterisk.pipes[CARE], asked["ActionID"], a_line("3", "main-1.1"))
    (cleared,) = played.actions()
    assert (cleared["Action"], cleared["Channel"], cleared["Cause"]) == ("Hangup", "DAHDI/3-1", "16")
    played.answer(cleared)
    assert done == [True]


def test_all_lines_are_taken_anew() -> None:
    """What Asterisk says against it is told."""
    played = Played()
    for response, told in (("Success", 0), ("Error", 1)):
        with logged_errors() as errors:
            done = wait(lines_of(played, Pjsip(), Dahdi()).restart())
            (asked,) = pong(played.asterisk.pipes[CARE])
            assert asked["Action"] == "DAHDIRestart"
            answer = lines(("Response", response), ("ActionID", asked["ActionID"]), ("Message", "Failed rereading"))
            played.asterisk.pipes[CARE].protocol.dataReceived(answer)
            assert done == [None]
            assert len(errors) == told
