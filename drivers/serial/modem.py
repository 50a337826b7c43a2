"""A modem for text messages on its line: one conversation after the other, as often as the line is opened."""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from appliance import sms
from appliance.sms import Fitness
from drivers.serial.conversation import POLL_S, Conversation, Office, Options
from drivers.serial.talk import ANSWER_S, Bell, HangError, Line, LostError, Talk

log = Logger()


class Modem:
    """The conversations with one modem, one after the other."""

    def __init__(
        self,
        clock: IReactorTime,
        name: str,
        options: Options,
        office: Office,
        changed: Callable[[sms.Modem], None],
    ) -> None:
        """Begin without a line; `changed` is told how the modem is whenever that changes."""
        self._clock = clock
        self._options = options
        self._office = office
        self._changed = changed
        self._talk: Talk | None = None
        self._bell = Bell(clock)
        self._running: Deferred[None] | None = None
        self.state = sms.Modem(line=name)

    def start(self) -> None:
        """Talk whenever there is a line."""
        self._running = Deferred.fromCoroutine(self._run())

    def finish(self) -> Deferred[None]:
        """Begin nothing more; the Deferred fires when what is with the modem is settled, or the line has ended."""
        self._bell.closed = True
        self.ring()
        done: Deferred[None] = Deferred()
        if self._running is None:
            done.callback(None)
        else:
            self._running.addBoth(lambda _: done.callback(None))
        return done

    def opened(self, line: Line) -> None:
        """Take the line that was opened."""
        self._talk = Talk(self._clock, line, self.ring)
        self.ring()

    def closed(self, why: str) -> None:
        """Note that the line ended."""
        talk, self._talk = self._talk, None
        if self.state.fitness is not Fitness.SILENT or why != self.state.why:
            self._tell(Fitness.UNPLUGGED, why, "", -1)
        if talk is not None:
            talk.end(why)
        self.ring()

    def heard(self, data: bytes) -> None:
        """Take in what the modem says."""
        if self._talk is not None:
            self._talk.heard(data)

    def ring(self) -> None:
        """Look at once: something came, or something is to go."""
        self._bell.ring()

    async def _run(self) -> None:
        while not self._bell.closed:
            talk = self._talk
            if talk is None:
                self._bell.heeded()
                await self._bell.wait(POLL_S)
                continue
            try:
                await Conversation(self._clock, talk, self._bell, self._options, self._office, self._tell).run()
            except LostError as error:
                self._end(talk, str(error))
            except HangError as error:
                self._tell(Fitness.SILENT, str(error), "", -1)
                self._end(talk, str(error))
            except Exception:  # noqa: BLE001  a message that cannot be kept now stays in the modem; begin anew
                log.failure("sms: the conversation with {line} failed", line=self.state.line)
                await deferLater(self._clock, ANSWER_S)

    def _end(self, talk: Talk, why: str) -> None:
        """Have the line opened anew, whatever it believes of itself."""
        talk.hang_up(why)
        if self._talk is talk:
            self._talk = None

    def _tell(self, fitness: Fitness, why: str, operator: str, signal_percent: int) -> None:
        state = sms.Modem(
            line=self.state.line, fitness=fitness, why=why, operator=operator, signal_percent=signal_percent
        )
        if state != self.state:
            self.state = state
            self._changed(state)
