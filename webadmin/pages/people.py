"""People: who signs in, and with which phone."""

from collections.abc import Mapping

import msgspec
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from appliance import api
from webadmin.frame import setup_pages
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import languages, titled
from webadmin.setup.difference import differing
from webadmin.setup.fields import Check, Choice, Choices, Field, Form, Secret, Several, Text, shown, typed
from webadmin.setup.section import (
    NEW,
    Difference,
    Review,
    applied,
    carried,
    done,
    errors_of,
    posted,
    show_review,
    token_of,
    worded,
)
from webadmin.texts import marked
from webadmin.words import ROLES

PURPOSE = marked("People who sign in to these pages. An agent has an extension as well, and takes calls.")
PAGE = About(
    label=marked("People"),
    permission=Permission.SETUP,
    addresses=("/setup/people", "/setup/people/{slug}"),
    methods=FORM,
    setup=30,
    help=PURPOSE,
)
PASSWORD_MIN = 10
SLUG_LABEL = marked("Sign-in name")
HEAD = {
    "title": PAGE.label,
    "address": PAGE.addresses[0],
    "purpose": PURPOSE,
    "add": marked("Add a person"),
    "credential": "",
}
"What list and form say of the page, as a `Section` does."

FIELDS: tuple[Field, ...] = (
    Text(
        name="slug",
        label=SLUG_LABEL,
        needed=True,
        longest=63,
        help=marked("Small letters, digits and hyphens, such as li-wei. It stays as it is."),
    ),
    Text(
        name="name",
        label=marked("Name"),
        needed=True,
        longest=128,
        help=marked("As colleagues know this person; also shown on phones."),
    ),
    Choice(
        name="role",
        default="agent",
        label=marked("Role"),
        help=marked(
            "An agent has a desk; a supervisor sees the floor, all calls and recordings; an administrator sets up."
        ),
    ),
    Text(
        name="extension",
        label=marked("Extension"),
        longest=15,
        help=marked("The digits of this person's phone, such as 1001. Empty for somebody who takes no calls."),
    ),
    Several(name="queues", label=marked("Workgroups"), help=marked("Whose calls ring at this person's phone.")),
    Choice(name="language", label=marked("Language"), help=marked("Of the pages, until the person chooses another.")),
    Secret(
        name="password",
        label=marked("New password"),
        help=marked("Leave it empty to keep the present one; for a new person a random one is made and shown once."),
    ),
    Check(
        name="disabled",
        label=marked("May not sign in at present"),
        help=marked("Nothing of this person is lost; who is signed in is signed out at once."),
    ),
)


def view(request: PageRequest) -> Response:
    """Show the people, or one's form, review or removal."""
    slug = request.matchdict.get("slug")
    if slug is None:
        if request.method == "POST":
            raise HTTPNotFound
        return _list(request)
    person = next((person for person in request.standing.people if person.slug == slug), None)
    if person is None and slug != NEW:
        raise HTTPNotFound
    if request.method != "POST":
        return _show(request, _blank(request, person), person, {})
    if person is not None and request.POST.get("step") in {"drop", "drop-apply"}:
        return _drop(request, person)
    return _change(request, person)


def _list(request: PageRequest) -> Response:
    say = request.say
    rows = []
    for person in request.standing.people:
        queues = [
            q.title or q.slug
            for q in request.standing.configuration.queues
            if person.agent and person.agent in q.agents
        ]
        state = say("may not sign in") if person.disabled else ""
        name = person.name or request.names.get(person.slug, "")
        role = say(ROLES.get(person.role, person.role))
        rows.append((person.slug, [person.slug, name, role, _extension(request, person), ", ".join(queues), state]))
    columns = [SLUG_LABEL, marked("Name"), marked("Role"), marked("Extension"), marked("Workgroups"), marked("Remark")]
    return request.show(
        "setup_list",
        section=HEAD,
        rows=rows,
        columns=columns,
        menu=setup_pages(request),
        new=NEW,
        done=done(request),
    )


def _extension(request: PageRequest, person: api.Person) -> str:
    agents = request.standing.configuration.agents
    return next((agent.extension for agent in agents if person.agent and agent.slug == person.agent), "")


def _data(request: PageRequest, person: api.Person) -> dict[str, object]:
    queues = request.standing.configuration.queues
    return {
        "slug": person.slug,
        "name": person.name or request.names.get(person.slug, ""),
        "role": person.role,
        "extension": _extension(request, person),
        "queues": tuple(queue.slug for queue in queues if person.agent and person.agent in queue.agents),
        "language": person.language,
        "disabled": person.disabled,
    }


def _choices(request: PageRequest) -> dict[str, Choices]:
    return {
        "role": [(role, request.say(ROLES[role])) for role in ("agent", "supervisor", "administrator")],
        "queues": titled(request.standing.configuration.queues),
        "language": languages(request),
    }


