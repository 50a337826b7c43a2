"""A new box from its set-up code to its self-test, by the pages that a person walks through, on the real Asterisk."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.places import Places, places_of
from tests.boot.whole import PROJECT, WholeBox, whole_box
from tests.whole.visitor import Answer, Visitor

pytestmark = [pytest.mark.contract, pytest.mark.slow]
CALL_S = 150.0
LOOK_S = 0.5
PASSWORD = "correct horse battery staple"  # noqa: S105  it opens nothing but a test
TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')


@contextmanager
def far_end(places: Places) -> Iterator[None]:
    """Have somebody at the carrier's end who answers."""
    argv = [sys.executable, "-m", "tests.boot.far_end", str(places.sip_port), str(places.far_port)]
    with subprocess.Popen(argv, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as carrier:
        try:
            assert carrier.stdout is not None
            assert carrier.stdout.readline() == "ready\n"
            yield
        finally:
            carrier.kill()


def code_said(box: WholeBox) -> str:
    """Give the set-up code that the start has printed."""
    found = re.search(r"([a-z2-9]{5}-[a-z2-9]{5})", "\n".join(box.said))
    assert found is not None, box.said
    return found[1]


def called(visitor: Visitor, step: str) -> str:
    """Wait until the test call of a step is over; the page that tells of it."""
    ends = time.monotonic() + CALL_S
    while "hx-trigger" in (text := visitor.get(f"/first-boot/{step}").text):
        assert time.monotonic() < ends, text
        threading.Event().wait(LOOK_S)
    return text


def on(visitor: Visitor, step: str) -> str:
    """Go on to the next step."""
    answer = visitor.post(f"/first-boot/{step}", {"do": "next"})
    assert answer.status == 303, answer
    return answer.location.rpartition("/")[2]


def known(visitor: Visitor, answer: Answer) -> None:
    """Take the token of a page."""
    found = TOKEN.search(answer.text)
    assert found is not None, answer
    visitor.token = found[1]


def test_a_new_box_is_set_up_in_the_browser(tmp_path: Path) -> None:
    """One administrator by the code, each step, a call out by the carrier, and the box's call to itself."""
    with whole_box(tmp_path) as box:
        box.environment["SWITCHROOM_SAMPLE"] = "no"
        box.start(until="Set-up code")
        places = places_of(box.environment)
        assert not places.sign_ins.exists()
        taking = {"person": "ada", "name": "Ada", "password": PASSWORD, "repeated": PASSWORD}
        with Visitor(places.address) as visitor, Visitor(places.address) as late:
            for one in (visitor, late):
                assert one.get("/desk").location.endswith("/first-boot")
                known(one, one.get("/first-boot"))
            assert visitor.post("/first-boot", {**taking, "code": "aaaaa-aaaaa"}).status == 422
            assert visitor.post("/first-boot", {**taking, "code": code_said(box)}).status == 303
            refused = late.post("/first-boot", {**taking, "code": code_said(box), "person": "eve"})
            assert refused.status in {303, 409}
            assert "/sign-in" in late.get("/desk").location
            known(visitor, visitor.get("/account"))
            assert visitor.get("/").location.endswith("/first-boot/go-on")
            walk(visitor, places)
            exported = box.switchroom("config", "export")
            assert "self-test" not in exported
            assert visitor.post("/first-boot/call", {"do": "end"}).status == 303
            assert visitor.get("/first-boot/call").location.endswith("/setup")
            assert visitor.get("/").location.endswith("/floor")
        assert not places.first_boot.exists()


def walk(visitor: Visitor, places: Places) -> None:
    """Walk through the steps."""
    assert "no root part" in visitor.get("/first-boot/network").text
    assert on(visitor, "network") == "time"
    wrong = visitor.post("/first-boot/time", {"do": "save", "title": "", "language": "en", "zone": "Asia/Shanghai"})
    assert wrong.status == 422
    right = {"do": "save", "title": "Acme 顶点", "language": "en", "zone": "Asia/Shanghai"}
    assert visitor.post("/first-boot/time", right).status == 200
    assert on(visitor, "time") == "cards"
    assert "With SIP alone there is nothing to do here." in visitor.get("/first-boot/cards").text
    assert on(visitor, "cards") == "trunk"
    carrier = {"do": "save", "title": "Carrier", "host": "127.0.0.1", "port": str(places.far_port), "username": ""}
    assert visitor.post("/first-boot/trunk", carrier).status == 303
    with far_end(places):
        assert visitor.post("/first-boot/trunk", {"do": "call", "dialled": "010 86"}).status == 303
        told = called(visitor, "trunk")
        assert "Every step passed." in told
        assert "the other side was heard" in told
    assert on(visitor, "trunk") == "queue"
    group = {"do": "save", "title": "Service", "number": "8001", "extension": "301", "greeting": "Hello."}
    made = visitor.post("/first-boot/queue", group)
    assert made.status == 200
    assert 'class="secret"' in made.text
    assert on(visitor, "queue") == "call"
    assert visitor.get("/").location.endswith("/first-boot/go-on")
    assert visitor.get("/first-boot/go-on").location.endswith("/first-boot/call")
    assert visitor.post("/first-boot/call", {"do": "call"}).status == 303
    told = called(visitor, "call")
    assert "Every step passed." in told, told
    assert "<b>recording</b>" in told
