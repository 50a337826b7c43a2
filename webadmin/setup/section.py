"""A set-up page: its list, its form, the review of a change, and the command that applies it."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response

from appliance import api
from appliance.core import model
from appliance.core.check import check
from webadmin.frame import setup_pages
from webadmin.numerals import whole_number
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.difference import differing, plain
from webadmin.setup.fields import Choices, Field, Form, differences, shown, typed
from webadmin.setup.ordered import moved
from webadmin.setup.summaries import path_text, summary_text
from webadmin.words import problem_text, title_of

NEW = "~new"
"Stands for the part that is being made; no part can have this name."
VALUE_LENGTH_MAX = 20_000
CHANGE_MAX = 10**12
PLAIN_FIELDS = frozenset({"csrf_token", "step", "token"})
"What the review does not carry on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the list."""

    label: str
    text: Callable[[PageRequest, model.Part], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a set-up page is about."""

    list: str
    "A key of `api.PARTS`."
    address: str
    title: str
    place: int
    "Where it stands among the set-up pages."
    purpose: str
    "What these things are for, said above the list and where it is empty."
    add: str
    "What the button says that makes one."
    fields: tuple[Field, ...]
    columns: tuple[Column, ...]
    groups: Mapping[str, str] = field(default_factory=dict)
    "Headings of a long form, by the name of the first field under each."
    choices: Callable[[PageRequest], Mapping[str, Choices]] = lambda _request: {}
    "The lists that fields choose from, by the fields' names."
    suggest: Callable[[PageRequest], dict[str, object]] = lambda _request: {}
    "What the form of a new part begins with."
    data: Callable[[model.Part], dict[str, object]] = msgspec.structs.asdict
    "What the form shows of a part."
    values: Callable[[Form], dict[str, object]] = lambda form: dict(form.values)
    "What the form says of a part."
    errors: Mapping[str, str] = field(default_factory=dict)
    "Which field shows what is wrong with a value that has none of its own."
    credential: str = ""
    "`trunk` or `extension` where the part has a SIP password, `line` where it has a PIN."

    @property
    def page(self) -> About:
        """Give what the page says of itself."""
        return About(
            label=self.title,
            permission=Permission.SETUP,
            addresses=(self.address, f"{self.address}/{{slug}}"),
            methods=FORM,
            setup=self.place,
            help=self.purpose,
        )

    def view(self, request: PageRequest) -> Response:
        """Show the list, or a part's form, review or removal."""
        return answer(request, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that a change changes, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a change would do."""

    title: str
    differences: tuple[Difference, ...]
    lines: tuple[str, ...]
    "The change as a unified diff."
    removes: bool = False
    action: str = ""
    back: str = ""
    hidden: tuple[tuple[str, str], ...] = field(default=())
    warnings: tuple[str, ...] = ()
    "What to know before."
    hint: str = ""
    "When it holds and for which calls; empty for what a change of the configuration does."
    has_form: bool = True
    "Whether there is a form to go back to."


def answer(request: PageRequest, section: Section) -> Response:
    """Answer any request of a set-up page."""
    slug = request.matchdict.get("slug")
    if slug is None:
        if request.method == "POST":
            raise HTTPNotFound
        return _list(request, section)
    part = find(request, section.list, slug)
    if part is None and slug != NEW:
        raise HTTPNotFound
    if request.method != "POST":
        return _form(request, section, _blank(request, section, part), part)
    if part is not None and request.POST.get("step") in {"drop", "drop-apply"}:
        return _drop(request, section, part)
    return _change(request, section, part)


def find(request: PageRequest, name: str, slug: str) -> model.Part | None:
    """Give the part of that name from the configuration that holds."""
    parts: tuple[model.Part, ...] = getattr(request.standing.configuration, name)
    return next((part for part in parts if part.slug == slug), None)


def with_part(configuration: model.Configuration, name: str, part: model.Part) -> model.Configuration:
    """Give the configuration with a part added or replaced."""
    parts: tuple[model.Part, ...] = getattr(configuration, name)
    if any(other.slug == part.slug for other in parts):
        changed = tuple(part if other.slug == part.slug else other for other in parts)
    else:
        changed = (*parts, part)
    return msgspec.structs.replace(configuration, **{name: changed})


def without_part(configuration: model.Configuration, name: str, part: model.Part) -> model.Configuration:
    """Give the configuration with a part taken away."""
    kept = tuple(other for other in getattr(configuration, name) if other.slug != part.slug)
    return msgspec.structs.replace(configuration, **{name: kept})


def errors_of(
    request: PageRequest, problems: tuple[api.Problem, ...], prefix: str, names: frozenset[str]
) -> dict[str, str]:
    """Give each problem's sentence by the field that it is about; `all` stands for none of them."""
    errors: dict[str, str] = {}
    for problem in problems:
        inside = bool(prefix) and (problem.field == prefix or problem.field.startswith(f"{prefix}."))
        path = (problem.field.removeprefix(prefix).removeprefix(".") if inside else problem.field).split(".")
        joined = "_".join(path[:2])
        name = joined if joined in names else path[0]
        own = name in names and (inside or name == problem.field)
        sentence = problem_text(request.say, problem)
        if not own and not inside and "." in problem.field:
            sentence = f"{path_text(request.say, problem.field)} — {sentence}"
        key = name if own else "all"
        errors[key] = f"{errors[key]} {sentence}" if key in errors and sentence not in errors[key] else sentence
    return errors


def new_faults(before: model.Configuration, after: model.Configuration) -> tuple[api.Problem, ...]:
    """Find what a change would break, as problems."""
    known = set(check(before))
    return tuple(
        api.Problem(code=fault.code, field=fault.path, detail=fault.detail)
        for fault in check(after)
        if fault not in known
    )


def posted(request: PageRequest) -> dict[str, list[str]]:
    """Give every field that was sent with its values."""
    found: dict[str, list[str]] = {}
    for name, value in request.POST.items():
        if isinstance(value, str):
            found.setdefault(name, []).append(value[:VALUE_LENGTH_MAX])
    return found


def worded(before: Form | None, after: Form) -> tuple[Difference, ...]:
    """Give what differs between two forms in words."""
    return tuple(Difference(label=label, before=old, after=new) for label, old, new in differences(before, after))


def carried(request: PageRequest) -> tuple[tuple[str, str], ...]:
    """Give what the form said, for the review to carry on."""
    return tuple(
        (name, value[:VALUE_LENGTH_MAX])
        for name, value in request.POST.items()
        if name not in PLAIN_FIELDS and isinstance(value, str)
    )


def base_of(request: PageRequest) -> str:
    """Give the version that the person saw when the form was opened."""
    base = request.POST.get("base", "")
    return base if isinstance(base, str) and base else request.standing.version


def show_review(request: PageRequest, review: Review, errors: Mapping[str, str] | None = None) -> Response:
    """Show what would change, with the way on and the way back."""
    return request.show(
        "setup_review",
        status=422 if errors else 200,
        review=review,
        errors=errors or {},
        token=secrets.token_urlsafe(16),
        menu=setup_pages(request),
    )


def applied(address: str, reply: api.Reply) -> Response:
    """Lead back to the list, where undo is one click away."""
    return HTTPSeeOther(f"{address}?change={reply.change}" if reply.change else f"{address}?same=1")


def token_of(request: PageRequest) -> str:
    """Give the token of the review, by which a second click does nothing more."""
    token = request.POST.get("token", "")
    return token[:64] if isinstance(token, str) and token else secrets.token_urlsafe(16)


# -- list


def _list(request: PageRequest, section: Section) -> Response:
    parts: tuple[model.Part, ...] = getattr(request.standing.configuration, section.list)
    rows = [(part.slug, [column.text(request, part) for column in section.columns]) for part in parts]
    return request.show(
        "setup_list",
        section=section,
        rows=rows,
        columns=[column.label for column in section.columns],
        menu=setup_pages(request),
        new=NEW,
        done=done(request),
    )


def done(request: PageRequest) -> Mapping[str, object]:
    """Tell what was just applied, for the bar with *undo*."""
    said = whole_number(request.GET.get("change"), CHANGE_MAX)
    if said is not None:
        changed = request.reader.change(said)
        if changed is not None:
            return {"change": changed.change.id, "summary": summary_text(request.say, changed.change.summary)}
    return {"same": True} if request.GET.get("same") else {}


# -- form


def _blank(request: PageRequest, section: Section, part: model.Part | None) -> Form:
    values = section.data(part) if part is not None else section.suggest(request)
    return shown(section.fields, request.say, section.choices(request), values)


def _filled(request: PageRequest, section: Section, part: model.Part | None) -> Form:
    values = posted(request)
    if part is not None:
        values["slug"] = [part.slug]
    return typed(section.fields, request.say, section.choices(request), values)


def _form(
    request: PageRequest,
    section: Section,
    form: Form,
    part: model.Part | None,
    errors: Mapping[str, str] | None = None,
    *,
    moving: str = "",
) -> Response:
    return request.show(
        "setup_form",
        status=422 if errors else 200,
        section=section,
        form=form,
        part=part,
        errors=errors or {},
        base=base_of(request) if request.method == "POST" else request.standing.version,
        menu=setup_pages(request),
        title=_title(request, part),
        moving=moving,
    )


def _title(request: PageRequest, part: model.Part | None) -> str:
    match part:
        case None:
            return ""
        case model.Reason():
            return title_of(part, request.language)
        case model.Agent():
            return request.names.get(part.slug, part.slug)
        case _:
            return getattr(part, "title", "") or part.slug


def _change(request: PageRequest, section: Section, part: model.Part | None) -> Response:
    form = _filled(request, section, part)
    step = request.POST.get("step", "")
    moving = step if isinstance(step, str) and moved(form, step) else ""
    if moving or step == "edit" or form.errors:
        return _form(request, section, form, part, {} if moving else form.errors, moving=moving)
    after, problems = made(section, form, part, request.standing.configuration)
    if after is None or problems:
        errors = _errors(request, section, problems, form, after.slug if after else form.text("slug"))
        return _form(request, section, form, part, errors)
    review = Review(
        title=request.say(section.title),
        differences=worded(_blank(request, section, part) if part is not None else None, form),
        lines=differing(part, after),
        action=request.path,
        back=section.address,
        hidden=carried(request),
    )
    if request.POST.get("step") != "apply":
        return show_review(request, review)
    reply = request.ask(
        api.Put(
            token=token_of(request),
            base=base_of(request),
            list=section.list,
            value=msgspec.Raw(msgspec.json.encode(after)),
        )
    )
    if reply.problems:
        errors = _errors(request, section, reply.problems, form, after.slug)
        if set(errors) == {"all"}:
            return show_review(request, review, errors)
        return _form(request, section, form, part, errors)
    return applied(section.address, reply)


def made(
    section: Section, form: Form, part: model.Part | None, before: model.Configuration
) -> tuple[model.Part | None, tuple[api.Problem, ...]]:
    """Make the part that a form without errors says, and find what the configuration would lack with it."""
    values = section.values(form)
    known = msgspec.structs.asdict(part) if part is not None else {}
    if part is not None:
        values["slug"] = part.slug
    try:
        after = plain(msgspec.convert({**known, **values}, api.PARTS[section.list]))
    except msgspec.ValidationError as error:
        return None, (api.Problem(code="invalid", detail=str(error)),)
    if part is None and any(other.slug == after.slug for other in getattr(before, section.list)):
        return after, (api.Problem(code="taken", field=f"{section.list}.{after.slug}.slug", detail=after.slug),)
    return after, new_faults(before, with_part(before, section.list, after))


def _errors(
    request: PageRequest, section: Section, problems: tuple[api.Problem, ...], form: Form, slug: str
) -> dict[str, str]:
    names = frozenset(form.values) | frozenset(section.errors)
    found = errors_of(request, problems, f"{section.list}.{slug}", names)
    return {section.errors.get(name, name): sentence for name, sentence in found.items()}


# -- removing


def _drop(request: PageRequest, section: Section, part: model.Part) -> Response:
    review = Review(
        title=request.say(section.title),
        differences=(Difference(label=_title(request, part), before=part.slug, after=""),),
        lines=differing(part, None),
        removes=True,
        action=request.path,
        back=section.address,
        hidden=(("base", base_of(request)),),
    )
    if request.POST.get("step") != "drop-apply":
        before = request.standing.configuration
        users = new_faults(before, without_part(before, section.list, part))
        in_use = tuple(msgspec.structs.replace(problem, code="in_use") for problem in users)
        return show_review(request, review, errors_of(request, in_use, "", frozenset()))
    reply = request.ask(api.Drop(token=token_of(request), base=base_of(request), list=section.list, slug=part.slug))
    if reply.problems:
        return show_review(request, review, errors_of(request, reply.problems, "", frozenset()))
    return applied(section.address, reply)
