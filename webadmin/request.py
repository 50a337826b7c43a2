"""A request with what pages need of it: who asks, in which language, the store to read, the daemon to ask."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response

from appliance import api, first_boot
from appliance.client import Client, DoorClosedError, csrf_token
from appliance.first_boot import FirstBoot
from appliance.records.opening import unexpanded
from appliance.store.guard import StoreError
from appliance.store.reader import Reader, Signed, Standing
from webadmin.bundle import Bundle
from webadmin.texts import DEFAULT, LANGUAGES, Texts, locale_of, texts
from webadmin.times import Calendar, zone_of

SESSION_COOKIE = "switchroom"
"Its value is the session's secret; the daemon and the store know its hash."
VISIT_COOKIE = "switchroom-visit"
"Ties a sign-in form to the browser it was shown to."
LANGUAGE_COOKIE = "language"
THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")
COOKIE_LENGTH_MAX = 200
YEAR_S = 366 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What the pages of one box stand on."""

    reader: Reader
    door: Path
    "The daemon's socket."
    bundle: Bundle
    home: Path | None = None
    "Where what stands in files is looked up: backups, logs."
    first_boot: Path | None = None
    "The file of a box that is being set up for the first time."
    test_call: Path | None = None
    "The file in which a test call tells its steps."
    update: Path | None = None
    "The plan of the present or the last update."
    updates: Path | None = None
    "The folder of bundles that may be installed."
    sip_port: int = 5060
    "Where phones register."
    door_timeout_s: float = 10.0


class PageRequest(Request):
    """One request to the pages."""

    @property
    def box(self) -> Box:
        """Give what the pages stand on."""
        box = self.registry.settings["box"]
        if not isinstance(box, Box):
            raise TypeError("the application was made without a box")
        return box

    @property
    def now_us(self) -> int:
        """Give the time of the wall clock, microseconds UTC."""
        return time.time_ns() // 1000

    # -- who asks

    @cached_property
    def session_secret(self) -> str:
        """Give the session's secret that the browser holds, empty if it holds none."""
        return self._cookie(SESSION_COOKIE)

    @cached_property
    def signed(self) -> Signed | None:
        """Give the session and person that the secret stands for, if it still does."""
        if not self.session_secret:
            return None
        return self.box.reader.session(self.session_secret, self.now_us)

    @property
    def person(self) -> api.Person:
        """Give who has signed in; a page with a permission is never reached without one."""
        if self.signed is None:
            raise PermissionError("nobody has signed in")
        return self.signed.person

    @cached_property
    def csrf(self) -> str:
        """Give what a form of this browser must carry."""
        return csrf_token(self.session_secret or self.visit)

    @cached_property
    def visit(self) -> str:
        """Give the browser's own secret, made anew where it holds none."""
        return self._cookie(VISIT_COOKIE) or secrets.token_urlsafe(24)

    @property
    def address(self) -> str:
        """Give where the request came from, as nginx tells."""
        return self.headers.get("X-Real-IP", "")[:45]

    def _cookie(self, name: str) -> str:
        value = self.cookies.get(name, "")
        return value if len(value) <= COOKIE_LENGTH_MAX and value.isascii() and value.isprintable() else ""

    # -- how it is shown

    @cached_property
    def language(self) -> str:
        """Give the language: the browser's last choice, the person's, or what the browser asks for."""
        chosen = self._cookie(LANGUAGE_COOKIE)
        if chosen in LANGUAGES:
            return chosen
        known = self._signed_or_none()
        if known is not None and known.person.language in LANGUAGES:
            return known.person.language
        wanted = self.accept_language.lookup(("en", "zh-CN", "zh-Hans", "zh"), default=DEFAULT)
        return "zh" if str(wanted).startswith("zh") else DEFAULT

    @cached_property
    def say(self) -> Texts:
        """Give the texts in that language."""
        return texts(self.language)

    @property
    def theme(self) -> str:
        """Give `light`, `dark`, or `auto` as the system has it."""
        chosen = self._cookie(THEME_COOKIE)
        return chosen if chosen in THEMES else THEMES[0]

    @cached_property
    def calendar(self) -> Calendar:
        """Give the calendar of the company's zone."""
        return Calendar(zone=zone_of(self.standing.configuration.company.zone), locale=locale_of(self.say.language))

    @cached_property
    def first_boot(self) -> FirstBoot | None:
        """Give where the first boot stands; None for a box that is set up."""
        path = self.box.first_boot
        return first_boot.read(path) if path is not None else None

    # -- what it reads and asks

    @property
    def reader(self) -> Reader:
        """Give the store, to read."""
        return self.box.reader

    @cached_property
    def standing(self) -> Standing:
        """Give the configuration that holds, without its calendar, and the people, as they are now."""
        now = self.reader.standing()
        return msgspec.structs.replace(now, configuration=unexpanded(now.configuration))

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Give the names of people and agents."""
        return self.reader.names()

    def ask(self, request: api.AnyRequest, *, within_s: float = 0.0) -> api.Reply:
        """Ask the daemon as who has signed in; that it is away is a problem like any other.

        `within_s` is for what takes longer than a command does.
        """
        client = Client(self.box.door, self.session_secret, timeout_s=max(within_s, self.box.door_timeout_s))
        try:
            return client.send(request)
        except DoorClosedError:
            return api.Reply(problems=(api.Problem(code="daemon_gone"),))

    def show(self, template: str, status: int = 200, **values: object) -> Response:
        """Answer with a page."""
        frame = self.registry.settings["frame"](self)
        response = Response(render(f"{template}.jinja2", {**frame, **values}, self), status=status)
        response.content_type = "text/html"
        response.charset = "utf-8"
        return response

    def _signed_or_none(self) -> Signed | None:
        try:
            return self.signed
        except StoreError:
            return None


def keep(response: Response, name: str, value: str, *, age_s: int | None = None, script: bool = False) -> None:
    """Set a cookie of ours: for this origin alone, over TLS alone."""
    response.set_cookie(name, value, max_age=age_s, path="/", secure=True, httponly=not script, samesite="Lax")
