"""Who asks, what that person may do, and that a form comes from our own page."""

import hmac
from collections.abc import Callable

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.interfaces import ICSRFStoragePolicy, ISecurityPolicy
from pyramid.response import Response
from pyramid.security import Allowed, Denied
from zope.interface import implementer

from appliance.store.reader import Signed
from webadmin.permissions import allows
from webadmin.request import PageRequest

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-Switchroom-CSRF"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

FIRST_BOOT = "/first-boot"

Answer = Callable[[PageRequest], Response]


@implementer(ISecurityPolicy)
class SessionPolicy:
    """A person is who the session's secret stands for; what a role lacks is denied."""

    def identity(self, request: PageRequest) -> Signed | None:
        """Give who asks."""
        return request.signed

    def authenticated_userid(self, request: PageRequest) -> str | None:
        """Give the sign-in name of who asks."""
        return request.signed.person.slug if request.signed else None

    def permits(self, request: PageRequest, _context: object, permission: str) -> Allowed | Denied:
        """Tell whether who asks has a permission."""
        role = request.signed.person.role if request.signed else ""
        return Allowed(role) if allows(role, permission) else Denied(role)

    def remember(self, _request: PageRequest, _userid: str, **_more: object) -> list[tuple[str, str]]:
        """Set nothing: sign-in keeps the daemon's secret itself."""
        return []

    def forget(self, _request: PageRequest, **_more: object) -> list[tuple[str, str]]:
        """Remove nothing, for the same reason."""
        return []


@implementer(ICSRFStoragePolicy)
class DerivedToken:
    """A form carries a token made of the session's secret, or of the browser's own before there is a session."""

    def new_csrf_token(self, request: PageRequest) -> str:
        """Give the token; it changes with the session."""
        return request.csrf

    def get_csrf_token(self, request: PageRequest) -> str:
        """Give the token."""
        return request.csrf

    def check_csrf_token(self, request: PageRequest, supplied: str) -> bool:
        """Tell whether a form carried it."""
        return hmac.compare_digest(request.csrf.encode(), supplied.encode("utf-8", "surrogateescape"))


def harden(handler: Answer, _registry: object) -> Answer:
    """Put the headers on every answer that keep a page to itself, and keep it out of every cache."""

    def answer(request: PageRequest) -> Response:
        response = handler(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


def lead_to_first_boot(handler: Answer, _registry: object) -> Answer:
    """Lead whoever comes to the first boot, and to nothing else, while nobody administers the box."""

    def answer(request: PageRequest) -> Response:
        first = request.first_boot
        if first is None or not first.is_open or request.path == FIRST_BOOT:
            return handler(request)
        if request.path.startswith("/api/"):
            return Response(json_body={"problems": [{"code": "first_boot"}]}, status=503)
        return HTTPSeeOther(FIRST_BOOT)

    return answer
