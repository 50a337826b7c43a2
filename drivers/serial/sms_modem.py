"""A modem for text messages, on the line that the configuration names."""

from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as LateError
from twisted.internet.interfaces import IReactorTime

from appliance import sms
from appliance.core import lines
from drivers.serial.conversation import Office, Options
from drivers.serial.modem import Modem
from drivers.serial.place import Place
from drivers.serial.port import Port

STOP_S: Final = 3.0
"How long a part that is with the modem is waited for at the end; then it is in doubt."


class SmsModem:
    """The line and what is said on it."""

    def __init__(
        self,
        reactor: IReactorTime,
        name: str,
        place: Place,
        settings: lines.SmsModem,
        *,
        pin: str,
        office: Office,
        changed: Callable[[], None],
    ) -> None:
        """Begin closed; `changed` is called when `state` did."""
        self._reactor = reactor
        options = Options(centre=settings.centre, pin=pin)
        self._modem = Modem(reactor, name, options, office, lambda _: changed())
        self._port = Port(reactor, name, place, heard=self._modem.heard, changed=self._opened_or_closed)

    @property
    def state(self) -> sms.Modem:
        """How the modem is."""
        return self._modem.state

    @property
    def word(self) -> str:
        """`ok`, or what is wrong."""
        return "ok" if self.state.fitness is sms.Fitness.READY else f"modem_{self.state.fitness}"

    def start(self) -> None:
        """Open the line and talk."""
        self._modem.start()
        self._port.start()

    async def stop(self) -> None:
        """Finish what is with the modem, if that does not take long, and close the line."""
        finished = self._modem.finish()
        late: Deferred[None] = Deferred()
        finished.addCallback(lambda _: None if late.called else late.callback(None))
        try:
            await late.addTimeout(STOP_S, self._reactor)
        except LateError:
            self._modem.closed("we stop")
        await self._port.stop()

    def ring(self) -> None:
        """Look at once whether something is to be sent."""
        self._modem.ring()

    def _opened_or_closed(self, why: str) -> None:
        if why:
            self._modem.closed(why)
        else:
            self._modem.opened(self._port)
