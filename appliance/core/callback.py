"""Callbacks: what a caller is promised who keeps the place without the line, and the call that keeps the promise."""

from itertools import islice

from appliance.core import effects as ask
from appliance.core import model
from appliance.core import state as st
from appliance.core.directory import Directory
from appliance.core.facts import Leg
from appliance.core.hours import closes_at, open_for, opens_at
from appliance.core.turn import Deadlines, Turn
from appliance.core.waits import Callback

SECOND_US = 1_000_000
ACCEPTED_S = 60
"Seconds after which a caller who asked to be called back is taken to have hung up."
DIALLED = "c-"
"What the Uniqueid of a customer's leg that we dial begins with."
CONFIRM_S = 30
"Seconds that the question to who picks up may take, beyond the ringing."
CONFIRM_KEY = "1"
CONFIRM_WAIT_MS = 5_000


def is_dialled(leg: Leg) -> bool:
    """Whether a leg is a customer's whom we called back, told by the Uniqueid that we gave it."""
    return leg.uniqueid.startswith(DIALLED)


class Callbacks:
    """What is known of the queues' callbacks."""

    def __init__(self, state: st.State, deadlines: Deadlines, directory: Directory) -> None:
        """Take over a state."""
        self._state = state
        self._deadlines = deadlines
        self._directory = directory

    def rules(self, queue: str) -> model.Callback:
        """Give what a queue says of callbacks; a queue that says nothing any more keeps its promises as usual."""
        bound = self._directory.queues.get(queue)
        return (bound.queue.callback if bound else None) or model.Callback()

    def opens_at(self, now: int, queue: str) -> int | None:
        """Tell when we may call next, now or later; None if never."""
        hours = self.rules(queue).hours
        return opens_at(self._directory.opening.get(hours, ()), now) if hours else now

    def is_time(self, now: int, queue: str) -> bool:
        """Whether we may call now."""
        return self.opens_at(now, queue) == now

    def may(self, interaction: st.Interaction, queue: str) -> bool:
        """Whether a queue calls back, the caller has a number, and we may call before it is too late."""
        bound, now = self._directory.queues.get(queue), self._state.now
        if bound is None or bound.queue.callback is None or interaction.view.withheld:
            return False
        opens_at = self.opens_at(now, queue)
        return opens_at is not None and opens_at < now + bound.queue.callback.expire_s * SECOND_US

    def arm(self, now: int, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Set the clock by which a promise that waits in the queue is put off, because we may call no more then."""
        hours = self.rules(waiting.queue).hours
        if hours:
            closes = closes_at(self._directory.opening.get(hours, ()), now)
            self._deadlines.set(f"callback/{interaction.id}", max(now, closes))
        else:
            self._deadlines.drop(f"callback/{interaction.id}")

    def put_off(self, now: int, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Set the clock by which a promise comes back to the queue, if there is a time at which we may call."""
        opens_at = self.opens_at(now, waiting.queue)
        if opens_at is None:
            self._deadlines.drop(f"callback/{interaction.id}")
        else:
            self._deadlines.set(f"callback/{interaction.id}", opens_at)

    def promise(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Keep in mind what is promised."""
        self._counts(waiting.queue).callbacks += 1
        interaction.counted = 0
        expires_at = self._expires_at(turn.now, waiting.queue)
        interaction.callback = Callback(
            line=interaction.callback.line if interaction.callback else interaction.leg,
            ticket=waiting.ticket,
            accepted_at=turn.now,
            expires_at=expires_at,
            attempts=interaction.callback.attempts if interaction.callback else 0,
        )
        self._deadlines.set(f"expire/{interaction.id}", expires_at)
        self._deadlines.set(f"callback/{interaction.id}", turn.now + ACCEPTED_S * SECOND_US)

    def _expires_at(self, now: int, queue: str) -> int:
        """Tell until when a promise made now is to be kept: only time in which we may call counts.

        So one that is made just before the hours end is kept when they begin again.
        """
        rules = self.rules(queue)
        lasting = rules.expire_s * SECOND_US
        return open_for(self._directory.opening.get(rules.hours, ()), now, lasting) if rules.hours else now + lasting

    def assure(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Say that we will call back, once that is kept; then the line is hung up."""
        accepted = self.rules(waiting.queue).accepted
        self._state.minted += 1
        interaction.promised.prompt = self._state.minted
        interaction.customer.do(st.Doing.TOLD, turn.now)
        prompt = ask.Prompt(
            leg=interaction.leg,
            prompt=self._state.minted,
            sounds=(accepted,) if accepted else (),
            language=interaction.language,
        )
        turn.ask(ask.Assure(prompt=prompt))

    def _counts(self, queue: str) -> st.QueueCounts:
        return self._state.counts.setdefault(queue, st.QueueCounts())

    def dial(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Call the customer, by the first of the company's trunks; the one that the customer came by is before them."""
        interaction.promised.attempts += 1
        interaction.promised.trunks_full = 0
        self._counts(waiting.queue).callback_attempts += 1
        self._dial(turn, interaction, waiting)

    def dial_again(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> bool:
        """Call by the next trunk, for the last one had no line; False if there is none, so that this was no attempt.

        Nor is there any once we may call no more.
        """
        interaction.promised.trunks_full += 1
        none_left = interaction.promised.trunks_full >= len(self._trunks(interaction))
        if none_left or not self.is_time(turn.now, waiting.queue):
            interaction.promised.attempts -= 1
            return False
        self._dial(turn, interaction, waiting)
        return True

    def _trunks(self, interaction: st.Interaction) -> list[str]:
        known = self._directory.trunks
        return list(dict.fromkeys((*(trunk for trunk in known if trunk == interaction.trunk), *known)))

    def _dial(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        rules = self.rules(waiting.queue)
        interaction.promised.placed = False
        self._state.minted += 1
        leg = Leg(interaction.leg.exchange, f"{DIALLED}{self._state.boot:06d}-{self._state.minted:08d}")
        interaction.customer.leg = leg
        interaction.customer.do(st.Doing.TOLD, turn.now)
        self._state.legs[leg] = interaction.id
        self._deadlines.set(f"callback/{interaction.id}", turn.now + (rules.ring_s + CONFIRM_S) * SECOND_US)
        turn.ask(
            ask.Dial(
                leg=leg,
                interaction=interaction.id,
                party=interaction.party,
                trunk=next(islice(self._trunks(interaction), interaction.promised.trunks_full, None), ""),
                number=interaction.number,
                ring_s=rules.ring_s,
            )
        )

    def question(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> bool:
        """Ask who picked up to press 1; False if nothing is to be asked."""
        rules = self.rules(waiting.queue)
        if not rules.confirm:
            return False
        self._state.minted += 1
        interaction.promised.prompt = self._state.minted
        interaction.customer.do(st.Doing.TOLD, turn.now)
        turn.ask(
            ask.Prompt(
                leg=interaction.leg,
                prompt=self._state.minted,
                sounds=(rules.confirm,),
                language=interaction.language,
                keys=CONFIRM_KEY,
                wait_ms=CONFIRM_WAIT_MS,
            )
        )
        return True
