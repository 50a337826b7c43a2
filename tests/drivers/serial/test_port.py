"""A serial line: opened for us alone, opened again when it was pulled out, bounded, never waited for."""

import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor as installed
from twisted.internet.interfaces import IReactorTime

from drivers.serial.place import Device, Flow, Listen, Place, PlaceError, Remote, place_of
from drivers.serial.port import UNSENT_MAX, Port, PortClosedError, PortFullError
from tests.drivers.serial.cable import Cable, until

reactor = IReactorTime(installed)


class Listener:
    """What a line told."""

    def __init__(self, place: Place) -> None:
        """Begin with a closed line."""
        self.heard = b""
        self.states: list[str] = []
        self.sent = 0
        self.port = Port(reactor, "the line", place, heard=self._hear, changed=self.states.append, sent=self._sent)

    def has_heard(self, data: bytes) -> bool:
        """Tell whether this was heard, and nothing else."""
        return self.heard == data

    def _hear(self, data: bytes) -> None:
        self.heard += data

    def _sent(self) -> None:
        self.sent += 1


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """Give a cable that is plugged in."""
    it = Cable(tmp_path)
    it.plug()
    yield it
    it.unplug()


@ensureDeferred
async def test_it_hears_and_says(cable: Cable) -> None:
    """All bytes are data, the zero and those that terminals like to change too."""
    line = Listener(Device(path=str(cable.path)))
    line.port.start()
    await until(reactor, lambda: line.port.open)
    every = bytes(range(256))
    line.port.write(every * 4)
    await until(reactor, lambda: len(cable.heard()) >= 1024)
    cable.say(every)
    await until(reactor, lambda: len(line.heard) >= 256)
    assert (cable.heard(), line.heard, line.states) == (every * 4, every, [""])
    await until(reactor, lambda: (line.sent, line.port.unsent) == (1, 0))
    await line.port.stop()
    assert not line.port.open


@ensureDeferred
async def test_it_is_opened_again_whenever_it_comes_back(tmp_path: Path) -> None:
    """It is told when it goes and when it comes, once each, and what was said to the old one is not said to the new."""
    cable = Cable(tmp_path)
    line = Listener(Device(path=str(cable.path)))
    line.port.start()
    await until(reactor, lambda: line.states != [])
    assert "No such file" in line.states[0]
    with pytest.raises(PortClosedError):
        line.port.write(b"nobody hears it")
    for _ in range(3):
        cable.plug()
        await until(reactor, lambda: line.port.open)
        line.port.write(b"to the old one" * 1_000)
        cable.unplug()
        await until(reactor, lambda: not line.port.open)
    cable.plug()
    await until(reactor, lambda: line.port.open)
    line.port.write(b"new")
    await until(reactor, lambda: len(cable.heard()) >= 3)
    assert cable.heard() == b"new"
    assert [state == "" for state in line.states if "No such file" not in state] == [True, False] * 3 + [True]
    await line.port.stop()
    cable.unplug()


@ensureDeferred
async def test_it_is_ours_alone(cable: Cable) -> None:
    """A second opener is refused, and gets it when the first is done."""
    first, second = Listener(Device(path=str(cable.path))), Listener(Device(path=str(cable.path)))
    first.port.start()
    await until(reactor, lambda: first.port.open)
    second.port.start()
    await until(reactor, lambda: second.states != [])
    assert "lock" in second.states[0]
    await first.port.stop()
    await until(reactor, lambda: second.port.open)
    await second.port.stop()


@ensureDeferred
async def test_an_end_that_takes_nothing_costs_a_limit(cable: Cable) -> None:
    """It is refused whole beyond it, the line goes on, and its end waits for nobody."""
    line = Listener(Device(path=str(cable.path)))
    line.port.start()
    await until(reactor, lambda: line.port.open)
    piece = b"x" * 10_000
    with pytest.raises(PortFullError):  # noqa: PT012  how many go depends on the system
        for _ in range(100):
            line.port.write(piece)
    assert line.port.unsent <= UNSENT_MAX + 10_000
    await until(reactor, lambda: cable.heard() != b"" and line.sent > 0)
    await until(reactor, lambda: len(cable.heard()) % len(piece) == 0)
    assert len(cable.heard()) >= UNSENT_MAX - len(piece)
    line.port.write(piece)
    began = reactor.seconds()
    await line.port.stop()
    assert reactor.seconds() - began < 1


