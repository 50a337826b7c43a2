"""A self-test in any company: for the time of the call it gets a trunk, a number, a workgroup and a phone of its own.

Nobody's telephone rings, and no caller can reach it: the trunk takes calls from this machine alone. It is one change of
the configuration, taken back when the call is over; what a killed self-test left is cleared away by the next one.
"""

import contextlib
from collections.abc import Iterator

import msgspec

from appliance import api, document
from appliance.client import Client, DoorClosedError
from appliance.commands._robots import RobotsError
from appliance.core import model
from appliance.places import Places
from appliance.records.opening import unexpanded
from appliance.store.reader import Reader
from appliance.texts import here, said
from appliance.words import problem_text

SLUG = "self-test"
WORDS = {
    "en": "This is a test call. To go on, press 1.",
    "zh": "这是测试呼叫。继续请按一。",
}
KEY = "1"
ASK_S = 60.0
FIRST, LAST = 9_900, 9_999
"Extension and number are the first free ones of these; real ones are seldom so."


@contextlib.contextmanager
def own_line(places: Places, reader: Reader, *, phone_alone: bool = False) -> Iterator[None]:
    """Let the company have the self-test's own line, or only its phone; raises `RobotsError`."""
    client = Client(places.console_socket, timeout_s=ASK_S)
    standing = reader.standing()
    before = without(api.Document(configuration=unexpanded(standing.configuration), people=standing.people))
    change = _ask(client, api.Import(text=document.write(with_line(before, places, phone_alone=phone_alone)))).change
    try:
        yield
    finally:
        _ask(client, api.Revert(change=change) if _is_bare(standing.configuration) else _import(reader))


def _import(reader: Reader) -> api.Import:
    """Clear away also what an earlier self-test left."""
    standing = reader.standing()
    bare = without(api.Document(configuration=unexpanded(standing.configuration), people=standing.people))
    return api.Import(text=document.write(bare))


def _is_bare(configuration: model.Configuration) -> bool:
    return all(agent.slug != SLUG for agent in configuration.agents)


def without(company: api.Document) -> api.Document:
    """Give the company without the self-test's line."""
    configuration = company.configuration
    ours = {agent.extension for agent in configuration.agents if agent.slug == SLUG}
    kept = {
        name: tuple(part for part in getattr(configuration, name) if part.slug != SLUG)
        for name in ("trunks", "agents", "queues", "flows", "prompts")
    }
    kept["numbers"] = tuple(number for number in configuration.numbers if number.flow != SLUG)
    kept["extensions"] = tuple(phone for phone in configuration.extensions if phone.slug not in ours)
    return msgspec.structs.replace(company, configuration=msgspec.structs.replace(configuration, **kept))


def with_line(company: api.Document, places: Places, *, phone_alone: bool = False) -> api.Document:
    """Give the company with it."""
    old = company.configuration
    taken = {part.slug for part in (*old.extensions, *old.numbers)} | {*old.company.emergency}
    free = [digits for place in range(FIRST, LAST + 1) if (digits := str(place)) not in taken]
    if len(free) < 2:  # noqa: PLR2004  one for the phone, one for the number
        raise RobotsError(said("There is no free extension from {first} to {last}.", first=FIRST, last=LAST))
    extension, number = free[:2]
    language = old.company.language if old.company.language in WORDS else "en"
    added: dict[str, tuple[model.Part, ...]] = {
        "trunks": (
            model.Trunk(
                slug=SLUG, title=SLUG, host=places.host, port=places.far_port, accept=(places.host,), probe_s=0
            ),
        ),
        "numbers": (model.Number(slug=number, title=SLUG, flow=SLUG, language=language),),
        "extensions": (model.Extension(slug=extension, agent=SLUG),),
        "agents": (model.Agent(slug=SLUG, extension=extension),),
        "queues": (model.Queue(slug=SLUG, title=SLUG, agents=(SLUG,), wrap_up_s=20),),
        "flows": (_flow(),),
        "prompts": (model.Prompt(slug=SLUG, title=SLUG, texts={language: WORDS[language]}),),
    }
    if phone_alone:
        added = {name: added[name] for name in ("extensions", "agents")}
    whole = {name: (*getattr(old, name), *parts) for name, parts in added.items()}
    return msgspec.structs.replace(company, configuration=msgspec.structs.replace(old, **whole))


def _flow() -> model.Flow:
    menu = model.Node(
        id="menu", kind="menu", options={"prompt": SLUG, "choices": {KEY: SLUG}}, exits={KEY: "queue", "none": "end"}
    )
    queue = model.Node(id="queue", kind="queue", options={"queue": SLUG}, exits={"timeout": "end", "full": "end"})
    return model.Flow(slug=SLUG, title=SLUG, nodes=(menu, queue, model.Node(id="end", kind="hang_up")))


def _ask(client: Client, request: api.AnyRequest) -> api.Reply:
    try:
        reply = client.send(request)
    except DoorClosedError as error:
        raise RobotsError(said("The daemon does not answer: {error}", error=error)) from error
    if reply.problems:
        problem = problem_text(here(), reply.problems[0])
        raise RobotsError(said("The self-test's own line was refused: {problem}", problem=problem))
    return reply
