"""An interaction's life: arrival, the walk through a flow, waiting, leaving, and the record of it all."""

import re
from typing import assert_never

from appliance.core import effects as ask
from appliance.core import state as st
from appliance.core.cdr import CDR, Outcome, Segment, Stretch
from appliance.core.directory import PRIORITY, Directory
from appliance.core.facts import Leg, LegAsked, Prompted
from appliance.core.queue import Queues
from appliance.core.recording import is_recorded
from appliance.core.steps import End, Enqueue, Heard, Leave, Say, Send, Step, Visit
from appliance.core.turn import Deadlines, Turn

STEPS_MAX = 50
"Steps of a flow in one turn; a flow that takes more goes in circles and is ended."
LEAVE_S = 10
"Seconds after which a leg that we hung up is taken for gone."
SECOND_US = 1_000_000
UNALLOCATED = 1
"Q.850: unallocated number."
REJECTED = 21
"Q.850: call rejected."
PLACE = re.compile(r"[1-9],\d{1,18},\d{1,18}", re.ASCII)
"Priority, time of entry, number: what `Hold` wrote."
FAILURES = ("switch_failure", "internal_error", "unknown_number", "flow_loop", "blocked")
"Causes that make a call's outcome `failed`, unless somebody talked."


class Interactions:
    """All interactions of the centre, by id."""

    def __init__(self, state: st.State, deadlines: Deadlines, queues: Queues, directory: Directory) -> None:
        """Take over the interactions of a state."""
        self._state = state
        self._deadlines = deadlines
        self._queues = queues
        self.directory = directory

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
        adopted = fact.interaction not in self._state.interactions and self._place(turn, fact)
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
            state=st.Walking(flow=number.flow if number else "", node=""),
            first=(self._state.boot, self._state.sequence),
        )
        self._state.interactions[interaction.id] = interaction
        self._state.legs[interaction.leg] = interaction.id
        turn.touch(interaction.id)
        if adopted:
            self._wait(turn, interaction, adopted[1])
        elif number is None:
            self.leave(turn, interaction, "unknown_number", UNALLOCATED)
        elif fact.view.blocked:
            self.leave(turn, interaction, "blocked", REJECTED)
        else:
            turn.ask(ask.AnswerLeg(leg=interaction.leg))
            flow = self.directory.flows.get(number.flow)
            self.walk(turn, interaction, number.flow, flow.nodes[0].id if flow and flow.nodes else "")

    def _place(self, turn: Turn, fact: LegAsked) -> tuple[int, st.Waiting] | None:
        if fact.queue not in self.directory.queues or not PLACE.fullmatch(fact.place):
            return None
        priority, entered_at, ticket = (int(number) for number in fact.place.split(","))
        if entered_at > turn.now:
            return None
        self._state.tickets = max(self._state.tickets, ticket)
        number = self.directory.numbers.get(fact.number)
        flow = number.flow if number else ""
        return priority, st.Waiting(
            flow=flow,
            node=self.directory.queue_node(flow, fact.queue),
            queue=fact.queue,
            entered_at=entered_at,
            ticket=ticket,
        )

    # -- the walk through a flow

    def asked_again(self, turn: Turn, interaction: st.Interaction) -> None:
        """Tell a leg that we know and that asks what to do."""
        interaction.customer.do(st.Doing.ASKING, turn.now)
        match interaction.state:
            case st.Walking(flow=flow, node=node):
                self.walk(turn, interaction, flow, node)
            case st.Waiting() | st.Offered() | st.Joining() | st.Connected():
                self._hold(turn, interaction, waiting_of(interaction.state))
            case st.Forwarded(flow=flow, node=node):
                self.go_on(turn, interaction, flow, node, "failed")
            case st.Leaving():
                turn.ask(ask.HangUp(leg=interaction.leg))
            case _:
                assert_never(interaction.state)

    def prompted(self, turn: Turn, interaction: st.Interaction, fact: Prompted) -> None:
        """Let the node hear the outcome of its prompt; an outcome that nobody awaits is nothing."""
        state = interaction.state
        if not isinstance(state, st.Walking) or state.prompt != fact.prompt:
            return
        interaction.customer.do(st.Doing.ASKING, turn.now)
        bound = self.directory.node(state.flow, state.node)
        step: Step = End()
        if bound is not None:
            step = bound.kind.hear(bound.options, Heard(key=fact.key, tries=state.tries))
        self._step(turn, interaction, state.flow, state.node, step)

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
                    bound_queue = self.directory.queues.get(queue)
                    if bound_queue is None or 0 < bound_queue.queue.length_max <= self._queues.length(queue):
                        step = Leave(exit="full")
                        interaction.left_queue = True
                        if bound_queue is not None:
                            self._queues.counts(queue).flowed_out += 1
                        continue
                    self._state.tickets += 1
                    interaction.priority = self._queues.priority(queue, interaction.number, flow, interaction.view)
                    self._wait(
                        turn,
                        interaction,
                        st.Waiting(flow=flow, node=node, queue=queue, entered_at=turn.now, ticket=self._state.tickets),
                    )
                    return
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

    def _wait(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        queue = self.directory.queues[waiting.queue].queue
        if is_recorded(queue) and not interaction.recording:
            interaction.recording = f"{self._state.boot:06d}-{self.mint():08d}"
        self.wait_again(turn, interaction, waiting)
        self._hold(turn, interaction, waiting)

    def wait_again(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        """Put a caller (back) at the place that arrival gave."""
        self.change(turn, interaction, waiting)
        self._queues.enter(interaction, waiting)
        bound = self.directory.queues.get(waiting.queue)
        if bound is None:
            self._deadlines.set(f"wait/{interaction.id}", turn.now)
        elif bound.queue.wait_s_max:
            until = waiting.entered_at + bound.queue.wait_s_max * SECOND_US
            self._deadlines.set(f"wait/{interaction.id}", max(until, turn.now))

    def waited_too_long(self, turn: Turn, interaction: st.Interaction) -> None:
        """Leave the queue by its exit `timeout`."""
        waiting = interaction.state
        if not isinstance(waiting, st.Waiting):
            return
        self._queues.leave(interaction, waiting)
        self._queues.counts(waiting.queue).flowed_out += 1
        interaction.left_queue = True
        self._segment(turn, interaction, Outcome.FLOWED_OUT)
        interaction.state = st.Walking(flow=waiting.flow, node=waiting.node)
        self.go_on(turn, interaction, waiting.flow, waiting.node, "timeout")
        self._recall(turn, interaction)

    def _recall(self, turn: Turn, interaction: st.Interaction) -> None:
        if isinstance(interaction.state, st.Walking) and not interaction.asks:
            turn.ask(ask.Recall(leg=interaction.leg))

    def _hold(self, turn: Turn, interaction: st.Interaction, waiting: st.Waiting) -> None:
        interaction.customer.do(st.Doing.TOLD, turn.now)
        bound = self.directory.queues.get(waiting.queue)
        turn.ask(
            ask.Hold(
                leg=interaction.leg,
                interaction=interaction.id,
                queue=waiting.queue,
                music=bound.queue.music if bound else "default",
                place=f"{interaction.priority},{waiting.entered_at},{waiting.ticket}",
                recording=interaction.recording,
            )
        )

    # -- the end

    def leave(self, turn: Turn, interaction: st.Interaction, cause: str, code: int = 16) -> None:
        """Hang up on the customer; the record is filed when the leg is gone."""
        self.change(turn, interaction, st.Leaving(cause=cause))
        turn.ask(ask.HangUp(leg=interaction.leg, cause=code))
        self._deadlines.set(f"leave/{interaction.id}", turn.now + LEAVE_S * SECOND_US)

    def close(self, turn: Turn, interaction: st.Interaction, cause: str, outcome: Outcome | None = None) -> None:
        """File the record of an interaction whose customer is gone, and forget it."""
        self._segment(turn, interaction, outcome)
        segments = tuple(interaction.segments)
        for name in ("wait", "leave", "join"):
            self._deadlines.drop(f"{name}/{interaction.id}")
        self._state.legs.pop(interaction.leg, None)
        del self._state.interactions[interaction.id]
        talking = [segment for segment in segments if segment.stretch is Stretch.TALKING]
        turn.ask(
            ask.CallFiled(
                cdr=CDR(
                    interaction=interaction.id,
                    leg=interaction.leg,
                    trunk=interaction.trunk,
                    number=interaction.number,
                    party=interaction.party,
                    began=interaction.began,
                    ended=turn.now,
                    outcome=_outcome(interaction, segments, cause),
                    cause=cause,
                    segments=segments,
                    queue=next((s.queue for s in reversed(segments) if s.queue), ""),
                    agent=talking[-1].agent if talking else "",
                    wait_us=sum(s.until - s.since for s in segments if s.stretch is Stretch.WAITING),
                    talk_us=sum(s.until - s.since for s in talking),
                    recording=interaction.recording if talking else "",
                    first=interaction.first,
                    last=(self._state.boot, self._state.sequence),
                )
            )
        )

    def change(
        self, turn: Turn, interaction: st.Interaction, state: st.InteractionState, outcome: Outcome | None = None
    ) -> None:
        """Change an interaction's state; a new stretch begins where it differs from the last one."""
        if outcome is not None or _stretch(state) != _stretch(interaction.state):
            self._segment(turn, interaction, outcome)
        interaction.state = state

    def _segment(self, turn: Turn, interaction: st.Interaction, outcome: Outcome | None) -> None:
        stretch, node, queue, agent = _stretch(interaction.state)
        if turn.now > interaction.since or outcome is not None or stretch is Stretch.TALKING:
            interaction.segments.append(
                Segment(
                    stretch=stretch,
                    since=interaction.since,
                    until=turn.now,
                    node=node,
                    queue=queue,
                    agent=agent,
                    outcome=outcome,
                )
            )
        interaction.since = turn.now


def waiting_of(state: st.Waiting | st.Offered | st.Joining | st.Connected) -> st.Waiting:
    """Tell the queue visit that a state belongs to."""
    return state if isinstance(state, st.Waiting) else state.waiting


def _stretch(state: st.InteractionState) -> tuple[Stretch, str, str, str]:
    match state:
        case st.Walking(flow=flow, node=node):
            return Stretch.FLOW, f"{flow}/{node}" if node else "", "", ""
        case st.Waiting() | st.Offered() | st.Joining():
            return Stretch.WAITING, "", waiting_of(state).queue, ""
        case st.Connected(agent=agent):
            return Stretch.TALKING, "", state.waiting.queue, agent
        case st.Forwarded(flow=flow, node=node):
            return Stretch.FORWARDED, f"{flow}/{node}", "", ""
        case st.Leaving():
            return Stretch.FLOW, "", "", ""
        case _:
            assert_never(state)


def _outcome(interaction: st.Interaction, segments: tuple[Segment, ...], cause: str) -> Outcome:
    if any(segment.stretch is Stretch.TALKING for segment in segments):
        return Outcome.ANSWERED
    if cause in FAILURES:
        return Outcome.FAILED
    if any(segment.outcome is Outcome.ABANDONED for segment in segments):
        return Outcome.ABANDONED
    return Outcome.FLOWED_OUT if interaction.left_queue else Outcome.SELF_SERVED
