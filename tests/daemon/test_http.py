"""HTTP at the daemon's sockets: whatever comes, a clear answer goes back, and no exception leaves."""

import http.client
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import pytest_twisted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.threads import deferToThread
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from typing_extensions import override
from zope.interface import implementer

from appliance import api
from appliance.client import SESSION_HEADER, Client, csrf_token
from appliance.daemon.visit import BODY_BYTES_MAX, IMPORT_BYTES_MAX
from tests.daemon.real import PASSWORD, Box

CASES = 10_000


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        """Speak to this socket."""
        super().__init__("localhost", timeout=20)
        self._path = str(path)

    @override
    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(self._path)


def asked(path: Path, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Ask once; `_` in a header's name stands for `-`."""
    connection = Connection(path)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body=body, headers=given)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


async def ask(box: Box, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, list[str]]:
    """Ask at the door; gives status and the problems' codes."""
    status, said = await deferToThread(asked, box.home / "door.sock", method, target, body, **headers)
    return status, [problem.code for problem in msgspec.json.decode(said, type=api.Reply).problems]


@pytest_twisted.ensureDeferred
async def test_a_browser_shows_that_the_page_is_ours(box: Box) -> None:
    """Cookie and token for commands; a program's header needs none; the name in the path or in the body."""
    session = await box.sign_in("anna")
    cookie = f"switchroom={session}"
    assert await ask(box, "POST", "/commands/take-seat", Cookie=cookie) == (403, ["csrf"])
    wrong = csrf_token("other")
    assert await ask(box, "POST", "/commands/take-seat", Cookie=cookie, X_Switchroom_CSRF=wrong) == (403, ["csrf"])
    right = csrf_token(session)
    assert await ask(box, "POST", "/commands/take-seat", Cookie=cookie, X_Switchroom_CSRF=right) == (200, [])
    body = b'{"type": "leave-seat"}'
    assert await ask(box, "POST", "/commands", body, X_Switchroom_Session=session) == (200, [])
    lying = b'{"type": "leave-seat", "agent": "anna"}'
    assert await ask(box, "POST", "/commands/take-seat", lying, X_Switchroom_Session=session) == (200, [])
    assert await ask(box, "POST", "/commands/take-seat", b"{}") == (401, ["not_signed_in"])
    signing_in = msgspec.json.encode(api.SignIn(person="anna", password=PASSWORD))
    assert (await ask(box, "POST", "/commands/sign-in", signing_in))[0] == 200


@pytest_twisted.ensureDeferred
async def test_wrong_requests_have_clear_answers(box: Box) -> None:
    """Each with its status and a word."""
    session = await box.sign_in("ada")
    for method, target, body, expected in (
        ("POST", "/commands", b"", (400, ["invalid"])),
        ("POST", "/commands", b"\xff\xfe", (400, ["invalid"])),
        ("POST", "/commands", b"[" * 100_000, (400, ["invalid"])),
        ("POST", "/commands", b'{"type": "no-such"}', (400, ["invalid"])),
        ("POST", "/commands/no-such", b"{}", (400, ["invalid"])),
        ("POST", "/commands/take-break", b"{}", (400, ["invalid"])),
        ("POST", "/commands/take-break", b'{"reason": 7}', (400, ["invalid"])),
        ("POST", "/commands/take-seat", b'{"more": 1}', (400, ["invalid"])),
        ("POST", "/commands/take-seat", b'{"token": "%s"}' % (b"x" * BODY_BYTES_MAX), (413, ["too_long"])),
        ("POST", "/commands/import", b'{"text": "%s"}' % (b"x" * BODY_BYTES_MAX), (200, ["invalid"])),
        ("GET", "/commands", b"", (405, ["not_found"])),
        ("POST", "/live", b"", (405, ["not_found"])),
        ("DELETE", "/health", b"", (405, ["not_found"])),
        ("GET", "/", b"", (404, ["not_found"])),
        ("GET", "/commandsx", b"", (404, ["not_found"])),
        ("GET", "/../etc/passwd", b"", (404, ["not_found"])),
        ("GET", "/metrics", b"", (403, ["not_allowed"])),
    ):
        headers = {} if target == "/metrics" else {"X_Switchroom_Session": session}
        assert await ask(box, method, target, body, **headers) == expected, (method, target)
    status, codes = await ask(
        box, "POST", "/commands/import", b"x" * (IMPORT_BYTES_MAX + 1), X_Switchroom_Session=session
    )
    assert (status, codes) == (413, ["too_long"])
    form = "application/x-www-form-urlencoded"
    assert (await ask(box, "POST", "/commands", b"a=b", Content_Type=form, X_Switchroom_Session=session))[0] == 400


