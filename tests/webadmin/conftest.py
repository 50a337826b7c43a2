"""A real database with the sample company and a few calls, and the pages' application on it. No daemon is there."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from wsgiref.types import WSGIApplication

import pytest
from pyramid.config import Configurator
from webob import Request, Response

from appliance import api, document, sample
from appliance.client import csrf_token
from appliance.store.accounts import SignedIn
from appliance.store.opened import Store, open_store
from appliance.store.reader import Reader, open_reader
from tests.daemon.real import PASSWORD, Zeo
from tests.webadmin.history import write_calls
from webadmin import texts
from webadmin.bundle import Bundle
from webadmin.main import configure
from webadmin.request import Box

WAIT_S = 30.0
PEOPLE = {"administrator": "admin", "supervisor": "supervisor", "agent": "li-wei"}
FILES = {name: name for name in ("app.js", "theme.js", "style.css", "icon.svg", "icons.svg")}


@dataclass(kw_only=True)
class Pages:
    """The application, and a browser without scripts for each role."""

    config: Configurator
    application: WSGIApplication
    reader: Reader
    store: Store
    media: Path
    "Where sealed recordings lie."
    secrets: dict[str, str]
    "Role to the secret of a session."
    interactions: tuple[str, ...]
    "Finished calls, in the order in which they ended."

    def request(
        self, address: str, role: str = "", *, language: str = "en", post: dict[str, str] | None = None
    ) -> Request:
        """Make a request as a role's browser makes it; a form carries its token."""
        secret = self.secrets.get(role, "")
        form = None if post is None else {"csrf_token": csrf_token(secret or "visit"), **post}
        request = Request.blank(address, base_url="https://box.test", POST=form)
        request.cookies["language"] = language
        if secret:
            request.cookies["switchroom"] = secret
        else:
            request.cookies["switchroom-visit"] = "visit"
        if post is not None:
            request.headers["Origin"] = "https://box.test"
        return request

    def get(self, address: str, role: str = "", *, language: str = "en") -> Response:
        """Look at a page."""
        return self.answer(self.request(address, role, language=language))

    def post(self, address: str, role: str, form: dict[str, str]) -> Response:
        """Send a form."""
        return self.answer(self.request(address, role, post=form))

    def answer(self, request: Request) -> Response:
        """Answer a request, read to its end."""
        response = request.get_response(self.application)
        assert isinstance(response.body, bytes)
        return response


@contextmanager
def laid_out(home: Path, write: Callable[[Store], tuple[str, ...]]) -> Iterator[Pages]:
    """Lay out a database of the sample company with calls, whose names `write` gives, and the application."""
    texts.compile_catalogues()
    zeo = Zeo(home / "store", home / "zeo.sock")
    store = open_store(folder=home / "store", socket=home / "zeo.sock", clock=_now)
    reader = open_reader(home / "zeo.sock", media=home / "media")
    try:
        secrets = _set_up(store)
        interactions = write(store)
        bundle = Bundle(folder=Path("build/web"), files=FILES)
        config = configure(Box(reader=reader, door=home / "nobody.sock", bundle=bundle, home=home, door_timeout_s=0.5))
        yield Pages(
            config=config,
            application=config.make_wsgi_app(),
            reader=reader,
            store=store,
            media=home / "media",
            secrets=secrets,
            interactions=interactions,
        )
    finally:
        reader.close()
        store.close()
        zeo.stop()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Lay out the database and the application."""
    with laid_out(tmp_path_factory.mktemp("pages"), lambda store: write_calls(store, _now())) as made:
        yield made


def _now() -> int:
    return time.time_ns() // 1000


def _set_up(store: Store) -> dict[str, str]:
    text = document.write(sample.document(trunk_host="127.0.0.1", trunk_port=41_090))
    imported = store.settings.apply(api.Import(text=text), by="console", now_us=_now()).result(WAIT_S)
    assert not imported.reply.problems
    secrets = {}
    for role, person in PEOPLE.items():
        store.accounts.set_password(person, PASSWORD, None, "console", _now()).result(WAIT_S)
        signed = store.accounts.sign_in(person, PASSWORD, "127.0.0.1", _now()).result(WAIT_S)
        assert isinstance(signed, SignedIn)
        secrets[role] = signed.secret
    return secrets
