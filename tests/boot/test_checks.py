"""What stands in the way of a start is one line that says what to do."""

import multiprocessing
import socket
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from appliance.places import Places, places_of
from boot import checks
from tests.contract.slots import slot


def places_in(folder: Path, **more: str) -> Places:
    """Give the places of a box in this folder."""
    return places_of({"HOME": str(folder), "SWITCHROOM_HOME": str(folder / "box"), **more})


def test_folders_are_for_their_user_alone(tmp_path: Path) -> None:
    """0700, also where they were there before."""
    places = places_in(tmp_path)
    (tmp_path / "box").mkdir(mode=0o755)
    checks.folders(places)
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in places.folders)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    """Instead of a stack trace."""
    (tmp_path / "box").write_text("")
    with pytest.raises(checks.CheckError, match="set another SWITCHROOM_HOME"):
        checks.folders(places_in(tmp_path))


@pytest.mark.parametrize(
    ("kind", "offset", "use"),
    [
        (socket.SOCK_STREAM, 0, "web"),
        (socket.SOCK_STREAM, 3, "FastAGI"),
        (socket.SOCK_STREAM, 5, "SIP over TCP"),
        (socket.SOCK_DGRAM, 5, "SIP"),
    ],
)
def test_a_port_in_use_is_named_with_who_has_it(tmp_path: Path, kind: int, offset: int, use: str) -> None:
    """Port, use, owner, and what to do."""
    with slot() as base, socket.socket(socket.AF_INET, kind) as taken:
        port = base + offset
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that just ended are no matter
        taken.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        places = places_in(tmp_path, SWITCHROOM_PORT=str(base))
        with pytest.raises(checks.CheckError) as caught:
            checks.ports(places)
    line = str(caught.value)
    assert line.startswith(f"Port {port} on 127.0.0.1 ({use}) cannot be had")
    assert "held by" in line
    assert "set SWITCHROOM_PORT to another base" in line
    assert "\n" not in line


def _second(places: Places, told: Connection) -> None:
    try:
        with checks.alone(places):
            told.send("")
    except checks.CheckError as error:
        told.send(str(error))


def test_a_second_supervisor_of_the_same_folder_is_refused(tmp_path: Path) -> None:
    """It is told whom to stop; when the first is gone there is room."""
    places = places_in(tmp_path)
    checks.folders(places)

    def second() -> str:
        ours, theirs = multiprocessing.Pipe()
        other = multiprocessing.get_context("spawn").Process(target=_second, args=(places, theirs))
        other.start()
        answer = ours.recv()
        other.join()
        ours.close()
        theirs.close()
        return str(answer)

    with checks.alone(places):
        assert "already runs" in (line := second())
        assert "stop it by `switchroom stop`" in line
    assert not second()


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the command that brings it."""
    assert checks.program("sh").endswith("/sh")
    monkeypatch.setattr(checks, "SEARCH_PATH", "/nowhere")
    with pytest.raises(checks.CheckError, match="nginx is not installed: apt-get install nginx"):
        checks.program("nginx")
