"""Somebody comes, changes or leaves: the person with the agent, the phone and the queues, in one change. Pure."""

from collections.abc import Collection

import msgspec

from appliance import api
from appliance.core import model
from appliance.store.edits import (
    PEOPLE,
    Edited,
    EditError,
    check_person,
    checked,
    refuse_without_administrator,
    with_part,
)


def put_person(document: api.Document, request: api.PutPerson) -> Edited:
    """Add or change a person; raises `EditError`.

    With an extension the person takes calls: the agent is made (named like the person unless `person.agent` says),
    sits at that phone, and belongs to exactly the queues given. Without one the person takes none.
    """
    person = request.person
    check_person(person)
    known = {queue.slug for queue in document.configuration.queues}
    if unknown := [slug for slug in request.queues if slug not in known]:
        raise EditError(*(api.Problem(code="unknown", field="queues", detail=slug) for slug in unknown))
    agent = (person.agent or person.slug) if request.extension else ""
    before = next((other for other in document.people if other.slug == person.slug), None)
    result = document
    if before is not None and before.agent and before.agent != agent:
        result = _without_agent(result, before.agent, but=person.slug)
    if agent:
        result = _with_agent(result, agent, request.extension)
        result = _in_queues(result, agent, request.queues)
    elif request.queues:
        raise EditError(api.Problem(code="missing", field="extension"))
    result = with_part(result, f"{PEOPLE}.{person.slug}", msgspec.structs.replace(person, agent=agent))
    refuse_without_administrator(document, result)
    return Edited(document=checked(result), summary=f"put-person {person.slug}")


def drop_person(document: api.Document, slug: str) -> Edited:
    """Remove a person, and the agent and the phone that nobody else uses; raises `EditError`."""
    person = next((other for other in document.people if other.slug == slug), None)
    if person is None:
        raise EditError(api.Problem(code="unknown", field="slug", detail=slug))
    result = with_part(document, f"{PEOPLE}.{slug}", None)
    refuse_without_administrator(document, result)
    if person.agent:
        result = _without_agent(result, person.agent, but=slug)
    return Edited(document=checked(result), summary=f"drop-person {slug}")


def _with_agent(document: api.Document, agent: str, extension: str) -> api.Document:
    """Seat an agent at a phone; a phone that the agent leaves stays, of nobody."""
    phones = {phone.slug: phone for phone in document.configuration.extensions}
    taken = phones.get(extension)
    if taken is not None and taken.agent not in {"", agent}:
        raise EditError(api.Problem(code="in_use", field="extension", detail=taken.agent))
    result = document
    for phone in phones.values():
        if phone.agent == agent and phone.slug != extension:
            result = with_part(result, f"extensions.{phone.slug}", msgspec.structs.replace(phone, agent=""))
    phone = model.Extension(slug=extension) if taken is None else taken
    result = with_part(result, f"extensions.{extension}", msgspec.structs.replace(phone, agent=agent))
    seated = next((other for other in document.configuration.agents if other.slug == agent), None)
    seat = model.Agent(slug=agent, extension=extension)
    return with_part(
        result, f"agents.{agent}", seat if seated is None else msgspec.structs.replace(seated, extension=extension)
    )


def _in_queues(document: api.Document, agent: str, queues: Collection[str]) -> api.Document:
    """Make an agent belong to exactly these queues."""
    result = document
    for queue in document.configuration.queues:
        if (queue.slug in queues) == (agent in queue.agents):
            continue
        agents = tuple(other for other in queue.agents if other != agent)
        agents = (*agents, agent) if queue.slug in queues else agents
        result = with_part(result, f"queues.{queue.slug}", msgspec.structs.replace(queue, agents=agents))
    return result


def _without_agent(document: api.Document, agent: str, *, but: str) -> api.Document:
    """Take an agent out, with the phone, unless another person than `but` is this agent too."""
    if any(person.agent == agent and person.slug != but for person in document.people):
        return document
    result = with_part(_in_queues(document, agent, ()), f"agents.{agent}", None)
    for phone in document.configuration.extensions:
        if phone.agent == agent:
            result = with_part(result, f"extensions.{phone.slug}", None)
    return result