def _blank(request: PageRequest, person: api.Person | None) -> Form:
    return shown(FIELDS, request.say, _choices(request), _data(request, person) if person else {})


def _show(request: PageRequest, form: Form, person: api.Person | None, errors: Mapping[str, str]) -> Response:
    base = request.POST.get("base", "") if request.method == "POST" else ""
    return request.show(
        "setup_form",
        status=422 if errors else 200,
        section=HEAD,
        form=form,
        part=person,
        errors=errors,
        base=base or request.standing.version,
        menu=setup_pages(request),
        title=(person.name or request.names.get(person.slug) or person.slug) if person else "",
    )


def _change(request: PageRequest, person: api.Person | None) -> Response:
    sent = posted(request)
    if person is not None:
        sent["slug"] = [person.slug]
    form = typed(FIELDS, request.say, _choices(request), sent)
    if request.POST.get("step") == "edit":
        return _show(request, form, person, {})
    errors = form.errors or _errors(request, form, person)
    if errors:
        return _show(request, form, person, errors)
    asked = _request(request, form, person)
    if request.POST.get("step") != "apply":
        return show_review(request, _review(request, form, person, asked))
    reply = request.ask(asked)
    if reply.problems:
        names = frozenset(form.values)
        return _show(request, form, person, errors_of(request, reply.problems, f"people.{asked.person.slug}", names))
    if not reply.password:
        return applied(PAGE.addresses[0], reply)
    return request.show(
        "setup_password",
        menu=setup_pages(request),
        slug=asked.person.slug,
        made=reply.password,
        extension=asked.extension,
        back=PAGE.addresses[0],
    )


def _errors(request: PageRequest, form: Form, person: api.Person | None) -> dict[str, str]:
    say, slug, extension, password = request.say, form.text("slug"), form.text("extension"), form.text("password")
    if person is None and any(other.slug == slug for other in request.standing.people):
        return {"slug": say("This name is taken: {detail}", detail=slug)}
    if password and len(password) < PASSWORD_MIN:
        return {"password": say("At least {count} characters, please.", count=PASSWORD_MIN)}
    if form.values["queues"] and not extension:
        return {"extension": say("Who serves a workgroup needs an extension.")}
    mine = _extension(request, person) if person else ""
    agents = request.standing.configuration.agents
    taken = next((agent for agent in agents if agent.extension == extension != mine), None)
    if taken is not None:
        return {"extension": say("{name} has this extension.", name=request.names.get(taken.slug) or taken.slug)}
    return {}


def _request(request: PageRequest, form: Form, person: api.Person | None) -> api.PutPerson:
    agent = (person.agent if person else "") or form.text("slug")
    return api.PutPerson(
        token=token_of(request),
        person=api.Person(
            slug=form.text("slug"),
            name=form.text("name"),
            role=form.text("role"),
            agent=agent if form.text("extension") else "",
            language=form.text("language"),
            disabled=bool(form.values["disabled"]),
        ),
        password=form.text("password"),
        extension=form.text("extension"),
        queues=form.strings("queues"),
    )


def _plain(asked: api.PutPerson) -> dict[str, object]:
    person = msgspec.to_builtins(asked.person)
    return {**person, "extension": asked.extension, "queues": list(asked.queues)}


def _review(request: PageRequest, form: Form, person: api.Person | None, asked: api.PutPerson) -> Review:
    old = _blank(request, person) if person else None
    known = _plain(_request(request, old, person)) if old else None
    return Review(
        title=request.say(PAGE.label),
        differences=worded(old, form),
        lines=differing(known, _plain(asked)),
        action=request.path,
        back=PAGE.addresses[0],
        hidden=carried(request),
    )


def _drop(request: PageRequest, person: api.Person) -> Response:
    name = person.name or request.names.get(person.slug) or person.slug
    errors: dict[str, str] = {}
    if person.slug == request.person.slug:
        errors = {"all": request.say("You cannot remove yourself.")}
    review = Review(
        title=request.say(PAGE.label),
        differences=(
            Difference(label=name, before=person.slug, after=""),
            *(
                (Difference(label=request.say("Extension"), before=extension, after=""),)
                if (extension := _extension(request, person))
                else ()
            ),
        ),
        lines=differing(person, None),
        removes=True,
        action=request.path,
        back=PAGE.addresses[0],
    )
    if errors or request.POST.get("step") != "drop-apply":
        return show_review(request, review, errors)
    reply = request.ask(api.DropPerson(token=token_of(request), slug=person.slug))
    if reply.problems:
        return show_review(request, review, errors_of(request, reply.problems, "", frozenset()))
    return applied(PAGE.addresses[0], reply)
