"""The frame round every page: the rail, the top bar, the words that the scripts use."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pyramid.config import Configurator

from webadmin import words
from webadmin.page import About, all_pages
from webadmin.permissions import allows
from webadmin.request import THEMES, PageRequest
from webadmin.texts import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A page as a menu shows it."""

    name: str
    label: str
    icon: str
    address: str
    current: bool
    help: str = ""


@cache
def _abouts() -> tuple[tuple[str, About], ...]:
    return tuple((name, page.PAGE) for name, page in all_pages())


def prepare(config: Configurator) -> None:
    """Let every page be shown within the frame."""
    config.add_jinja2_search_path("webadmin:templates")
    config.registry.settings["frame"] = frame_of


def frame_of(request: PageRequest) -> Mapping[str, object]:
    """Give what every template may use beside its own values."""
    signed = request.signed
    return {
        "_": request.say,
        "plural": request.say.plural,
        "asked": request,
        "asset": request.box.bundle.address,
        "rail": rail(request),
        "person": signed.person if signed else None,
        "person_name": _name(request) if signed else "",
        "languages": LANGUAGES,
        "themes": THEMES,
        "words": words,
        "csrf": request.csrf,
        "can": lambda permission: allows(signed.person.role if signed else "", permission),
    }


def rail(request: PageRequest) -> tuple[Entry, ...]:
    """Give the pages of the rail that this person may see; a set-up page lights up the set-up entry."""
    here = request.path
    entries = []
    for name, about in sorted(_abouts(), key=lambda page: page[1].rail):
        if about.rail and _may(request, about):
            address = about.addresses[0]
            entries.append(_entry(request, name, about, current=here == address or here.startswith(address + "/")))
    return tuple(entries)


def setup_pages(request: PageRequest) -> tuple[Entry, ...]:
    """Give the set-up pages in their order."""
    return tuple(
        _entry(request, name, about, current=request.path.startswith(about.addresses[0]))
        for name, about in sorted(_abouts(), key=lambda page: page[1].setup)
        if about.setup and _may(request, about)
    )


def _may(request: PageRequest, about: About) -> bool:
    return allows(request.signed.person.role if request.signed else "", about.permission)


def _entry(request: PageRequest, name: str, about: About, *, current: bool) -> Entry:
    return Entry(
        name=name,
        label=request.say(about.label),
        icon=about.icon or name,
        address=about.addresses[0],
        current=current,
        help=request.say(about.help),
    )


def _name(request: PageRequest) -> str:
    person = request.person
    return person.name or request.names.get(person.slug, "") or person.slug
