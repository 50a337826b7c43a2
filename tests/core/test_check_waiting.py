"""What a queue says of its waiting callers, checked before it is published."""

import pytest

from appliance.core import model
from appliance.core.check import check
from tests.core.world import a_company, a_flow, a_queue

PROMPTS = (model.Prompt(slug="hello", texts={"en": "Hello."}),)
HOURS = (model.Hours(slug="office"),)


def faults(**queue: object) -> list[tuple[str, str]]:
    """List path and code of what is wrong with a queue."""
    flow = a_flow(model.Node(id="wait", kind="queue", options={"queue": "support"}))
    company = a_company(a_queue(**queue), flow=flow, prompts=PROMPTS, hours=HOURS)
    return [(fault.path.removeprefix("queues.support."), fault.code) for fault in check(company)]


def test_a_sound_queue() -> None:
    """With everything that can be said of it."""
    assert (
        faults(
            hours="office",
            overflow=(model.Overflow(when="wait", limit=60), model.Overflow(when="length", limit=3, exit="left")),
            waiting=model.WaitingCaller(welcome="hello", sounds=("hello",), leave_key="1", callback_key="2"),
            callback=model.Callback(hours="office", accepted="hello", confirm="hello"),
        )
        == []
    )


@pytest.mark.parametrize(
    ("queue", "fault"),
    [
        ({"hours": "gone"}, ("hours", "missing")),
        ({"overflow": (model.Overflow(when="mood"),)}, ("overflow", "unknown")),
        ({"overflow": (model.Overflow(when="wait", limit=-1),)}, ("overflow.wait", "out_of_range")),
        ({"overflow": (model.Overflow(when="wait", exit="window"),)}, ("overflow.wait", "unknown")),
        ({"waiting": model.WaitingCaller(first_s=-1)}, ("waiting.first_s", "out_of_range")),
        ({"waiting": model.WaitingCaller(welcome="gone")}, ("waiting", "missing")),
        ({"waiting": model.WaitingCaller(leave_key="12")}, ("waiting.leave_key", "invalid")),
        ({"waiting": model.WaitingCaller(callback_key="a")}, ("waiting.callback_key", "invalid")),
        ({"waiting": model.WaitingCaller(callback_key="1")}, ("callback", "empty")),
        (
            {"waiting": model.WaitingCaller(leave_key="1", callback_key="1"), "callback": model.Callback()},
            ("waiting.callback_key", "twice"),
        ),
        ({"callback": model.Callback(attempts=0)}, ("callback.attempts", "out_of_range")),
        ({"callback": model.Callback(confirm="gone")}, ("callback", "missing")),
        ({"callback": model.Callback(hours="gone")}, ("callback.hours", "missing")),
    ],
)
def test_faults(queue: dict[str, object], fault: tuple[str, str]) -> None:
    """Each names its field."""
    assert fault in faults(**queue)
