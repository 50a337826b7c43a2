"""The pages as one WSGI application."""

import os
from wsgiref.types import WSGIApplication

from pyramid.config import Configurator
from pyramid.tweens import INGRESS

from appliance.places import places_of
from appliance.store.guard import StoreError
from appliance.store.reader import open_reader
from webadmin import api_routes, errors, frame
from webadmin.bundle import built
from webadmin.page import About, Page, all_pages
from webadmin.permissions import Permission
from webadmin.request import Box, PageRequest
from webadmin.security import CSRF_FIELD, CSRF_HEADER, DerivedToken, SessionPolicy


def application() -> WSGIApplication:
    """Make the application of the box that the environment names; called in each worker, after the fork."""
    places = places_of(os.environ)
    reader = open_reader(places.zeo_socket, media=places.media)
    box = Box(
        reader=reader,
        door=places.door_socket,
        bundle=built(),
        home=places.home,
        first_boot=None if places.sample else places.first_boot,
        test_call=places.test_call,
        update=places.update,
        updates=places.updates,
        sip_port=places.sip_port,
    )
    return make_application(box)


def make_application(box: Box) -> WSGIApplication:
    """Make the application that stands on `box`."""
    return configure(box).make_wsgi_app()


def configure(box: Box) -> Configurator:
    """Put routes, rights and looks together; whatever names no permission is denied to everybody."""
    config = Configurator(
        settings={"box": box, "jinja2.trim_blocks": True, "jinja2.lstrip_blocks": True}, request_factory=PageRequest
    )
    config.include("pyramid_jinja2")
    config.set_security_policy(SessionPolicy())
    config.set_csrf_storage_policy(DerivedToken())
    config.set_default_permission(Permission.NOBODY)
    config.set_default_csrf_options(require_csrf=True, token=CSRF_FIELD, header=CSRF_HEADER)
    config.add_tween("webadmin.security.lead_to_first_boot", under=INGRESS)
    config.add_tween("webadmin.security.harden", under=INGRESS)
    config.commit()
    frame.prepare(config)
    for name, page in all_pages():
        add_page(config, name, page)
    api_routes.add(config)
    config.add_forbidden_view(errors.forbidden)
    config.add_notfound_view(errors.not_found)
    config.add_exception_view(errors.store_absent, context=StoreError)
    config.add_exception_view(errors.failed, context=Exception)
    return config


def add_page(config: Configurator, name: str, page: Page) -> None:
    """Give a page its addresses; the first one's route has the page's name."""
    about = page.PAGE
    for route, address in routes(name, about):
        config.add_route(route, address)
        config.add_view(page.view, route_name=route, permission=about.permission, request_method=about.methods)


def routes(name: str, about: About) -> list[tuple[str, str]]:
    """Name the routes of a page: its own name first, then the name with a number."""
    return [(name if not n else f"{name}.{n}", address) for n, address in enumerate(about.addresses)]
