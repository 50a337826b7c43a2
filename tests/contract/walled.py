"""A box behind its packet filter, and a neighbour: two network namespaces joined by a pair of virtual cards.

`unshare -rn python -m tests.contract.walled FOLDER NFT` plays the story within namespaces of its own and prints what
was seen, one JSON object; `… neighbour` is the other side. The filter is the kernel's, put in place by the root part
as a process of its own.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from appliance import root_work as words
from tests.boot.root_part import DOORS, PROJECT, RootPart

NEAR, FAR, SIX = ("10.0.0.1", "10.0.0.2"), ("203.0.113.1", "203.0.113.2"), ("fd00::1", "fd00::2")
"The box's address and the neighbour's: private, public, IPv6."
KNOCK_S = 0.2
"A packet that is dropped is never answered: so long we wait."
WAIT_S = 30.0
SSH = 22
MEDIA = DOORS.media[0][0]
TRIAL_S = 4.5


def knock(kind: str, here: str, there: str, port: int) -> bool:
    """Tell whether a port answers."""
    family = socket.AF_INET6 if ":" in there else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as door:
        door.settimeout(KNOCK_S)
        door.bind((here, 0))
        with suppress(OSError):
            door.connect((there, port))
            door.sendall(b"?")
            return door.recv(1) == b"!"
    return False


def open_port(kind: str, port: int) -> socket.socket:
    """Answer each who comes, as long as the process lives."""
    door = socket.socket(socket.AF_INET6, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    door.bind(("::", port))
    if kind == "tcp":
        door.listen()
    threading.Thread(target=_answer, args=(door, kind), daemon=True).start()
    return door


def _answer(door: socket.socket, kind: str) -> None:
    while True:
        if kind == "udp":
            _, who = door.recvfrom(1)
            door.sendto(b"!", who)
        else:
            visitor, _ = door.accept()
            with visitor, suppress(OSError):
                visitor.recv(1)
                visitor.sendall(b"!")


def ip(*arguments: str) -> None:
    """Set the network of this namespace."""
    subprocess.run(["/usr/sbin/ip", *arguments], check=True)


def addresses(card: str, side: int) -> None:
    """Give a card its addresses."""
    ip("link", "set", "lo", "up")
    ip("addr", "add", f"{NEAR[side]}/24", "dev", card)
    ip("addr", "add", f"{FAR[side]}/24", "dev", card)
    ip("addr", "add", f"{SIX[side]}/64", "dev", card, "nodad")
    ip("link", "set", card, "up")


def neighbour() -> None:
    """Knock where one is told to, a line a knock."""
    sys.stdout.write("there\n")
    sys.stdout.flush()
    for line in sys.stdin:
        match json.loads(line):
            case {"card": str(card)}:
                addresses(card, 1)
                open_port("tcp", SSH)
                told = True
            case {"kind": str(kind), "net": int(net), "port": int(port)}:
                box, own = (NEAR, FAR, SIX)[net]
                told = knock(kind, own, box, port)
            case _:
                raise ValueError(line)
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()


class Walled:
    """The box's side of the story."""

    def __init__(self, folder: Path, nft: str) -> None:
        """Make both sides; no filter yet."""
        self._other = subprocess.Popen(
            ["/usr/bin/unshare", "-n", sys.executable, "-m", "tests.contract.walled", "neighbour"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._other.stdout is not None
        assert self._other.stdout.readline() == "there\n"
        ip("link", "add", "here", "type", "veth", "peer", "name", "there", "netns", str(self._other.pid))
        addresses("here", 0)
        assert self.tell(card="there") is True
        for kind, port in (
            ("tcp", DOORS.web),
            ("tcp", SSH),
            ("tcp", DOORS.sip),
            ("udp", DOORS.sip),
            ("udp", MEDIA),
            ("udp", MEDIA + 500),
        ):
            open_port(kind, port)
        self.part = RootPart(folder, confirm_s=TRIAL_S, SWITCHROOM_TEST_NFT=nft)

    def tell(self, **what: object) -> object:
        """Have the neighbour do something."""
        assert self._other.stdin is not None
        assert self._other.stdout is not None
        self._other.stdin.write(f"{json.dumps(what)}\n")
        self._other.stdin.flush()
        return json.loads(self._other.stdout.readline())

    def seen(self) -> dict[str, list[bool]]:
        """Tell what answers: from the near network, the far one, by IPv6."""
        doors = {
            "web": ("tcp", DOORS.web),
            "sip": ("udp", DOORS.sip),
            "sip-tcp": ("tcp", DOORS.sip),
            "media": ("udp", MEDIA),
            "ssh": ("tcp", SSH),
            "beside": ("udp", MEDIA + 500),
        }
        return {
            name: [bool(self.tell(kind=kind, net=net, port=port)) for net in range(3)]
            for name, (kind, port) in doors.items()
        }

    def web(self) -> bool:
        """Tell whether the near neighbour reaches the console."""
        return bool(self.tell(kind="tcp", net=0, port=DOORS.web))

    def until_web(self) -> float:
        """Wait until it does; how long that took, seconds."""
        began = time.monotonic()
        while not self.web():
            assert time.monotonic() < began + WAIT_S, self.part.audit
        return time.monotonic() - began

    def close(self) -> None:
        """End everything."""
        self.part.kill()
        self._other.kill()
        self._other.communicate()


def story(box: Walled) -> dict[str, object]:
    """Play it."""
    told: dict[str, object] = {"open": box.seen()}
    box.part.start()
    told["first"] = box.seen()
    told["out"] = knock("tcp", FAR[0], FAR[1], SSH)
    lonely = words.Firewall(console=("198.51.100.0/24",), phones=(), media=())
    assert box.part.ask(words.SetFirewall(firewall=lonely)).change
    told["on trial"] = box.seen()
    told["taken back after"] = box.until_web()
    assert box.part.ask(words.SetFirewall(firewall=lonely)).change
    box.part.kill()
    told["root part dead"] = box.web()
    box.part.start()
    told["taken back after its death"] = box.until_web()
    wide = words.Firewall(console=words.EVERYWHERE, phones=(f"{FAR[1]}/32", "203.0.113.0/24"), media=())
    change = box.part.ask(words.SetFirewall(firewall=wide)).change
    assert not box.part.ask(words.Confirm(change=change)).problem
    told["kept"] = box.seen()
    return told


def main(arguments: list[str]) -> None:
    """Play one side."""
    if arguments == ["neighbour"]:
        neighbour()
        return
    with ExitStack() as ends:
        box = Walled(Path(arguments[0]), arguments[1])
        ends.callback(box.close)
        sys.stdout.write(f"{json.dumps(story(box))}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
