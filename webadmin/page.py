"""What a page is: one module in `webadmin/pages`, found by its file name."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Protocol, cast

from pyramid.response import Response

from webadmin import pages
from webadmin.permissions import Permission
from webadmin.request import PageRequest

READ = ("GET", "HEAD")
FORM = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a page says of itself."""

    label: str
    "Its name in menus, marked for translation."
    permission: Permission
    addresses: tuple[str, ...]
    "Route patterns; the first is the one that menus lead to."
    methods: tuple[str, ...] = READ
    rail: int = 0
    "Place in the rail, 0 for none."
    setup: int = 0
    "Place in the list of set-up pages, 0 for none."
    icon: str = ""
    "Name of its sign in `static/icons.svg`."
    help: str = ""
    "What the page is for, one sentence, marked for translation."


class Page(Protocol):
    """What a module in `webadmin/pages` defines."""

    PAGE: About

    def view(self, request: PageRequest, /) -> Response:
        """Answer a request whose permission has been checked."""


def all_pages() -> Iterator[tuple[str, Page]]:
    """Find every page with its name."""
    for found in sorted(iter_modules(pages.__path__), key=lambda module: module.name):
        yield found.name, _page(import_module(f"{pages.__name__}.{found.name}"))


def _page(module: ModuleType) -> Page:
    return cast("Page", module)  # cast: a module is its own instance of the protocol; a test holds each against it
