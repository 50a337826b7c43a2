"""Workgroups: where callers wait, and who serves them."""

from appliance.core import model
from appliance.core.check import LEVELS, NEEDS_MAX, RELAX_S_MAX
from appliance.core.plugins import all_strategies
from webadmin.request import PageRequest
from webadmin.setup import strategies, waiting_fields
from webadmin.setup.choices import MUSIC, agents, skills, titled
from webadmin.setup.fields import Check, Choice, Choices, Field, Form, Number
from webadmin.setup.named import NAMED, SLUG, title
from webadmin.setup.ordered import Ordered
from webadmin.setup.rows import Pick, Rows
from webadmin.setup.section import Column, Section
from webadmin.texts import marked

HOW = (
    (model.How.AT_LEAST, marked("at least")),
    (model.How.EXACT, marked("exactly")),
    (model.How.AT_MOST, marked("at most")),
)

FIELDS: tuple[Field, ...] = (
    SLUG,
    title(marked("What desks, wallboards and reports call it.")),
    Ordered(
        name="agents",
        label=marked("Agents"),
        help=marked("An agent may serve many workgroups at once. The order counts where calls go by the list."),
    ),
    Choice(
        name="strategy",
        default="longest_idle",
        label=marked("Who is chosen"),
        help=marked("Which of the free agents a call rings at."),
    ),
    *strategies.all_fields(),
    Rows(
        name="requirement",
        label=marked("Skills required"),
        columns=(
            Choice(name="skill", label=marked("Skill")),
            Pick(name="how", label=marked("How"), words=HOW, default=model.How.AT_LEAST),
            Number(name="level", label=marked("Level"), low=LEVELS[0], high=LEVELS[1], default=1),
            Number(name="relax_s", label=marked("Asked for"), low=0, high=RELAX_S_MAX, unit=marked("s")),
        ),
        most=NEEDS_MAX,
        help=marked("Each is asked no more when a caller has waited its seconds; 0 for as long as it takes."),
    ),
    Number(
        name="prefer_s",
        label=marked("Keep for the known agent"),
        low=0,
        high=3600,
        default=0,
        unit=marked("s"),
        help=marked("The agent who looks after the caller, or talked to the caller last, if at work; 0 for never."),
    ),
    Number(
        name="local_s",
        label=marked("Keep for the own site"),
        low=0,
        high=3600,
        default=0,
        unit=marked("s"),
        help=marked("Agents of the site of the dialled number come first for so long; 0 for never."),
    ),
    Rows(
        name="lenders",
        label=marked("Helped by"),
        alone=True,
        columns=(Choice(name="queue", label=marked("Workgroup")),),
        help=marked("Their agents help out, in this order, while nobody waits there and their own aim is kept."),
    ),
    Number(
        name="priority",
        label=marked("Priority"),
        low=1,
        high=9,
        default=5,
        help=marked("1 is served first, 9 last, where agents serve several workgroups."),
    ),
    Number(
        name="weight",
        label=marked("Weight"),
        low=1,
        high=9,
        default=1,
        help=marked("Among callers of one priority, those of the heavier workgroup are served first."),
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
        name="wait_s_max",
        label=marked("Wait at most"),
        low=0,
        high=86400,
        default=0,
        unit=marked("s"),
        help=marked("Then the caller leaves by the exit “waited too long” of the flow; 0 for never."),
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
        name="missed_s",
        label=marked("After a missed call, available again in"),
        low=0,
        high=3600,
        default=0,
        unit=marked("s"),
        help=marked("0: when the agent says so."),
    ),
    Check(
        name="recorded",
        default=True,
        label=marked("Record the conversations"),
        help=marked("Both sides, encrypted; supervisors may hear them."),
    ),
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
        name="service_goal",
        label=marked("Aim"),
        low=1,
        high=100,
        default=80,
        unit="%",
        help=marked("Of the callers, to be answered in time; below it the agents help nobody else."),
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
    Choice(name="music", default="default", label=marked("Music"), help=marked("What waiting callers hear.")),
    *waiting_fields.FIELDS,
)
GROUPS = {
    "slug": marked("Who serves"),
    "priority": marked("Order and limits"),
    "ring_s": marked("Calls at the agent"),
    "answer_within_s": marked("Service level"),
    "music": marked("While callers wait"),
    "overflow": marked("Overflow"),
    "callback_on": marked("Callbacks"),
}


def choices(request: PageRequest) -> dict[str, Choices]:
    """Give the lists to choose from."""
    music = [queue.music for queue in request.standing.configuration.queues]
    configuration = request.standing.configuration
    everybody = agents(request)
    prompts = titled(configuration.prompts, request.language, empty="—")
    hours = titled(configuration.hours, request.language, empty="—")
    return {
        "agents": everybody,
        "strategy": [(name, strategies.label(request.say, name)) for name in all_strategies()],
        "requirement": skills(request),
        "lenders": titled(configuration.queues),
        **dict.fromkeys(waiting_fields.PROMPTS, prompts),
        "waiting_sounds": prompts[1:],
        **dict.fromkeys(waiting_fields.HOURS, hours),
        **{field.name: everybody for field in strategies.all_fields() if field.kind == "rows"},
        "music": [(name, request.say(MUSIC.get(name, name))) for name in dict.fromkeys([*MUSIC, *music])],
    }


def data(part: model.Part) -> dict[str, object]:
    """Give what the form shows of a workgroup."""
    if not isinstance(part, model.Queue):
        return {}
    known = {name: getattr(part, name) for name in part.__struct_fields__}
    return {**known, **waiting_fields.data(part), **strategies.data(part.strategy, part.strategy_options)}


def values(form: Form) -> dict[str, object]:
    """Give what the form says of a workgroup."""
    own = {name: form.values[name] for name in model.Queue.__struct_fields__ if name in form.values}
    chosen = strategies.values(form, form.text("strategy"))
    return {**own, **waiting_fields.values(form), "strategy_options": chosen}


def _agents(request: PageRequest, part: model.Part) -> str:
    count = len(part.agents) if isinstance(part, model.Queue) else 0
    return request.say.plural("{count} agent", "{count} agents", count)


def _aim(request: PageRequest, part: model.Part) -> str:
    return request.say("{count} s", count=part.answer_within_s) if isinstance(part, model.Queue) else ""


SECTION = Section(
    list="queues",
    address="/setup/queues",
    title=marked("Workgroups"),
    place=40,
    purpose=marked("Callers wait in a workgroup until one of its agents is free."),
    add=marked("Add a workgroup"),
    fields=FIELDS,
    groups=GROUPS,
    columns=(
        *NAMED,
        Column(label=marked("Agents"), text=_agents),
        Column(label=marked("Answer within"), text=_aim),
    ),
    choices=choices,
    data=data,
    values=values,
    errors={**waiting_fields.ERRORS, "strategy_options": "strategy"},
)
PAGE = SECTION.page
view = SECTION.view
