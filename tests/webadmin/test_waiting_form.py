"""What a workgroup's form says of those who wait."""

from collections.abc import Mapping

import msgspec
import pytest

from appliance.core import model
from tests.webadmin.conftest import Pages
from tests.webadmin.test_forms import a_request, standing_form
from webadmin.pages.queues import SECTION
from webadmin.setup.fields import typed
from webadmin.setup.section import made, with_part
from webadmin.texts import texts

WAITING = model.WaitingCaller(
    welcome="welcome", sounds=("menu", "welcome"), position=True, leave_key="1", callback_key="#", every_s=0
)


def saved(pages: Pages, queue: model.Queue, changes: Mapping[str, list[str]] | None = None) -> model.Part:
    """Save a workgroup's form, with a few changes."""
    request = a_request(pages)
    before = with_part(request.standing.configuration, "queues", queue)
    choices = dict(SECTION.choices(request))
    choices["requirement"] = [*choices["requirement"], ("english", "English")]
    untouched = standing_form(SECTION.fields, choices, SECTION.data(queue))
    form = typed(SECTION.fields, texts("en"), choices, {**untouched, **(changes or {})})
    assert form.errors == {}
    after, problems = made(SECTION, form, queue, before)
    assert problems == ()
    assert after is not None
    return after


@pytest.mark.parametrize("callback", [None, model.Callback(), model.Callback(customer_first=True, attempts=5)])
def test_a_form_that_nobody_touched_changes_nothing(pages: Pages, callback: model.Callback | None) -> None:
    """Whatever the workgroup says of those who wait, and what the form does not show."""
    queue = a_request(pages).standing.configuration.queues[0]
    queue = msgspec.structs.replace(
        queue,
        waiting=WAITING if callback else msgspec.structs.replace(WAITING, callback_key=""),
        callback=callback,
        overflow=(model.Overflow(when="wait", limit=60), model.Overflow(when="closing")),
        requirement=(model.Need(skill="english", level=3),),
    )
    assert saved(pages, queue) == queue


def test_what_is_typed_is_said(pages: Pages) -> None:
    """A row that is emptied is none, and a limit of 0 is one."""
    queue = msgspec.structs.replace(
        a_request(pages).standing.configuration.queues[0],
        overflow=(model.Overflow(when="length", limit=9),),
        waiting=WAITING,
        callback=None,
    )
    changes = {"overflow": ["", "9", "", "no_agents", "0", ""], "callback_on": ["1"], "callback_customer_first": ["1"]}
    after = saved(pages, queue, changes)
    assert isinstance(after, model.Queue)
    assert after.overflow == (model.Overflow(when="no_agents"),)
    assert after.callback == model.Callback(customer_first=True)
