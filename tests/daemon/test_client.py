"""The client that pages and commands use: against a real daemon, and against nobody."""

import socket
import threading
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from appliance import api
from appliance.client import Client, DoorClosedError, csrf_token
from tests.daemon.real import Box


@pytest_twisted.ensureDeferred
async def test_it_follows_what_happens(box: Box) -> None:
    """The whole view, what changes, and the end when it is signed out."""
    session = await box.sign_in("anna")
    client = Client(box.home / "door.sock", session)

    def follow() -> list[str]:
        seen = []
        for event, view in client.live():
            card = view.agents.get("anna")
            if card is not None:
                seen.append(f"{event} {card.state}")
            if seen[-1].endswith("available"):
                client.send(api.SignOut())
        return seen

    following = deferToThread(follow)
    await box.until(lambda: box.daemon.live.streams == 1)
    assert await box.ask(api.TakeSeat(agent="anna")) == api.Reply()
    assert await following == ["view signed_out", "delta available"]
    with pytest.raises(DoorClosedError, match="401"):
        await deferToThread(lambda: next(iter(client.live())))


def test_nobody_is_there(tmp_path: Path) -> None:
    """A clear error for each way to ask."""
    client = Client(tmp_path / "none.sock")
    for ask in (lambda: client.send(api.SignOut()), client.health, lambda: next(iter(client.live()))):
        with pytest.raises(DoorClosedError):
            ask()


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html"])
def test_somebody_else_answers(tmp_path: Path, answer: bytes) -> None:
    """What cannot be read is no answer."""
    path = str(tmp_path / "odd.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as odd:
        odd.bind(path)
        odd.listen()

        def serve() -> None:
            for _ in range(2):
                connection, _address = odd.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        serving = threading.Thread(target=serve)
        serving.start()
        client = Client(path, timeout_s=5)
        with pytest.raises(DoorClosedError):
            client.send(api.SignOut())
        with pytest.raises(DoorClosedError):
            client.health()
        serving.join(5)


def test_the_token_of_a_page_does_not_betray_the_session() -> None:
    """Another session has another."""
    assert "secret" not in csrf_token("secret")
    assert len({csrf_token("secret"), csrf_token("secret2"), csrf_token("")}) == 3
