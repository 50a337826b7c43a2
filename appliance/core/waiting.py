"""The waiting caller: welcome, music, position, expected wait, and the keys that do something meanwhile.

What is said holds no place and delays no offer: the caller stands in the queue all the while, an agent's phone rings
while words are said, and the bridge takes the leg out of them.
"""

from appliance.core import effects as ask
from appliance.core import estimate, model
from appliance.core import state as st
from appliance.core.directory import Directory
from appliance.core.facts import Prompted
from appliance.core.recording import is_running
from appliance.core.staffing import Staffing
from appliance.core.standing import position_sound, wait_sounds
from appliance.core.turn import Deadlines, Turn
from appliance.core.waits import Comfort, Outlook

SECOND_US = 1_000_000
KEY_WAIT_MS = 2_000
"How long a key is waited for after an announcement, where keys mean something."
AGAIN_S = 10
"Seconds of music between two questions of a leg."


class WaitingCallers:
    """What those who wait hear."""

    def __init__(self, state: st.State, deadlines: Deadlines, staffing: Staffing, directory: Directory) -> None:
        """Take over a state."""
        self._state = state
        self._deadlines = deadlines
        self._staffing = staffing
        self._directory = directory

    def _rules(self, queue: str) -> model.WaitingCaller:
        bound = self._directory.queues.get(queue)
        return bound.queue.waiting if bound else model.WaitingCaller()

    # -- coming and going

    def enter(self, interaction: st.Interaction, waiting: st.Waiting, ahead: int, *, anew: bool) -> None:
        """Begin to comfort a caller who came to a queue; one whom a crash made us forget is not welcomed again."""
        rules = self._rules(waiting.queue)
        outlook = self._state.outlooks.setdefault(waiting.queue, Outlook())
        says = bool(rules.position or rules.expected_wait or rules.sounds)
        comfort = Comfort(
            next_at=interaction.since + rules.first_s * SECOND_US if says else 0,
            welcomed=not anew or not rules.welcome,
        )
        if anew:
            staff = self._staffing.at_work(waiting.queue)
            comfort.guesses = [estimate.guess(outlook, waiting.entered_at, ahead, staff)]
        comfort.due = not comfort.welcomed
        interaction.comfort = comfort

    def resume(self, now: int, interaction: st.Interaction) -> None:
        """Let the announcements of somebody who waits (again) come when they are due."""
        comfort = interaction.comfort
        if comfort is not None and comfort.next_at and not interaction.is_called_back:
            self._deadlines.set(f"say/{interaction.id}", max(comfort.next_at, now))

    def offered(self, now: int, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Learn nothing from a caller for whom an agent was free at once; begin no words while a phone rings."""
        self._deadlines.drop(f"say/{interaction.id}")
        if interaction.comfort is not None and now == waiting.entered_at:
            interaction.comfort.guesses.clear()

    def answered(self, now: int, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Learn from a wait that ended with an agent."""
        if interaction.comfort is not None and not interaction.is_called_back:
            estimate.answered(self._outlook(waiting), interaction.comfort.guesses, now, self._state.day)
        self.stop(interaction)

    def given_up(self, now: int, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Learn from a wait that the caller ended."""
        guesses = interaction.comfort.guesses if interaction.comfort is not None else []
        estimate.given_up(self._outlook(waiting), guesses, now, self._state.day)

    def stop(self, interaction: st.Interaction) -> None:
        """Comfort no more: the caller has left the queue."""
        interaction.comfort = None
        self._deadlines.drop(f"say/{interaction.id}")

    def _outlook(self, waiting: st.Waiting) -> Outlook:
        return self._state.outlooks.setdefault(waiting.queue, Outlook())

    # -- what is said

    def due(self, turn: Turn, interaction: st.Interaction) -> None:
        """Say what is due, as soon as the leg listens."""
        comfort = interaction.comfort
        if comfort is not None:
            comfort.due = True
            if not comfort.prompt:
                turn.ask(ask.Recall(leg=interaction.leg))

    def tell(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting, ahead: int | None) -> None:
        """Tell a leg that asks: what is due to be said, else music. `ahead` is None while an agent's phone rings."""
        comfort = interaction.comfort
        if comfort is not None:
            comfort.prompt = 0
            if comfort.due and comfort.placed:
                comfort.due = False
                sounds = self._sounds(turn.now, comfort, waiting, ahead)
                if sounds:
                    self._say(turn, interaction, comfort, waiting, sounds)
                    return
                self._go_on(turn.now, interaction, comfort, waiting)
            comfort.placed = True
        self._hold(turn, interaction, waiting, AGAIN_S if comfort is None or not comfort.due else 0)

    def _sounds(self, now: int, comfort: Comfort, waiting: st.Waiting, ahead: int | None) -> tuple[str, ...]:
        rules = self._rules(waiting.queue)
        sounds: list[str] = []
        if not comfort.welcomed:
            comfort.welcomed = True
            sounds.append(rules.welcome)
        if ahead is not None and comfort.next_at and comfort.next_at <= now:
            comfort.next_at = 0
            if rules.position:
                sounds.append(self._position(comfort, rules, ahead))
            if rules.expected_wait:
                sounds.extend(self._expected_wait(now, comfort, waiting, ahead))
            if rules.sounds:
                sounds.append(rules.sounds[comfort.spoken % len(rules.sounds)])
            comfort.spoken += 1
        return tuple(sounds)

    def _position(self, comfort: Comfort, rules: model.WaitingCaller, ahead: int) -> str:
        position = ahead + 1
        if comfort.position and not rules.position_may_rise:
            position = min(position, comfort.position)
        comfort.position = position
        return position_sound(position)

    def _expected_wait(self, now: int, comfort: Comfort, waiting: st.Waiting, ahead: int) -> tuple[str, ...]:
        staff = self._staffing.at_work(waiting.queue)
        guess = estimate.guess(self._outlook(waiting), now, ahead, staff, comfort.said)
        if not guess.high_s:
            return ()
        comfort.said = guess
        if len(comfort.guesses) < estimate.GUESSES_MAX:
            comfort.guesses.append(guess)
        return wait_sounds(guess.low_s, guess.high_s)

    def _say(
        self, turn: Turn, interaction: st.Interaction, comfort: Comfort, waiting: st.Waiting, sounds: tuple[str, ...]
    ) -> None:
        rules = self._rules(waiting.queue)
        self._state.minted += 1
        comfort.prompt = self._state.minted
        interaction.customer.do(st.Doing.TOLD, turn.now)
        keys = rules.leave_key + rules.callback_key
        turn.ask(
            ask.Prompt(
                leg=interaction.leg,
                prompt=comfort.prompt,
                sounds=sounds,
                language=interaction.language,
                keys=keys,
                wait_ms=KEY_WAIT_MS if keys else 0,
            )
        )

    def place(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Let the channel of a leg know its place, and be recorded, before it is told more."""
        self._hold(turn, interaction, waiting, 0)

    def _hold(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting, again_s: int) -> None:
        interaction.customer.do(st.Doing.TOLD, turn.now)
        bound, rules = self._directory.queues.get(waiting.queue), self._rules(waiting.queue)
        turn.ask(
            ask.Hold(
                leg=interaction.leg,
                interaction=interaction.id,
                queue=waiting.queue,
                music=bound.queue.music if bound else "default",
                place=f"{interaction.priority},{waiting.entered_at},{waiting.ticket}",
                recording=interaction.recording if is_running(interaction) else "",
                keys=rules.leave_key + rules.callback_key,
                again_s=again_s,
            )
        )

    def heard(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting, fact: Prompted) -> None:
        """Take in that an announcement is over."""
        comfort = interaction.comfort
        if comfort is not None and comfort.prompt and comfort.prompt == fact.prompt:
            comfort.prompt = 0
            interaction.customer.do(st.Doing.ASKING, turn.now)
            self._go_on(turn.now, interaction, comfort, waiting)

    def meaning(self, queue: str, key: str) -> str:
        """Tell what a key means to those who wait: `left`, `callback`, or nothing."""
        rules = self._rules(queue)
        if key and key == rules.leave_key:
            return "left"
        return "callback" if key and key == rules.callback_key else ""

    def _go_on(self, now: int, interaction: st.Interaction, comfort: Comfort, waiting: st.Waiting) -> None:
        """Let the next announcement come after its music."""
        rules = self._rules(waiting.queue)
        if not comfort.next_at and comfort.spoken and rules.every_s:
            comfort.next_at = now + rules.every_s * SECOND_US
            self.resume(now, interaction)
