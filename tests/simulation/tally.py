"""The tally of a day: how often each kind of trouble and each part of routing really happened in it.

A day that holds every invariant proves nothing of what it did not do. What is counted here was seen in facts, effects
and the state; that a configuration would have allowed it does not count.
"""

from collections import Counter

from appliance.core import effects as ask
from appliance.core import facts
from appliance.core import state as st
from appliance.core.attempt import CONGESTED
from appliance.core.centre import Centre
from appliance.core.plugins import all_strategies
from drivers.simulated.exchange import SimulatedExchange
from tests.simulation.flows import EXITS, OUT

SECOND = 1_000_000
FAULTS = (
    "fault: lost link",
    "fault: phone gone",
    "fault: failing commit",
    "fault: commit failed",
    "fault: restart",
    "fault: restart twice",
    "fault: outage",
    "fault: exchange crash",
    "fault: publish",
    "fault: late hang-up",
    "fault: late deadline",
    "fault: late bridge",
    "fault: fact lost on the way",
    "fault: started again",
)
DUE = ("ring", "wrap-up", "missed", "day", "alone", "relax", "wait", "say", "callback", "expire", "join", "leave")
"Kinds of deadlines."
REFUSED = ("too_many_away", "break_used_up", "not_signed_on")
SEEN = (
    *(f"strategy: {name}" for name in all_strategies()),
    *(f"overflow: {out}" for out in EXITS),
    *(f"overflow to: {kind}" for kind in ("queue", "callback", "extension", "number", "announcement")),
    *(f"due: {kind}" for kind in DUE),
    *(f"offer failed: {cause}" for cause in ("busy", "failed", "no_answer", "refused", "unreachable")),
    *(f"dial failed: {cause}" for cause in ("busy", "congested", "failed", "no_answer")),
    *(f"refused: {why}" for why in REFUSED),
    *(f"command: {kind.__name__}" for kind in (facts.SignOn, facts.SignOff, facts.TakeBreak, facts.EndBreak)),
    *(f"command: {kind.__name__}" for kind in (facts.EndWrapUp, facts.ExtendWrapUp, facts.Dispose, facts.HangUpCall)),
    "skill relaxed while a prompt played",
    "skill relaxed in the music",
    "offer while a prompt played",
    "offer to several phones",
    "offer of the site",
    "offer to the agent they know",
    "offer to an agent who is lent",
    "offer ahead of an older caller of lower priority",
    "offer in a company whose priorities age",
    "left out: skill",
    "left out: site",
    "left out: own_call",
    "left out: unreachable",
    "left out: on_break",
    "left out: missed",
    "key in the music: leave",
    "key in the music: callback",
    "announced: position",
    "announced: expected wait",
    "callback: promised",
    "callback: dialled, agent first",
    "callback: dialled, customer first",
    "callback: dialled by the next trunk, for the last one was full",
    "callback: put off, for every trunk was full",
    "callback: asked to press 1",
    "callback: talked",
    "callback: given up",
    "caller: gave up waiting",
    "caller: gave up while a phone rang",
    "caller: blocked",
    "caller: withheld the number",
    "place: taken from the channel after a crash",
    "place: kept after a dead phone",
    "place: given back after the exchange failed",
    "break that began after the call",
    "call: known to the exchange alone",
    "call: told by the exchange, and known",
    "command: TransferCall",
    "caller sent on by a phone",
    "caller sent on who waits again",
    "contact: chat",
    "contact: mail",
    "left out: full",
    "refused: agent_not_free",
)
"What a run must have done, beside its faults."


