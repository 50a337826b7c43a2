"""The order of a workgroup's agents: chosen by buttons that need no script, reviewed in words, kept by the document."""

from html.parser import HTMLParser

import msgspec
import pytest
from typing_extensions import override

from appliance import api, document
from appliance.core import model
from tests.webadmin.conftest import Pages
from tests.webadmin.test_forms import a_request
from webadmin.setup.fields import Form, shown
from webadmin.setup.ordered import Ordered, moved
from webadmin.texts import texts

LETTERS = [("a", "Ann"), ("b", "Ben"), ("c", "Cem"), ("d", "Dan")]
FIELD = Ordered(name="agents", label="Agents")


def a_form(*chosen: str) -> Form:
    """Show a form with nothing but such a field."""
    return shown((FIELD,), texts("en"), {"agents": LETTERS}, {"agents": chosen})


class Boxes(HTMLParser):
    """The boxes of a form, in the order in which they stand."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.ticked: list[str] = []
        self.focused: list[str] = []
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the ticked boxes of agents, and the button that has the focus."""
        values = dict(attrs)
        if values.get("name") == "agents" and "checked" in values:
            self.ticked.append(values.get("value") or "")
        if "autofocus" in values:
            self.focused.append(values.get("value") or "")


@pytest.mark.parametrize(
    ("step", "order"),
    [
        ("up:agents:c", ("a", "c", "b")),
        ("down:agents:a", ("b", "a", "c")),
        ("up:agents:a", ("a", "b", "c")),
        ("down:agents:c", ("a", "b", "c")),
        ("up:agents:d", ("a", "b", "c")),
        ("up:agents:no:body", ("a", "b", "c")),
    ],
)
def test_a_box_is_moved(step: str, order: tuple[str, ...]) -> None:
    """One place, not beyond the ends; who is not chosen has no place."""
    form = a_form("a", "b", "c")
    assert moved(form, step)
    assert form.strings("agents") == order


@pytest.mark.parametrize("step", ["", "review", "up", "up:slug:a", "left:agents:a", "edit", "up::"])
def test_other_buttons_are_none_of_these(step: str) -> None:
    """The form goes on with what they say."""
    form = a_form("a", "b")
    assert not moved(form, step)
    assert form.strings("agents") == ("a", "b")


def test_the_chosen_stand_first_in_their_order() -> None:
    """So a browser sends them in it; one who is gone is left out."""
    assert [value for value, _ in FIELD.lines(("c", "gone", "a"), LETTERS)] == ["c", "a", "b", "d"]
    assert FIELD.read(["c", "a", "c"], LETTERS, texts("en")) == ("c", "a")
    assert FIELD.word(("c", "a"), LETTERS, texts("en")) == "Cem, Ann"


def test_the_order_is_moved_reviewed_and_written(pages: Pages) -> None:
    """By the form as a browser without scripts sends it."""
    queue = a_request(pages).standing.configuration.queues[0]
    address = f"/setup/queues/{queue.slug}"
    first, second, *rest = queue.agents
    before = Boxes(pages.get(address, "administrator").text)
    assert tuple(before.ticked) == queue.agents
    request = pages.request(address, "administrator", post={"step": f"down:agents:{first}"})
    request.body += b"".join(b"&agents=" + agent.encode() for agent in queue.agents)
    answer = pages.answer(request)
    after = Boxes(answer.text)
    assert answer.status_int == 200
    assert after.ticked == [second, first, *rest]
    assert after.focused == [f"down:agents:{first}"]


def test_the_document_keeps_the_order() -> None:
    """What is exported and imported again is the same list in the same order."""
    queue = model.Queue(slug="sales", agents=("c", "a", "b"), strategy="ordered")
    agents = tuple(model.Agent(slug=slug, extension=slug) for slug in "abc")
    written = document.write(api.Document(configuration=model.Configuration(queues=(queue,), agents=agents)))
    again = document.read(written).configuration.queues[0]
    assert again.agents == ("c", "a", "b")
    turned = msgspec.structs.replace(queue, agents=("a", "c", "b"))
    other = document.write(api.Document(configuration=model.Configuration(queues=(turned,), agents=agents)))
    assert other != written