@ensureDeferred
async def test_a_terminal_server_will_do() -> None:
    """The same bytes, over TCP, opened again too."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)  # noqa: FBT003  it is Python's own
    line = Listener(place_of(f"tcp:127.0.0.1:{listening.getsockname()[1]}"))
    line.port.start()
    for turn in range(2):
        await until(reactor, lambda: line.port.open)
        peer, _ = listening.accept()
        peer.setblocking(False)  # noqa: FBT003  it is Python's own
        line.port.write(b"hello")
        await until(reactor, partial(_has_come, peer, 5))
        assert peer.recv(5) == b"hello"
        peer.sendall(b"you")
        await until(reactor, partial(line.has_heard, b"you" * (turn + 1)))
        peer.close()
        await until(reactor, lambda: not line.port.open)
    await line.port.stop()
    listening.close()


@ensureDeferred
async def test_what_is_no_terminal_is_not_opened(tmp_path: Path) -> None:
    """A file in its place is left as it is."""
    file = tmp_path / "file"
    file.write_bytes(b"as it is")
    line = Listener(Device(path=str(file)))
    line.port.start()
    await until(reactor, lambda: line.states != [])
    assert "no serial device" in line.states[0]
    await line.port.stop()
    assert file.read_bytes() == b"as it is"


def _has_come(peer: socket.socket, length: int) -> bool:
    try:
        return len(peer.recv(length, socket.MSG_PEEK)) == length
    except BlockingIOError:
        return False


def test_a_place_is_written_in_one_of_two_ways() -> None:
    """And nothing else is one."""
    assert place_of("/dev/ttyUSB0", speed=9_600, framing="7E1", flow=Flow.RTS_CTS) == Device(
        path="/dev/ttyUSB0", speed=9_600, framing="7E1", flow=Flow.RTS_CTS
    )
    assert place_of("tcp:printer.example:4001") == Remote(host="printer.example", port=4001)
    assert place_of("tcp:[::1]:9") == Remote(host="::1", port=9)
    for text in (
        *("", "/dev/watchdog", "/dev/ttyUSB0/../mem", "/dev/tty", "/dev/serial/by-id/../../sda", "/etc/passwd"),
        *("tcp:host", "tcp:host:0", "tcp:host:70000", "tcp:-x:9", "tcp:a b:9", "tcp:\u0661:9", "tcp:h:\u0661"),
    ):
        with pytest.raises(PlaceError):
            place_of(text)
    with pytest.raises(PlaceError, match="no speed"):
        place_of("/dev/ttyS0", speed=110)
    with pytest.raises(PlaceError, match="no framing"):
        place_of("/dev/ttyS0", framing="9N1")


@ensureDeferred
async def test_whoever_comes_first_is_the_line_until_they_go() -> None:
    """A second one is refused meanwhile; the next one is taken."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    listening.close()
    line = Listener(place_of(f"listen:127.0.0.1:{port}"))
    assert line.port.state
    line.port.start()
    for _turn in range(2):
        peer = await _connected(port)
        await until(reactor, lambda: line.port.open)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port))
        line.port.write(b"hello")
        await until(reactor, partial(_has_come, peer, 5))
        peer.close()
        await until(reactor, lambda: not line.port.open)
    await line.port.stop()


def test_an_address_to_listen_at_is_one() -> None:
    """Names are not looked up, and nobody listens at what is no address."""
    assert place_of("listen:127.0.0.1:4000") == Listen(host="127.0.0.1", port=4000)
    for wrong in (
        "listen:localhost:1",
        "listen:300.0.0.1:1",
        "listen:127.0.0.1:0",
        "listen:127.0.0.1:70000",
        "listen::1",
    ):
        with pytest.raises(PlaceError):
            place_of(wrong)


async def _connected(port: int) -> socket.socket:
    """Connect once the port is open."""
    peers: list[socket.socket] = []

    def tried() -> bool:
        peer = socket.socket()
        if peer.connect_ex(("127.0.0.1", port)):
            peer.close()
            return False
        peers.append(peer)
        peer.setblocking(False)  # noqa: FBT003  it is Python's own
        return True

    await until(reactor, tried)
    return peers[0]
