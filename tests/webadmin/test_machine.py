"""The machine's page: what is typed becomes a question to root, or the wrong field is named."""

import pytest

from appliance import root_work
from tests.webadmin.conftest import Pages
from webadmin.setup import machine
from webadmin.setup.fields import typed
from webadmin.texts import texts


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_box_that_cannot_be_asked_says_so(pages: Pages, language: str) -> None:
    """In the reader's language, without a form that could do nothing."""
    answer = pages.get("/setup/machine", "administrator", language=language)
    assert answer.status_int == 200
    assert '<form class="card' not in answer.text
    assert ('name="step"' in answer.text) is False


def test_every_field_is_one_of_roots_words() -> None:
    """So that each can be shown and asked for."""
    for fields, kind in ((machine.NETWORK, root_work.Network), (machine.FIREWALL, root_work.Firewall)):
        assert {field.name for field in fields} == set(kind.__struct_fields__)


@pytest.mark.parametrize(
    ("step", "posted", "question"),
    [
        (
            "network",
            {"host": ["box"], "interface": ["eth0"], "address": [" 192.0.2.10/24 "], "dns": ["192.0.2.1\r\n\r\n"]},
            root_work.SetNetwork(
                network=root_work.Network(host="box", interface="eth0", address="192.0.2.10/24", dns=("192.0.2.1",))
            ),
        ),
        (
            "firewall",
            {"console": ["10.0.0.0/8"], "phones": [""], "media": ["0.0.0.0/0\n::/0"]},
            root_work.SetFirewall(firewall=root_work.Firewall(console=("10.0.0.0/8",), phones=())),
        ),
        ("zone", {"zone": ["Asia/Shanghai"]}, root_work.SetTimeZone(zone="Asia/Shanghai")),
    ],
)
def test_what_is_typed_is_asked(step: str, posted: dict[str, list[str]], question: root_work.AnyQuestion) -> None:
    """Blanks and empty lines are nothing."""
    form = typed(machine.FORMS[step], texts("en"), {"zone": [("Asia/Shanghai", "Asia/Shanghai")]}, posted)
    assert not form.errors
    assert machine.question_of(step, form.values, "") == question


@pytest.mark.parametrize(
    ("step", "values", "field"),
    [
        ("network", {"host": "box", "address": "192.0.2.10/24"}, "interface"),
        ("network", {"host": "box; reboot"}, "host"),
        ("firewall", {"console": ()}, "console"),
        ("firewall", {"phones": ("everybody",)}, "phones"),
        ("confirm", {}, "change"),
    ],
)
def test_the_wrong_field_is_told(step: str, values: dict[str, object], field: str) -> None:
    """The page shows it beside the field."""
    with pytest.raises(ValueError, match=f"^{field}"):
        machine.question_of(step, values, "x")
