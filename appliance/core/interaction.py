"""An interaction's life: arrival, the walk through a flow, waiting, leaving, and the record of it all."""

from typing import assert_never

from appliance.core import effects as ask
from appliance.core import recording
from appliance.core import state as st
from appliance.core.callback import Callbacks
from appliance.core.cdr import Outcome
from appliance.core.directory import PRIORITY, Directory
from appliance.core.facts import Leg, LegAsked, Prompted
from appliance.core.filing import Visited, end_stretch, pass_by, record, stretch_of, waiting_of
from appliance.core.overflow import Overflows
from appliance.core.queue import Queues
from appliance.core.steps import CallBack, End, Enqueue, Heard, Leave, Say, Send, Step, Visit
from appliance.core.turn import Deadlines, Turn
from appliance.core.waiting import WaitingCallers

STEPS_MAX = 50
"Steps of a flow in one turn; a flow that takes more goes in circles and is ended."
LEAVE_S = 20
"Seconds after which a leg that we hung up is taken for gone: longer than a lost link to the exchange goes unnoticed."
SECOND_US = 1_000_000
UNALLOCATED = 1
"Q.850: unallocated number."
REJECTED = 21
"Q.850: call rejected."
CLOCKS = ("wait", "leave", "join", "say", "callback", "expire")
"The deadlines that an interaction may have."


