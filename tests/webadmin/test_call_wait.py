"""The page that says why a caller waited whom nobody was offered, and where in the journal each fact stands."""

import re
from collections.abc import Iterator

import pytest

from appliance.core import facts, model
from appliance.core.cdr import Outcome
from appliance.store.opened import Store
from tests.commands.recorded import journal_of
from tests.core.world import World
from tests.webadmin.conftest import WAIT_S, Pages, laid_out


class Lived(World):
    """The sample company while its only agent is on a break; its daemon is started a second time."""

    def __init__(self, configuration: model.Configuration) -> None:
        """Let a caller wait through it in vain, and one after the start."""
        super().__init__(configuration)
        agent = configuration.queues[0].agents[0]
        self.sign_on(agent)
        assert not self.command(facts.TakeBreak, agent, reason="lunch")
        first = self.call("8001", key="")
        self.run(4)
        self.exchange.press(first, "1")
        self.run(30)
        self.take(facts.Started(boot=2))
        self.exchange.found()
        self.run(10)
        assert not self.command(facts.SignOff, agent)
        second = self.call("8001", key="")
        for line in (second, first):
            self.run(20)
            self.exchange.end(line.leg)
        self.run(5)

    def file(self, store: Store) -> tuple[str, ...]:
        """Have it journalled as it was, each start's facts after its own recovery."""
        boot = 0
        for row in journal_of(self.versions, self.facts).rows:
            if isinstance(row.fact, facts.Started):
                store.journal.flush().result(WAIT_S)
                boot = store.journal.recover().result(WAIT_S).boot
                assert boot == row.fact.boot
            assert store.journal.append(row)
        store.journal.flush().result(WAIT_S)
        return tuple(cdr.interaction for cdr in self.records())


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Lay it down."""
    with laid_out(
        tmp_path_factory.mktemp("lived"),
        lambda store: Lived(store.settings.current().result(WAIT_S).configuration).file(store),
    ) as made:
        yield made


def test_a_call_that_nobody_was_offered_says_why(lived: Pages) -> None:
    """The call leads to the page for its wait; that one counts by reason who was left out, and when that changed."""
    interaction = lived.interactions[-1]
    told = lived.reader.call(interaction)
    assert told is not None
    assert (told.decisions, told.cdr.outcome) == ((), Outcome.ABANDONED)
    text = lived.get(f"/calls/{interaction}", "supervisor").text
    assert "nobody was offered the call." in text
    found = re.search(rf'href="(/calls/{interaction}/waits/\d+)">Why\?', text)
    assert found
    page = lived.get(found[1], "supervisor").text
    looks = re.findall(r"<tr><td class=.*?</td></tr>", page, re.DOTALL)
    assert 'On break <b class="num">1</b>, Signed out <b class="num">5</b>' in looks[0]
    assert 'Signed out <b class="num">6</b>' in looks[-1]
    assert len(looks) == 2
    assert "为何没有分派给任何座席" in lived.get(found[1], "supervisor", language="zh").text


def test_a_call_that_came_to_no_workgroup_says_no_such_thing(lived: Pages) -> None:
    """It never waited."""
    interaction = lived.interactions[0]
    assert "nobody was offered the call." not in lived.get(f"/calls/{interaction}", "supervisor").text


@pytest.mark.parametrize("number", [0, 99])
def test_what_is_no_wait_is_not_there(lived: Pages, number: int) -> None:
    """The menu before it, or a stretch that the call has not."""
    assert lived.get(f"/calls/{lived.interactions[0]}/waits/{number}", "supervisor").status_int == 404


def test_each_line_names_its_own_place_in_the_journal(lived: Pages) -> None:
    """A call that outlived a start of the daemon has facts of both."""
    told = lived.reader.call(lived.interactions[-1])
    assert told is not None
    assert set(told.boots) == {1, 2}
    text = lived.get(f"/calls/{lived.interactions[-1]}", "supervisor").text
    places = re.findall(r"Place in the journal: (\d+-\d+)", text)
    assert places == [f"{boot}-{row.sequence}" for boot, row in zip(told.boots, told.rows, strict=True)]
    assert places[0].startswith("1-")
    assert places[-1].startswith("2-")


def test_without_its_facts_it_cannot_be_said(pages: Pages) -> None:
    """A call whose facts do not replay: the page says so."""
    text = pages.get(f"/calls/{pages.interactions[0]}/waits/0", "supervisor").text
    assert "cannot be worked out again" in text or "At none of the moments" in text
