"""A visitor with a plain HTTP client: signs in as a browser does, and sends whatever is asked."""

import http.client
import re
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit

TIMEOUT_S = 30.0
TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    location: str
    text: str


class Visitor:
    """One connection, kept open, with its cookies."""

    def __init__(self, address: str) -> None:
        """Nothing is sent before the first request."""
        where = urlsplit(address)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._connection = http.client.HTTPSConnection(
            where.hostname or "", where.port, timeout=TIMEOUT_S, context=context
        )
        self.address = address.rstrip("/")
        self._cookies: dict[str, str] = {}
        self._busy = threading.Lock()
        self.token = ""

    def __enter__(self) -> Self:
        """Be closed at the end."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Hang up; the session stays."""
        self._connection.close()

    def sign_in(self, person: str, password: str) -> None:
        """Begin a session."""
        self._know(self.get("/sign-in"))
        answer = self.post("/sign-in", {"person": person, "password": password, "next": "/"})
        assert answer.status == 303, answer
        self._know(self.get("/account"))

    def get(self, address: str, query: Mapping[str, str] | None = None) -> Answer:
        """Look at a page."""
        return self._ask("GET", f"{address}?{urlencode(query, errors='replace')}" if query else address)

    def post(self, address: str, form: Mapping[str, str | Sequence[str]]) -> Answer:
        """Send a form with its token."""
        body = urlencode({"csrf_token": self.token, **form}, doseq=True, errors="replace")
        return self._ask("POST", address, body, "application/x-www-form-urlencoded")

    def command(self, name: str, body: bytes) -> Answer:
        """Send a command as the pages' scripts do."""
        return self._ask("POST", f"/commands/{name}", body, "application/json")

    def _know(self, answer: Answer) -> None:
        found = TOKEN.search(answer.text)
        assert found, answer
        self.token = found[1]

    def _ask(self, method: str, address: str, body: str | bytes | None = None, kind: str = "") -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers |= {"Content-Type": kind, "Origin": self.address, "X-Switchroom-CSRF": self.token}
        with self._busy:
            self._connection.request(method, address, body, headers)
            response = self._connection.getresponse()
            text = response.read().decode()
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return Answer(status=response.status, location=response.headers.get("Location", ""), text=text)
