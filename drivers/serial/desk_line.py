"""A line that speaks SMDI, on either side: we are the telephone system, or the voice mail system behind another's.

The protocol has no answers, so that what is said while the line is not open is refused, and whoever says it decides:
a lamp is told again when the line comes back, a call is not.
"""

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from drivers.serial.place import Place
from drivers.serial.port import Port, PortError
from drivers.serial.smdi import Call, Listening, Refused, Waiting, encode


class DeskLine:
    """Keeps one line."""

    def __init__(
        self,
        reactor: IReactorTime,
        name: str,
        place: Place,
        *,
        heard: Callable[[Call | Waiting | Refused], None],
        changed: Callable[[str], None],
    ) -> None:
        """Begin closed; `heard` is given every message, `changed` is called as `Port`'s is."""
        self._heard = heard
        self._changed = changed
        self._listening = Listening()
        self._lamps: dict[str, bool] = {}
        "The last word about each telephone, for a line that comes back."
        self._port = Port(reactor, name, place, heard=self._take, changed=self._line_changed)

    @property
    def state(self) -> str:
        """Empty while the line is open, else why not."""
        return self._port.state

    def start(self) -> None:
        """Open the line, and keep it open."""
        self._port.start()

    async def stop(self) -> None:
        """Close it."""
        await self._port.stop()

    def say(self, message: Call | Waiting | Refused) -> bool:
        """Say a message; False if the line takes nothing now. Raises `SmdiError` for what cannot be said at all."""
        data = encode(message)
        if isinstance(message, Waiting):
            self._lamps[message.station] = message.on
        try:
            self._port.write(data)
        except PortError:
            return False
        return True

    def _line_changed(self, why: str) -> None:
        self._listening = Listening()
        if not why:
            for station, on in self._lamps.items():
                self.say(Waiting(station=station, on=on))
        self._changed(why)

    def _take(self, data: bytes) -> None:
        for message in self._listening.receive(data):
            self._heard(message)
