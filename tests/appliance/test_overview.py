"""What each number and key does is said by following the flow as a caller would."""

import pytest

from appliance import sample
from appliance.core import model
from appliance.overview import Way, dialled

COMPANY = sample.document(trunk_host="127.0.0.1", trunk_port=8090).configuration


def a_number(*nodes: model.Node) -> tuple[model.Configuration, model.Number]:
    """Give a number whose flow has these nodes."""
    number = model.Number(slug="8001", flow="main")
    return model.Configuration(numbers=(number,), flows=(model.Flow(slug="main", nodes=nodes),)), number


def test_the_sample_companys_main_line() -> None:
    """A menu after a welcome; each key with its words, its prompts and its end."""
    found = dialled(COMPANY, COMPANY.numbers[1])
    assert found.language == "zh"
    assert found.way == Way(prompts=("welcome", "menu"), ends="menu")
    assert found.keys["2"] == Way(says="Service 售后", queue="support")
    assert found.keys["3"] == Way(says="Hours 营业时间", prompts=("hours", "menu"), ends="menu")
    assert found.keys["0"] == Way(says="Office 办公室", ends="hours")


@pytest.mark.parametrize(
    ("node", "way"),
    [
        (model.Node(id="a", kind="queue", options={"queue": "sales"}), Way(queue="sales")),
        (model.Node(id="a", kind="transfer", options={"extension": "300"}), Way(extension="300")),
        (model.Node(id="a", kind="transfer", options={"outside": "123"}), Way(outside="123")),
        (model.Node(id="a", kind="hang_up", options={"prompt": "bye"}), Way(prompts=("bye",), ends="hang_up")),
        (model.Node(id="a", kind="hang_up"), Way(ends="hang_up")),
        (model.Node(id="a", kind="announce", options={"prompt": "hi"}), Way(prompts=("hi",), ends="nowhere")),
    ],
)
def test_a_number_without_a_menu(node: model.Node, way: Way) -> None:
    """It ends where the first node of another kind than an announcement says."""
    found = dialled(*a_number(node))
    assert (found.way, found.keys) == (way, {})


def test_what_leads_nowhere_or_round_is_said() -> None:
    """A flow that is missing, empty, or a circle."""
    circle = model.Node(id="a", kind="announce", options={"prompt": "hi"}, exits={"next": "a"})
    assert dialled(*a_number(circle)).way.ends == "nowhere"
    assert dialled(*a_number()).way == Way(ends="nowhere")
    assert dialled(model.Configuration(), model.Number(slug="1", flow="gone")).way == Way(ends="nowhere")