class Interactions:
    """All interactions of the centre, by id."""

    def __init__(
        self,
        state: st.State,
        deadlines: Deadlines,
        queues: Queues,
        directory: Directory,
        *,
        overflows: Overflows,
        comfort: WaitingCallers,
    ) -> None:
        """Take over the interactions of a state."""
        self._state = state
        self._deadlines = deadlines
        self._queues = queues
        self._overflows = overflows
        self.comfort = comfort
        self.directory = directory
        self.callbacks = Callbacks(state, deadlines, directory)

    def at_leg(self, leg: Leg) -> st.Interaction | None:
        """Find the interaction that a leg belongs to."""
        return self._state.interactions.get(self._state.legs.get(leg, ""))

    def mint(self) -> int:
        """Make a number that is used once in this boot."""
        self._state.minted += 1
        return self._state.minted

    # -- arrival

    def arrive(self, turn: Turn, fact: LegAsked) -> None:
        """Take in a leg that we do not know, or that a crash made us forget while it waited."""
        number = self.directory.numbers.get(fact.number)
        adopted = fact.interaction not in self._state.interactions and self._queues.claim(fact)
        interaction = st.Interaction(
            id=fact.interaction if adopted else f"{self._state.boot:06d}-{self.mint():08d}",
            participants=[st.Participant(leg=fact.leg, role=st.Role.CUSTOMER, doing=st.Doing.ASKING, since=turn.now)],
            trunk=fact.trunk,
            number=fact.number if number else "",
            party=fact.party,
            view=fact.view,
            language=(number.language if number else "") or self.directory.company.language,
            priority=adopted[0] if adopted else PRIORITY,
            began=adopted[1].entered_at if adopted else turn.now,
            since=adopted[1].entered_at if adopted else turn.now,
            state=adopted[1] if adopted else st.Walking(flow=number.flow if number else "", node=""),
            first=(self._state.boot, self._state.sequence),
        )
        self._state.interactions[interaction.id] = interaction
        self._state.legs[interaction.leg] = interaction.id
        turn.touch(interaction.id)
        if adopted:
            self.enter(turn, interaction, adopted[1], anew=False)
        elif number is None:
            self.leave(turn, interaction, "unknown_number", UNALLOCATED)
        elif fact.view.blocked:
            self.leave(turn, interaction, "blocked", REJECTED)
        else:
            turn.ask(ask.AnswerLeg(leg=interaction.leg))
            self.begin(turn, interaction, number.flow)

    # -- the walk through a flow

    def begin(self, turn: Turn, interaction: st.Interaction, slug: str) -> None:
        """Enter a flow."""
        flow = self.directory.flows.get(slug)
        self.walk(turn, interaction, slug, flow.nodes[0].id if flow and flow.nodes else "")

    def asked_again(self, turn: Turn, interaction: st.Interaction, key: str = "") -> None:
        """Tell a leg that we know and that asks what to do, or has pressed a key in the music."""
        interaction.customer.do(st.Doing.ASKING, turn.now)
        match interaction.state:
            case st.Walking(flow=flow, node=node):
                self.walk(turn, interaction, flow, node)
            case st.Suspended(waiting=waiting):
                self.callbacks.assure(turn, interaction, waiting)
            case st.Waiting() | st.Offered() | st.Joining() | st.Connected() | st.Calling():
                self._on_key(turn, interaction, interaction.state, key)
            case st.Forwarded(flow=flow, node=node, exit=exit_name):
                self.go_on(turn, interaction, flow, node, exit_name)
            case st.Leaving():
                turn.ask(ask.HangUp(leg=interaction.leg))
            case _:
                assert_never(interaction.state)

    def prompted(self, turn: Turn, interaction: st.Interaction, fact: Prompted) -> None:
        """Let the node hear the outcome of its prompt; an outcome that nobody awaits is nothing.

        Only a caller who left the queue while something was said there is told how to go on.
        """
        state = interaction.state
        if isinstance(state, st.Walking) and not state.prompt:
            self.asked_again(turn, interaction)
            return
        if isinstance(state, st.Waiting | st.Offered | st.Joining):
            self._heard(turn, interaction, state, fact)
        if isinstance(state, st.Suspended) and interaction.promised.prompt == fact.prompt:
            turn.ask(ask.HangUp(leg=interaction.leg))
        if not isinstance(state, st.Walking) or state.prompt != fact.prompt:
            return
        interaction.customer.do(st.Doing.ASKING, turn.now)
        bound = self.directory.node(state.flow, state.node)
        step: Step = End()
        if bound is not None:
            step = bound.kind.hear(bound.options, Heard(key=fact.key, tries=state.tries))
        self._step(turn, interaction, state.flow, state.node, step)

    def _heard(
        self, turn: Turn, interaction: st.Interaction, state: st.Waiting | st.Offered | st.Joining, fact: Prompted
    ) -> None:
        """Go on after an announcement."""
        self.comfort.heard(turn, interaction, waiting_of(state), fact)
        if interaction.asks:
            self._on_key(turn, interaction, state, fact.key)

    def _on_key(self, turn: Turn, interaction: st.Interaction, state: Visited, key: str) -> None:
        """Do what a key means to somebody who waits, else hold."""
        waiting = waiting_of(state)
        meaning = self.meaning(interaction, waiting, key) if isinstance(state, st.Waiting) else ""
        if meaning == "callback":
            self._turn_into_callback(turn, interaction, waiting)
        elif meaning == "left":
            self._flow_out(turn, interaction, waiting, "left")
        else:
            self._hold(turn, interaction, waiting)

    def meaning(self, interaction: st.Interaction, waiting: st.Waiting, key: str) -> str:
        """Tell what a key does for somebody who waits: `callback`, `left`, or nothing."""
        meaning = self.comfort.meaning(waiting.queue, key)
        if meaning == "callback":
            return meaning if self.callbacks.may(interaction, waiting.queue) else ""
        bound = self.directory.node(waiting.flow, waiting.node)
        return meaning if bound is not None and bound.node.exits.get(meaning) else ""

    def go_on(self, turn: Turn, interaction: st.Interaction, flow: str, node: str, exit_name: str) -> None:
        """Leave a node by an exit."""
        self._step(turn, interaction, flow, node, Leave(exit=exit_name))

    def walk(self, turn: Turn, interaction: st.Interaction, flow: str, node: str) -> None:
        """Enter a node, now if the leg asks, else as soon as it does."""
        if not interaction.asks:
            self.change(turn, interaction, st.Walking(flow=flow, node=node))
            return
        self._step(turn, interaction, flow, node, self._enter(turn, flow, node))

    def _enter(self, turn: Turn, flow: str, node: str) -> Step:
        bound = self.directory.node(flow, node)
        if bound is None:
            return End()
        return bound.kind.enter(bound.options, Visit(now=turn.now, opening=self.directory.opening))

    def _step(self, turn: Turn, interaction: st.Interaction, flow: str, node: str, step: Step) -> None:
        for _ in range(STEPS_MAX):
            match step:
                case Leave(exit=exit_name, path=path):
                    if path:
                        interaction.path.append(path)
                    bound = self.directory.node(flow, node)
                    following = bound.node.exits.get(exit_name, "") if bound else ""
                    if following != "" and not interaction.asks:
                        self.walk(turn, interaction, flow, following)
                        return
                    node = following
                    step = self._enter(turn, flow, node)
                case Enqueue(queue=queue):
                    exit_name = self._exit_at_entry(turn, interaction, flow, node, queue)
                    if not exit_name:
                        self.enter(turn, interaction, self.visit(turn, flow, node, queue), anew=True)
                        return
                    step = Leave(exit=exit_name)
                case CallBack(queue=queue):
                    if self.callbacks.may(interaction, queue):
                        self._turn_into_callback(turn, interaction, self.visit(turn, flow, node, queue))
                        return
                    step = Leave(exit="refused")
                case Say() | Send() | End():
                    self._do(turn, interaction, flow, node, step)
                    return
                case _:
                    assert_never(step)
        self.leave(turn, interaction, "flow_loop")

    def _do(self, turn: Turn, interaction: st.Interaction, flow: str, node: str, step: Say | Send | End) -> None:
        match step:
            case Say():
                prompt = self.mint()
                self.change(turn, interaction, st.Walking(flow=flow, node=node, prompt=prompt, tries=step.tries))
                interaction.customer.do(st.Doing.TOLD, turn.now)
                turn.ask(
                    ask.Prompt(
                        leg=interaction.leg,
                        prompt=prompt,
                        sounds=step.sounds,
                        language=interaction.language,
                        keys=step.keys,
                        wait_ms=step.wait_ms,
                    )
                )
            case Send():
                self.change(turn, interaction, st.Forwarded(flow=flow, node=node))
                interaction.customer.do(st.Doing.TOLD, turn.now)
                turn.ask(
                    ask.Forward(
                        leg=interaction.leg,
                        interaction=interaction.id,
                        extension=step.extension,
                        outside=step.outside,
                        ring_s=step.ring_s,
                    )
                )
            case End():
                self.leave(turn, interaction, "flow")
            case _:
                assert_never(step)

    # -- waiting

    def visit(self, turn: Turn, flow: str, node: str, queue: str) -> st.Waiting:
        """Draw the ticket of a queue visit that begins now."""
        self._state.tickets += 1
        return st.Waiting(flow=flow, node=node, queue=queue, entered_at=turn.now, ticket=self._state.tickets)

    def _exit_at_entry(self, turn: Turn, interaction: st.Interaction, flow: str, node: str, queue: str) -> str:
        if queue not in self.directory.queues:
            interaction.left_queue = True
            return "full"
        exit_name = self._overflows.at_entry(turn.now, interaction, flow, node, queue)
        if exit_name:
            interaction.left_queue = True
            interaction.left.append(queue)
            self._queues.counts(queue).flowed_out += 1
            pass_by(interaction, turn.now, queue, Outcome.FLOWED_OUT)
        return exit_name

    def enter(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting, *, anew: bool) -> None:
        """Begin a queue visit; one that is not anew goes on with the rank that the caller has."""
        bound = self.directory.queues.get(waiting.queue)
        if anew:
            self._queues.welcome(interaction, waiting)
        if bound is not None:
            recording.enter(self._state, interaction, bound.queue, self.mint)
        self.wait_again(turn, interaction, waiting)
        self.comfort.enter(interaction, waiting, self._queues.position(interaction.id), anew=anew)
        self.comfort.resume(turn.now, interaction)
        if interaction.asks:
            self._hold(turn, interaction, waiting)

    def wait_again(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Put a caller (back) at the place that arrival gave."""
        self.change(turn, interaction, waiting)
        self._queues.enter(interaction, waiting)
        self.wait_on(turn, interaction, waiting)

    def wait_on(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Let the clocks of somebody who waits run (again)."""
        if interaction.is_called_back:
            self.callbacks.arm(turn.now, interaction, waiting)
        else:
            self._overflows.arm(turn.now, interaction, waiting)
            self.comfort.resume(turn.now, interaction)

    def waited_too_long(self, turn: Turn, interaction: st.Interaction) -> None:
        """Leave the queue by overflow: the time is over, or it has closed."""
        waiting = interaction.state
        if isinstance(waiting, st.Waiting) and not interaction.is_called_back:
            exit_name = self._overflows.due(turn.now, interaction, waiting)
            if exit_name:
                interaction.left.append(waiting.queue)
                self._flow_out(turn, interaction, waiting, exit_name)

    def alone(self, turn: Turn, queue: str) -> None:
        """Let those leave who wait where nobody has been signed on for long enough."""
        for interaction in [self._state.interactions[name] for _, name in self._queues.waiting(queue)]:
            waiting = self._queues.visits[interaction.id]
            exit_name = "" if interaction.is_called_back else self._overflows.alone(turn.now, interaction, waiting)
            if exit_name:
                turn.touch(interaction.id)
                interaction.left.append(queue)
                self._flow_out(turn, interaction, waiting, exit_name)

    def say(self, turn: Turn, interaction: st.Interaction) -> None:
        """Let a waiting caller hear what is due; nothing new begins while an agent's phone rings."""
        if isinstance(interaction.state, st.Waiting):
            self.comfort.due(turn, interaction)

    def _flow_out(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting, exit_name: str) -> None:
        self._queues.leave(interaction, waiting)
        anew, counts = interaction.counted != waiting.ticket, self._queues.counts(waiting.queue)
        if interaction.is_callback(waiting):
            counts.callbacks_failed += anew
        else:
            counts.flowed_out += anew
        interaction.left_queue = True
        self._segment(turn, interaction, Outcome.FLOWED_OUT if anew else None)
        self._stop_waiting(interaction)
        interaction.state = st.Walking(flow=waiting.flow, node=waiting.node)
        self.go_on(turn, interaction, waiting.flow, waiting.node, exit_name)
        self._recall(turn, interaction)

    def _stop_waiting(self, interaction: st.Interaction) -> None:
        self.comfort.stop(interaction)
        self._deadlines.drop(f"wait/{interaction.id}")

    def _recall(self, turn: Turn, interaction: st.Interaction) -> None:
        if isinstance(interaction.state, st.Walking) and not interaction.asks:
            turn.ask(ask.Recall(leg=interaction.leg))

    def _hold(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        ahead = self._queues.position(interaction.id) if isinstance(interaction.state, st.Waiting) else None
        self.comfort.tell(turn, interaction, waiting, ahead)

    def _turn_into_callback(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Let a caller hang up and keep the place: the same entry, without the line."""
        if isinstance(interaction.state, st.Waiting):
            self._queues.leave(interaction, waiting)
            self._segment(turn, interaction, Outcome.CALLBACK)
        else:
            self._queues.welcome(interaction, waiting)
            pass_by(interaction, turn.now, waiting.queue, Outcome.CALLBACK)
        self._stop_waiting(interaction)
        interaction.state = st.Suspended(waiting=waiting)
        self.callbacks.promise(turn, interaction, waiting)
        self.callbacks.assure(turn, interaction, waiting)

    # -- the end

    def leave(self, turn: Turn, interaction: st.Interaction, cause: str, code: int = 16) -> None:
        """Hang up on the customer; the record is filed when the leg is gone, which we must see to believe."""
        self.change(turn, interaction, st.Leaving(cause=cause))
        turn.ask(ask.HangUp(leg=interaction.leg, cause=code))
        if interaction.leg.exchange in self._state.seen:
            self._deadlines.set(f"leave/{interaction.id}", turn.now + LEAVE_S * SECOND_US)

    def close(self, turn: Turn, interaction: st.Interaction, cause: str, outcome: Outcome | None = None) -> None:
        """File the record of an interaction whose customer is gone, and forget it."""
        self._segment(turn, interaction, outcome)
        for name in CLOCKS:
            self._deadlines.drop(f"{name}/{interaction.id}")
        for leg in (interaction.leg, interaction.callback.line if interaction.callback else interaction.leg):
            self._state.legs.pop(leg, None)
        del self._state.interactions[interaction.id]
        last = (self._state.boot, self._state.sequence)
        turn.ask(ask.CallFiled(cdr=record(interaction, interaction.since, cause, last)))

    def change(
        self, turn: Turn, interaction: st.Interaction, state: st.InteractionState, outcome: Outcome | None = None
    ) -> None:
        """Change an interaction's state; a new stretch begins where it differs from the last one."""
        if outcome is not None or stretch_of(interaction, state) != stretch_of(interaction, interaction.state):
            self._segment(turn, interaction, outcome)
        interaction.state = state

    def _segment(self, turn: Turn, interaction: st.Interaction, outcome: Outcome | None) -> None:
        end_stretch(interaction, turn.end_of(interaction.id, interaction.since), outcome)