class Tally:
    """Counts what happens in one Centre after another of a day."""

    def __init__(self, exchange: SimulatedExchange) -> None:
        """Begin with nothing."""
        self._exchange = exchange
        self.counts: Counter[str] = Counter()
        self._about: dict[str, st.InteractionState] = {}

    def add(self, what: str, times: int = 1) -> None:
        """Count something."""
        self.counts[what] += times

    def before(self, centre: Centre, now: int) -> None:
        """Count the deadlines that the next fact will find due."""
        first = centre.deadline()
        if first is None or first > now:
            return
        for name, at in centre.state.deadlines.items():
            if at <= now:
                kind, _, of = name.partition("/")
                self.add(f"due: {kind}")
                interaction = centre.state.interactions.get(of) if kind == "relax" else None
                line = self._exchange.lines.get(interaction.leg) if interaction is not None else None
                if line is not None and line.doing in {"prompt", "music"}:
                    self.add(f"skill relaxed {'while a prompt played' if line.doing == 'prompt' else 'in the music'}")

    def after(self, centre: Centre, fact: facts.AnyFact, asked: tuple[ask.AnyEffect, ...]) -> None:
        """Count what a fact was and what it did."""
        if isinstance(fact, facts.Started):
            self._about = {name: interaction.state for name, interaction in centre.state.interactions.items()}
        self._fact(fact)
        rings = Counter(effect.interaction for effect in asked if isinstance(effect, ask.Offer))
        self.add("offer to several phones", sum(count > 1 for count in rings.values()))
        for effect in asked:
            self._effect(centre, effect)
        for name in centre.about:
            self._interaction(name, centre.state.interactions.get(name), fact)

    def _fact(self, fact: facts.AnyFact) -> None:
        match fact:
            case facts.OfferFailed(cause=cause):
                self.add(f"offer failed: {cause}")
            case facts.DialFailed(cause=cause):
                self.add(f"dial failed: {cause}")
            case facts.AgentCommand():
                self.add(f"command: {type(fact).__name__}")
            case facts.SentOn():
                self.add("caller sent on by a phone")
            case facts.ContactTaken(medium=medium):
                self.add(f"contact: {medium}")
            case facts.LegAsked(view=view, interaction=""):
                self.add("caller: blocked", view.blocked)
                self.add("caller: withheld the number", view.withheld)
            case facts.CallsTold(calls=calls):
                self.add("call: told by the exchange, and known", len(calls))
            case _:
                pass

    def _effect(self, centre: Centre, effect: ask.AnyEffect) -> None:
        match effect:
            case ask.Answered(refused=refused) if refused:
                self.add(f"refused: {refused}")
            case ask.WorkFiled(agent=agent):
                on_break = agent in centre.state.agents and isinstance(centre.state.agents[agent].state, st.OnBreak)
                self.add("break that began after the call", on_break)
            case ask.Decided():
                self._decided(centre, effect)
            case ask.Offer(interaction=name):
                interaction = centre.state.interactions.get(name)
                line = self._exchange.lines.get(interaction.leg) if interaction is not None else None
                self.add("offer while a prompt played", line is not None and line.doing == "prompt")
            case ask.Prompt(sounds=sounds, keys=keys):
                self._prompted(sounds, keys)
            case ask.Forward():
                self._forwarded(centre, effect)
            case ask.Assure():
                self.add("callback: promised")
            case ask.Dial(interaction=name):
                calling = centre.state.interactions.get(name)
                kept = calling.state if calling is not None else None
                first = isinstance(kept, st.Calling) and kept.leg not in centre.state.legs
                self.add(f"callback: dialled, {'customer' if first else 'agent'} first")
                again = calling is not None and calling.promised.trunks_full > 0
                self.add("callback: dialled by the next trunk, for the last one was full", again)
            case ask.CallFiled(cdr=cdr):
                self.add("call: known to the exchange alone", cdr.alone)
                self.add("call: told by the exchange, and known", -cdr.alone)
                self.add("callback: talked", cdr.medium == "callback" and cdr.talk_us > 0)
                self.add("callback: given up", cdr.cause.startswith("callback_"))
            case _:
                pass

    def _forwarded(self, centre: Centre, effect: ask.Forward) -> None:
        sent = centre.state.interactions.get(effect.interaction)
        if sent is None or not isinstance(sent.state, st.Forwarded) or sent.state.back is None:
            self.add(f"overflow to: {'extension' if effect.extension else 'number'}")

    def _decided(self, centre: Centre, effect: ask.Decided) -> None:
        queue, agent = centre.directory.queues[effect.queue].queue, effect.chosen.agent
        self.add(f"strategy: {effect.strategy}")
        self.add("offer to an agent who is lent", agent not in queue.agents and effect.chosen.key != ())
        self.add("offer in a company whose priorities age", centre.directory.company.ageing_s > 0)
        for reason in effect.excluded:
            self.add(f"left out: {reason}")
        interaction = centre.state.interactions.get(effect.interaction)
        if interaction is None or not isinstance(interaction.state, st.Offered | st.Calling):
            return
        waiting = interaction.state.waiting
        waited_s = (centre.state.now - waiting.entered_at) / SECOND
        site = centre.directory.site(interaction.number)
        known = {interaction.view.preferred, interaction.view.last_agent}
        self.add("offer of the site", site != "" and waited_s < queue.local_s and "site" in effect.excluded)
        self.add("offer to the agent they know", waited_s < queue.prefer_s and agent in known)
        older = (
            other.state.entered_at < waiting.entered_at and other.priority > interaction.priority
            for other in centre.state.interactions.values()
            if isinstance(other.state, st.Waiting) and other.state.queue == effect.queue
        )
        self.add("offer ahead of an older caller of lower priority", any(older))

    def _prompted(self, sounds: tuple[str, ...], keys: str) -> None:
        for sound in sounds:
            if sound.startswith(OUT):
                self.add(f"overflow: {sound.removeprefix(OUT)}")
            elif sound.startswith("queue-position"):
                self.add("announced: position")
            elif sound.startswith("queue-wait"):
                self.add("announced: expected wait")
            elif sound == "confirm" and keys:
                self.add("callback: asked to press 1")

    def _interaction(self, name: str, interaction: st.Interaction | None, fact: facts.AnyFact) -> None:
        """Count how an interaction changed."""
        before = self._about.pop(name, None)
        waits = interaction is not None and isinstance(interaction.state, st.Waiting)
        self.add("caller sent on who waits again", isinstance(before, st.Forwarded) and waits)
        if interaction is None:
            if isinstance(fact, facts.LegEnded) and isinstance(before, st.Waiting | st.Offered):
                self.add(f"caller: gave up {'waiting' if isinstance(before, st.Waiting) else 'while a phone rang'}")
            return
        after = self._about[name] = interaction.state
        if isinstance(fact, facts.DialFailed) and fact.cause == CONGESTED:
            self.add("callback: put off, for every trunk was full", isinstance(after, st.Suspended))
        if isinstance(after, st.Waiting):
            self._waits(before, after, interaction, fact)
        key = fact.key if isinstance(fact, facts.LegAsked | facts.Prompted) else ""
        if isinstance(before, st.Waiting) and key:
            self.add("key in the music: leave", isinstance(after, st.Walking | st.Leaving))
            self.add("key in the music: callback", isinstance(after, st.Suspended))
        elif isinstance(before, st.Walking | st.Waiting):
            self.add("overflow to: callback", isinstance(after, st.Suspended))
        if isinstance(before, st.Walking) and before.node.startswith(OUT):
            self.add("overflow to: queue", isinstance(after, st.Waiting | st.Offered))
            self.add("overflow to: announcement", isinstance(after, st.Walking | st.Leaving) and after != before)

    def _waits(
        self, before: st.InteractionState | None, after: st.Waiting, interaction: st.Interaction, fact: facts.AnyFact
    ) -> None:
        if before is None and isinstance(fact, facts.LegAsked) and fact.interaction == interaction.id:
            self.add("place: taken from the channel after a crash")
        if isinstance(before, st.Connected) and before.waiting == after:
            self.add("place: kept after a dead phone")
        if interaction.credit_us > 0 and not isinstance(before, st.Waiting | st.Offered | st.Joining):
            self.add("place: given back after the exchange failed")
