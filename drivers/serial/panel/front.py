"""One front panel on its line: kept up to date, asked whether it lives, its keys taken in.

One command waits for its answer at a time, as the display wants it. One that is not answered is said again, and after
some of those the line is hung up and opened again.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from drivers.serial.panel.packets import (
    ROWS,
    Command,
    Key,
    Kind,
    Listening,
    Packet,
    encode,
    is_held,
    key_of,
    lamp,
    written,
)
from drivers.serial.panel.screen import Screen, Seen
from drivers.serial.place import Place
from drivers.serial.port import Port, PortError

TICK_S: Final = 0.25
ANSWER_S: Final = 0.5
"The data sheet promises 0.25 s."
TRIES: Final = 4
PING_S: Final = 2.0
"A panel to which nothing was said for so long is asked whether it lives."
ALL_KEYS: Final = 0x3F
SILENT: Final = "silent"

report = Logger()


class Front:
    """Keeps a panel."""

    def __init__(
        self,
        reactor: IReactorTime,
        name: str,
        place: Place,
        *,
        reset: Callable[[], None],
        changed: Callable[[str], None],
    ) -> None:
        """Begin closed; `reset` is called when the key was held long enough, `changed` as `Port`'s is.

        The panel counts as open once it has answered.
        """
        self._reactor = reactor
        self._reset = reset
        self._changed = changed
        self._port = Port(reactor, name, place, heard=self._heard, changed=self._line_changed)
        self._listening = Listening()
        self._screen = Screen()
        self._on_it: list[str] = []
        self._lamps: tuple[Packet, ...] = ()
        self._waiting: deque[Packet] = deque()
        self._asked: Packet | None = None
        self._tries = 0
        self._asked_at = 0.0
        self._held: Key | None = None
        "Whose state we asked for."
        self._ticking: IDelayedCall | None = None
        self.state = "not opened yet"
        "Empty while the panel answers, else why not."

    def start(self) -> None:
        """Open the line, and keep it."""
        self._port.start()
        self._tick()

    async def stop(self) -> None:
        """Let go of the line; what is on the panel stays there."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        await self._port.stop()

    def show(self, seen: Seen) -> None:
        """Show this from now on."""
        self._screen.seen = seen

    def announce(self, text: str) -> None:
        """Say for a while what came of a reset."""
        self._screen.announce(text, self._reactor.seconds())

    # -- the line

    def _line_changed(self, why: str) -> None:
        self._listening = Listening()
        self._screen.forget_keys()
        self._on_it, self._lamps, self._asked, self._held = [], (), None, None
        self._waiting.clear()
        if why:
            self._tell(why)
            return
        self._waiting += [
            Packet(Kind.COMMAND, Command.PING),
            Packet(Kind.COMMAND, Command.KEYS, bytes([ALL_KEYS, ALL_KEYS])),
            Packet(Kind.COMMAND, Command.CLEAR),
        ]
        self._send()

    def _tell(self, why: str) -> None:
        if why != self.state:
            self.state = why
            self._changed(why)

    def _heard(self, data: bytes) -> None:
        for packet in self._listening.receive(data):
            if packet.kind is Kind.REPORT:
                if (pressed := key_of(packet)) is not None:
                    self._screen.press(pressed, self._reactor.seconds())
                    self._draw()
            elif self._asked is not None and packet.code == self._asked.code:
                self._answered(packet)

    def _answered(self, packet: Packet) -> None:
        self._asked = None
        self._tell("")
        if packet.kind is Kind.REFUSAL:
            report.warn("front panel: command {code} was refused", code=packet.code)
        elif self._held is not None and packet.code == Command.POLL:
            key, self._held = self._held, None
            if is_held(packet, key):
                self._reset()
            else:
                self.announce("key let go: no reset")
        self._send()

    def _send(self) -> None:
        """Say the next thing, if nothing waits for its answer."""
        if self._asked is None and self._waiting:
            self._asked, self._tries = self._waiting.popleft(), 0
            self._try()

    def _try(self) -> None:
        if self._asked is None:
            return
        self._tries += 1
        self._asked_at = self._reactor.seconds()
        try:
            self._port.write(encode(self._asked))
        except PortError:
            self._asked = None  # the line says itself that it ended

    # -- time

    def _tick(self) -> None:
        self._ticking = self._reactor.callLater(TICK_S, self._tick)
        if not self._port.open:
            return
        now = self._reactor.seconds()
        if self._asked is not None and now - self._asked_at >= ANSWER_S:
            if self._tries >= TRIES:
                self._tell(SILENT)
                self._port.hang_up(SILENT)
                return
            self._listening.forget()
            self._try()
        if (asked := self._screen.tick(now)) is not None:
            self._held = asked.key
            self._waiting.append(Packet(Kind.COMMAND, Command.POLL))
        self._draw()
        if self._asked is None and not self._waiting and now - self._asked_at >= PING_S:
            self._waiting.append(Packet(Kind.COMMAND, Command.PING))
        self._send()

    def _draw(self) -> None:
        """Say what differs from what is on the panel, once it has taken what was said before."""
        if self._asked is not None or self._waiting:
            return
        rows = list(self._screen.rows(self._reactor.seconds()))
        before = self._on_it or [""] * ROWS
        self._waiting += [written(0, place, row) for place, row in enumerate(rows) if row != before[place]]
        self._on_it = rows
        seen = self._screen.seen
        lamps = lamp(0, green=100 if seen.well else 0, red=0 if seen.well else 100)
        if lamps != self._lamps:
            self._waiting += lamps
            self._lamps = lamps
        self._send()