@pytest_twisted.ensureDeferred
async def test_the_wrong_field_is_named(box: Box) -> None:
    """So that a form can say it beside the field."""
    body = b'{"person": {"slug": "x", "role": 5}}'
    path = box.home / "console.sock"
    status, said = await deferToThread(asked, path, "POST", "/commands/put-person", body)
    (problem,) = msgspec.json.decode(said, type=api.Reply).problems
    assert (status, problem.code, problem.field) == (400, "invalid", "person.role")


@pytest_twisted.ensureDeferred
async def test_health_and_metrics(box: Box) -> None:
    """Health for everybody on the socket, figures for administrators."""
    health = await deferToThread(Client(box.home / "door.sock").health)
    assert set(health.parts.values()) == {"ok"}
    assert {"exchange", "store", "journal", "recordings", "centre", "clock", "invariants"} <= set(health.parts)
    assert health.boot == box.boot
    session = await box.sign_in("ada")
    status, text = await deferToThread(asked, box.home / "door.sock", "GET", "/metrics", X_Switchroom_Session=session)
    assert status == 200
    assert b'switchroom_facts_total{kind="configuration-published"} 1.0' in text


@pytest_twisted.ensureDeferred
async def test_the_sockets_are_ours_alone(box: Box) -> None:
    """The console's is closed to all others by its mode, and by who the kernel says is at the other end."""
    assert stat.S_IMODE((box.home / "console.sock").stat().st_mode) == 0o600
    assert stat.S_IMODE((box.home / "door.sock").stat().st_mode) == 0o660
    if os.getuid() != 0:
        return
    (box.home / "console.sock").chmod(0o666)
    for folder in (box.home, *box.home.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o011)
    request = b"POST /commands/take-seat HTTP/1.0\r\nContent-Length: 0\r\n\r\n"
    script = (
        "import os, socket, sys\n"
        "os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "s.connect(sys.argv[1])\n"
        f"s.sendall({request!r})\n"
        "sys.stdout.buffer.write(s.recv(1000))\n"
    )
    done = await deferToThread(_run, script, str(box.home / "console.sock"))
    assert done == b""


def _run(script: str, argument: str) -> bytes:
    return subprocess.run([sys.executable, "-c", script, argument], capture_output=True, check=False).stdout


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
TAGS = st.sampled_from([
    "", "sign-in", "set-language", "set-password", "take-seat", "leave-seat", "take-break", "end-break",
    "end-wrap-up", "extend-wrap-up", "hang-up-call", "transfer-call", "conclude", "put", "drop", "put-person",
    "drop-person", "revert", "import", "set-secret", "no-such", "../live", "%00",
])  # fmt: skip
FIELDS = st.dictionaries(
    st.sampled_from(
        ["type", "token", "agent", "reason", "by_s", "interaction", "disposition", "note", "person", "text"]
    )
    | st.text(max_size=8),
    ODD,
    max_size=6,
)
"""Objects whose fields are nearly right."""


def _bodies() -> st.SearchStrategy[bytes]:
    return st.one_of(
        st.binary(max_size=200),
        ODD.map(msgspec.json.encode),
        FIELDS.map(msgspec.json.encode),
        st.tuples(FIELDS.map(msgspec.json.encode), st.integers(0, 200), st.binary(max_size=5)).map(
            lambda parts: parts[0][: parts[1]] + parts[2]
        ),
    )


@implementer(ILogObserver)
class Failures:
    """Keeps what is logged as a failure."""

    def __init__(self) -> None:
        """None yet."""
        self.events: list[LogEvent] = []

    def __call__(self, event: LogEvent) -> None:
        """Hear of one event."""
        if "log_failure" in event:
            self.events.append(event)


STATUSES = {200, 400, 401, 403, 404, 413, 429}
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)


@pytest.mark.slow
@pytest_twisted.ensureDeferred
async def test_the_door_answers_whatever_comes(box: Box) -> None:
    """Ten thousand odd requests over the socket, from strangers, agents and an administrator; none ends in an error."""
    sessions = ("", "guess", await box.sign_in("anna"), await box.sign_in("sue"), await box.sign_in("ada"))
    connection = Connection(box.home / "door.sock")

    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(body=_bodies(), tag=TAGS, session=st.sampled_from(sessions), cookie=TEXTS, address=TEXTS)
    def judge(body: bytes, tag: str, session: str, cookie: str, address: str) -> None:
        headers = {"X-Real-IP": address.strip(), "Cookie": cookie.strip(), SESSION_HEADER: session}
        connection.request("POST", f"/commands/{tag}", body=body, headers=headers)
        answer = connection.getresponse()
        reply = msgspec.json.decode(answer.read(), type=api.Reply)
        assert answer.status in STATUSES, (answer.status, reply)
        assert reply.problems or answer.status == 200

    failures = Failures()
    globalLogPublisher.addObserver(failures)
    try:
        await deferToThread(judge)
    finally:
        globalLogPublisher.removeObserver(failures)
        connection.close()
    assert failures.events == []
    session = await box.sign_in("bela")
    assert await ask(box, "POST", "/commands/take-seat", X_Switchroom_Session=session) == (200, [])
