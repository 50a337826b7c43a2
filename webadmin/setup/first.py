"""What the first steps of a new box ask for, and the commands that it becomes: carrier, first workgroup, number."""

from collections.abc import Mapping

import msgspec

from appliance import api
from appliance.core import model
from webadmin.setup.fields import Check, Choice, Field, Number, Paragraph, Secret, Text
from webadmin.texts import marked

TRUNK, QUEUE = "carrier", "service"
WELCOME, BUSY = "service-welcome", "service-busy"
BUSY_TEXTS: Mapping[str, str] = {
    "en": "I am sorry, nobody can take your call at the moment. Please call again later. Goodbye.",
    "zh": "非常抱歉，现在无人接听，请稍后再拨。再见。",
}
"Spoken to callers, so in the language of the prompts and not of the page."
TIME: tuple[Field, ...] = (
    Text(name="title", label=marked("Name of the company"), needed=True, longest=80),
    Choice(
        name="language",
        label=marked("Language of prompts"),
        help=marked("What callers hear where nothing else is said."),
    ),
    Choice(
        name="zone",
        label=marked("Time zone"),
        help=marked("For opening hours and reports, and for the machine where it is ours to set."),
    ),
)
CARRIER: tuple[Field, ...] = (
    Text(name="title", label=marked("Name of the carrier"), longest=80),
    Text(
        name="host",
        label=marked("Host"),
        needed=True,
        help=marked("Name or address of the carrier's server, or of the telephone system beside this box."),
    ),
    Number(name="port", label=marked("Port"), low=1, high=65535, default=5060),
    Text(
        name="username",
        label=marked("User name"),
        longest=64,
        help=marked("For the carrier's challenge; empty if it knows us by our address."),
    ),
    Secret(name="secret", label=marked("Password"), help=marked("Empty leaves it as it is.")),
    Check(
        name="register",
        label=marked("Register with the carrier"),
        help=marked("For carriers that send calls only to who has signed in with user name and password."),
    ),
)
WORKGROUP: tuple[Field, ...] = (
    Text(name="title", label=marked("Name of the workgroup"), needed=True, longest=80, default="Service"),
    Text(
        name="number",
        label=marked("Number that callers dial"),
        needed=True,
        longest=20,
        help=marked("As the carrier sends it, digits alone."),
    ),
    Text(
        name="extension",
        label=marked("Extension of your telephone"),
        needed=True,
        longest=6,
        default="301",
        help=marked("You are the first agent. More people and phones are added under Set up."),
    ),
    Paragraph(
        name="greeting",
        label=marked("What callers hear first"),
        longest=500,
        help=marked("It is spoken by the box; a recording can take its place later."),
    ),
)


def put(name: str, part: model.Part | model.Company) -> api.Put:
    """Give the command that adds or replaces a part, whatever stood there."""
    return api.Put(base="", list=name, value=msgspec.Raw(msgspec.json.encode(part)))


def carrier(values: Mapping[str, object], known: model.Trunk | None) -> api.Put:
    """Give the command that makes the trunk; what the step does not ask for stays as it was."""
    given = {name: values[name] for name in ("title", "host", "port", "username", "register")}
    return put("trunks", msgspec.structs.replace(known or model.Trunk(slug=TRUNK), **given))


def workgroup(values: Mapping[str, object], language: str, chief: api.Person) -> tuple[api.AnyRequest, ...]:
    """Give the commands that make a workgroup, its number, and the administrator its agent; each may be repeated."""
    greeting = str(values["greeting"])
    agent = chief.agent or chief.slug
    welcome = model.Node(id="welcome", kind="announce", options={"prompt": WELCOME}, exits={"next": "queue"})
    nodes = (
        model.Node(id="queue", kind="queue", options={"queue": QUEUE}, exits={"timeout": "busy", "full": "busy"}),
        model.Node(id="busy", kind="hang_up", options={"prompt": BUSY}),
    )
    spoken = (model.Prompt(slug=WELCOME, title=WELCOME, texts={language: greeting}),) if greeting else ()
    title = str(values["title"])
    return (
        *(put("prompts", prompt) for prompt in spoken),
        put("prompts", model.Prompt(slug=BUSY, title=BUSY, texts={language: BUSY_TEXTS[language]})),
        put("queues", model.Queue(slug=QUEUE, title=title)),
        put("flows", model.Flow(slug=QUEUE, title=title, nodes=(*((welcome,) if greeting else ()), *nodes))),
        put("numbers", model.Number(slug=str(values["number"]), title=title, flow=QUEUE)),
        api.PutPerson(
            person=msgspec.structs.replace(chief, agent=agent),
            extension=str(values["extension"]),
            queues=(QUEUE,),
        ),
    )
