"""Lists to choose from, made of the configuration that holds."""

from collections.abc import Mapping

from appliance.core import model
from webadmin.request import PageRequest
from webadmin.setup.fields import Choices
from webadmin.texts import LANGUAGES, marked
from webadmin.words import title_of

MUSIC: Mapping[str, str] = {"default": marked("The music that came with the box")}


def languages(request: PageRequest) -> Choices:
    """Give the languages, and the company's own for none."""
    chosen = request.standing.configuration.company.language
    empty = request.say("as the company ({language})", language=LANGUAGES.get(chosen, chosen))
    return [("", empty), *LANGUAGES.items()]


def titled(parts: tuple[model.Part, ...], language: str = "", empty: str | None = None) -> Choices:
    """Give parts by their titles, with an empty choice first if one is named."""
    return [*([("", empty)] if empty is not None else []), *((part.slug, title(part, language)) for part in parts)]


def title(part: model.Part, language: str = "") -> str:
    """Write a part's title with its name where they differ."""
    if isinstance(part, model.Reason):
        return title_of(part, language)
    said = getattr(part, "title", "")
    return f"{said} ({part.slug})" if said and said != part.slug else part.slug


def agents(request: PageRequest) -> Choices:
    """Give the agents by name with their extensions."""
    return [
        (agent.slug, f"{request.names.get(agent.slug) or agent.slug} ({agent.extension})")
        for agent in request.standing.configuration.agents
    ]


def skills(request: PageRequest) -> Choices:
    """Give the skills that somebody has or some workgroup requires."""
    configuration = request.standing.configuration
    had = [skill for agent in configuration.agents for skill in agent.skills]
    required = [need.skill for queue in configuration.queues for need in queue.requirement]
    return [(skill, skill) for skill in sorted({*had, *required})]
