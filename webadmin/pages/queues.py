"""Workgroups: where callers wait, and who serves them."""

from pyramid.response import Response

from appliance.core import model
from appliance.core.plugins import all_strategies
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup import waiting
from webadmin.setup.choices import MUSIC, SLUG_HELP, SLUG_LABEL, agents
from webadmin.setup.fields import Check, Choice, Choices, Field, Number, Several, Text
from webadmin.setup.section import Column, Section, answer
from webadmin.texts import marked
from webadmin.words import STRATEGIES

PURPOSE = marked("Callers wait in a workgroup until one of its agents is free.")
PAGE = About(
    label=marked("Workgroups"),
    permission=Permission.SETUP,
    addresses=("/setup/queues", "/setup/queues/{slug}"),
    methods=FORM,
    setup=40,
    help=PURPOSE,
)

FIELDS: tuple[Field, ...] = (
    Text(name="slug", label=SLUG_LABEL, needed=True, longest=63, help=SLUG_HELP),
    Text(name="title", label=marked("Title"), help=marked("What desks, wallboards and reports call it.")),
    Several(name="agents", label=marked("Agents"), help=marked("An agent may serve many workgroups at once.")),
    Choice(
        name="strategy",
        default="longest_idle",
        label=marked("Who is chosen"),
        help=marked("Which of the free agents a call rings at."),
    ),
    Number(
        name="ring_s",
        label=marked("Ring at most"),
        low=3,
        high=300,
        default=20,
        unit=marked("s"),
        help=marked("Then the call goes to somebody else, at its old place, and the agent is shown as missed."),
    ),
    Number(
        name="wrap_up_s",
        label=marked("Wrap-up"),
        low=0,
        high=3600,
        default=30,
        unit=marked("s"),
        help=marked("Time after a call for its result and note; no new call comes in it."),
    ),
    Number(
        name="wait_s_max",
        label=marked("Wait at most"),
        low=0,
        high=86400,
        default=0,
        unit=marked("s"),
        help=marked("Then the caller leaves by the exit “waited too long” of the flow; 0 for never."),
    ),
    Number(
        name="length_max",
        label=marked("Waiting callers at most"),
        low=0,
        high=10000,
        default=0,
        help=marked("Further callers leave by the exit “full” of the flow; 0 for no limit."),
    ),
    Number(
        name="priority",
        label=marked("Priority"),
        low=1,
        high=9,
        default=5,
        help=marked("1 is served first, 9 last, where agents serve several workgroups."),
    ),
    Choice(name="music", default="default", label=marked("Music"), help=marked("What waiting callers hear.")),
    Number(
        name="answer_within_s",
        label=marked("Answer within"),
        low=1,
        high=3600,
        default=20,
        unit=marked("s"),
        help=marked("The aim that the service level measures."),
    ),
    Number(
        name="short_abandon_s",
        label=marked("Short abandon"),
        low=0,
        high=60,
        default=5,
        unit=marked("s"),
        help=marked("Who gives up within this time is shown apart and left out of the service level."),
    ),
    Check(
        name="recorded",
        default=True,
        label=marked("Record the conversations"),
        help=marked("Both sides, encrypted; supervisors may hear them."),
    ),
    *waiting.FIELDS,
)


def choices(request: PageRequest) -> dict[str, Choices]:
    """Give the lists to choose from."""
    hold = [queue.music for queue in request.standing.configuration.queues]
    return {
        **waiting.choices(request),
        "agents": agents(request),
        "strategy": [(name, request.say(STRATEGIES.get(name, name))) for name in all_strategies()],
        "music": [(name, name) for name in dict.fromkeys([*MUSIC, *hold])],
    }


def _title(_request: PageRequest, part: model.Part) -> str:
    return getattr(part, "title", "")


def _agents(request: PageRequest, part: model.Part) -> str:
    count = len(part.agents) if isinstance(part, model.Queue) else 0
    return request.say.plural("{count} agent", "{count} agents", count)


def _aim(request: PageRequest, part: model.Part) -> str:
    return request.say("{count} s", count=part.answer_within_s) if isinstance(part, model.Queue) else ""


SECTION = Section(
    list="queues",
    address=PAGE.addresses[0],
    title=PAGE.label,
    purpose=PURPOSE,
    add=marked("Add a workgroup"),
    fields=FIELDS,
    columns=(
        Column(label=SLUG_LABEL, text=lambda _request, part: part.slug),
        Column(label=marked("Title"), text=_title),
        Column(label=marked("Agents"), text=_agents),
        Column(label=marked("Answer within"), text=_aim),
    ),
    choices=choices,
    data=waiting.data,
    values=waiting.values,
    errors=waiting.ERRORS,
)


def view(request: PageRequest) -> Response:
    """Show the workgroups, or one's form, review or removal."""
    return answer(request, SECTION)
