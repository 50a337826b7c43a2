"""What set-up pages and the frame say of what they show: names rather than short names, and one sense for each word."""

import re

from appliance import live
from tests.webadmin.conftest import Pages


def heading(text: str) -> str:
    """Give the first heading without its marks."""
    found = re.search(r"<h1>(.*?)</h1>", text, re.DOTALL)
    assert found
    return found[1].strip()


def test_forms_are_headed_by_names(pages: Pages) -> None:
    """A reason by its words in the reader's language, an agent by the name, anything else by its title."""
    for there, language, said in (
        ("/setup/breaks/lunch", "zh", "设置 · 休息原因 · 午餐"),
        ("/setup/breaks/lunch", "en", "Set up · Break reasons · Lunch"),
        ("/setup/skills/li-wei", "en", "Set up · Skills · Li Wei 李伟"),
        ("/setup/queues/sales", "en", "Set up · Workgroups · Sales 销售"),
    ):
        assert heading(pages.get(there, "administrator", language=language).text) == said


def test_a_step_moves_down_and_a_part_is_down(pages: Pages) -> None:
    """Two senses of one English word are two words in Chinese; a key that is not used ends no call."""
    text = pages.get("/setup/flows/main", "administrator", language="zh").text
    assert "↓ 下移" in text
    assert "↓ 中断" not in text
    menu = text[text.index('name="node-1-words-4"') :]
    unused = menu[menu.index("<option") : menu.index("</option>")]
    assert unused.endswith(">—")
    used = text[text.index('name="node-1-exit-none"') :]
    assert used[used.index("<option") : used.index("</option>")].endswith(">结束通话")


def test_limits_of_breaks_stand_in_the_list(pages: Pages) -> None:
    """Without opening each; a list's cells carry the words of their columns, for cards on a telephone."""
    text = pages.get("/setup/breaks", "administrator").text
    assert '<th scope="col">Away at once, at most</th>' in text
    assert '<td data-label="A day, at most">—</td>' in text


def test_the_lamp_leads_to_the_system(pages: Pages) -> None:
    """Of those who may see it; the others see the lamp alone."""
    assert '<a id="health" class="lamp" data-state="unknown" href="/system">' in pages.get("/floor", "supervisor").text
    text = pages.get("/desk", "agent").text
    assert '<span id="health"' in text
    assert 'href="/system"' not in text
    amber = " ".join(sorted(live.AMBER))
    assert f'data-amber="{amber}"' in text, "what is no harm yet"


def test_the_company_is_in_parts(pages: Pages) -> None:
    """Each field of the form stands under a heading, and the headings are all there."""
    text = pages.get("/setup/company", "administrator").text
    headings = re.findall(r'<h2 class="group">(.*?)</h2>', text)
    assert headings == [
        "Name and place",
        "Who comes first",
        "Service level",
        "How long calls are kept",
        "Calls at the agent",
    ]
    assert text.count('<div class="fields">') == len(headings)
    assert text.index('<h2 class="group">') < text.index('data-field="title"')
