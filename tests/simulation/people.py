"""The people of a simulated day: callers with patience who call again, agents who do as agents do."""

from functools import partial
from random import Random

from appliance.core import effects, facts, model
from appliance.core import state as st
from appliance.core.facts import Leg
from drivers.simulated.line import Line
from tests.simulation.box import Box

NORMAL = 16
DEAD_PHONE = 27
FORWARDED_S = 20.0
"How long a caller talks who was sent on to somebody."
BUSY_AGENT_S = (4.0, 40.0)
"How often an agent looks at the desk."


class Callers:
    """Everybody who calls."""

    def __init__(self, box: Box, dice: Random, *, company: model.Configuration, calls: int, per_s: float) -> None:
        """Begin to call, so often, until so many calls were placed."""
        self._box = box
        self._dice = dice
        self._trunks = tuple(trunk.slug for trunk in company.trunks)
        self._numbers = tuple(number.slug for number in company.numbers)
        self._agents = tuple(agent.slug for agent in company.agents)
        self._queues = tuple(queue.slug for queue in company.queues)
        self._extensions = tuple(phone.slug for phone in company.extensions)
        self._left = calls
        self._per_s = per_s
        self._parties = 0
        self.patient = False
        "Whether everybody waits for however long it takes."
        self.talk_s = dice.uniform(10, 60)
        self.patience_s = dice.uniform(20, 200)
        self._talked: set[Leg] = set()
        box.exchange.on_dial = self._dialled
        box.cut_off = self._cut_off
        box.clock.callLater(0, self._arrive)

    @property
    def all_called(self) -> bool:
        """Whether every call was placed."""
        return self._left <= 0

    def _arrive(self) -> None:
        if self._left > 0:
            self._parties += 1
            self._call(f"p{self._parties}")
            self._box.clock.callLater(self._dice.expovariate(self._per_s), self._arrive)

    def _call(self, party: str, number: str = "") -> None:
        if self._left <= 0:
            return
        self._left -= 1
        if not self._box.exchange_up:
            return
        line = self._box.exchange.call(
            number or self._dice.choice(self._numbers),
            party=party,
            trunk=self._trunks[self._left % len(self._trunks)],
            view=self._view(),
        )
        self._box.writing.call(line)
        self._box.clock.callLater(self._dice.expovariate(1 / self.patience_s), lambda: self._give_up(line))

    def _view(self) -> facts.PartyView:
        dice = self._dice
        known = dice.choice(["", "", *self._agents])
        return facts.PartyView(
            blocked=dice.random() < 0.01,
            withheld=dice.random() < 0.05,
            grade=dice.choice(["", "", "", "gold", "lead"]),
            priority=dice.choice([0, 0, 0, 0, 1, 7]),
            preferred=known if dice.random() < 0.5 else "",
            last_agent=known,
        )

    def _give_up(self, line: Line) -> None:
        if line.doing in {"gone", "bridged"} or self.patient or line.leg in self._talked:
            return
        self._box.exchange.end(line.leg)
        if self._dice.random() < 0.4:
            self._box.clock.callLater(self._dice.uniform(1, 60), lambda: self._call(line.party))

    def _cut_off(self, line: Line) -> None:
        """Call again, the same number, where an exchange that failed has cut the line."""
        if line.number and self._dice.random() < 0.5:
            self._box.clock.callLater(self._dice.uniform(5, 90), lambda: self._call(line.party, line.number))

    def _dialled(self, line: Line) -> None:
        """Pick up when called back, or not."""
        luck = 1.0 if self.patient else self._dice.random()
        after = self._dice.uniform(1, 10)
        if luck > 0.3:
            self._box.clock.callLater(after, lambda: self._box.exchange.pick_up(line))
        elif luck > 0.15:
            self._box.clock.callLater(after, lambda: self._box.exchange.refuse(line, "busy"))

    def prompted(self, effect: effects.Prompt) -> None:
        """Press a key, or not, when asked for one."""
        line = self._box.exchange.lines.get(effect.leg)
        if line is not None and effect.keys and self._dice.random() < 0.9:
            key = self._dice.choice("11111119" if line.dialled else "1112234*")
            self._box.clock.callLater(self._dice.uniform(0.2, 6), lambda: self._press(line, effect.prompt, key))

    def _press(self, line: Line, prompt: int, key: str) -> None:
        if line.prompt == prompt:
            self._box.exchange.press(line, key)

    def joined(self, legs: tuple[Leg, Leg]) -> None:
        """Talk, and end it one way or another."""
        self._talked.add(legs[0])
        self._box.clock.callLater(self._dice.expovariate(1 / self.talk_s), lambda: self._hang_up(*legs))

    def _hang_up(self, caller: Leg, agent: Leg) -> None:
        line = self._box.exchange.lines.get(agent)
        if line is None or line.partner != caller:
            return
        match self._dice.randrange(20):
            case 0:
                self._box.exchange.end(agent, DEAD_PHONE)
            case 1 | 2 | 3:
                self._box.exchange.end(agent, NORMAL)
            case 4 | 5 | 6:
                self._box.command(facts.HangUpCall, line.agent, interaction=line.interaction)
                self._box.clock.callLater(5, lambda: self._hang_up(caller, agent))
            case 7:
                to = self._target()
                self._box.command(facts.TransferCall, line.agent, interaction=line.interaction, to=to)
                self._box.clock.callLater(5, lambda: self._hang_up(caller, agent))
            case 8:
                self._box.exchange.refer(line, self._target())
            case _:
                self._box.exchange.end(caller, NORMAL)

    def _target(self) -> facts.Target:
        """Draw where an agent sends a caller on."""
        dice = self._dice
        return dice.choice(
            [
                facts.Target(queue=dice.choice(self._queues)),
                facts.Target(agent=dice.choice(self._agents)),
                facts.Target(number=dice.choice(self._numbers)),
                facts.Target(extension=dice.choice(self._extensions)),
            ]
        )


class Agents:
    """Everybody who works."""

    def __init__(self, box: Box, dice: Random, company: model.Configuration) -> None:
        """Come to work, one after the other."""
        self._box = box
        self._dice = dice
        self.diligent = False
        "Whether everybody works without a break and takes every call."
        self._contacts = 0
        self.slugs = tuple(agent.slug for agent in company.agents)
        self.extensions = {agent.slug: agent.extension for agent in company.agents}
        box.exchange.on_ring = self.rung
        for slug in self.slugs:
            self._soon(slug, dice.uniform(0, 5))

    def _soon(self, slug: str, seconds: float) -> None:
        self._box.clock.callLater(seconds, lambda: self._look(slug))

    def _look(self, slug: str) -> None:
        self._soon(slug, self._dice.uniform(*BUSY_AGENT_S))
        centre = self._box.centre
        agent = centre.state.agents.get(slug) if centre else None
        if agent is not None:
            self._do(slug, agent.state, agent.wants_break != "" or agent.wants_out)

    def _do(self, slug: str, state: st.AgentState, wants_away: bool) -> None:  # noqa: FBT001  one caller
        box, luck = self._box, self._dice.random()
        match state:
            case st.SignedOut() if luck < 0.8 or self.diligent:
                box.command(facts.SignOn, slug)
            case st.OnBreak() | st.Missed() if luck < 0.6 or self.diligent:
                box.command(facts.EndBreak, slug)
            case st.WrapUp() if luck < 0.3:
                box.command(facts.EndWrapUp, slug)
            case st.WrapUp(interaction=interaction) if luck < 0.4:
                box.command(facts.Dispose, slug, interaction=interaction, disposition="order")
            case st.WrapUp() if luck < 0.5 and not self.diligent:
                box.command(facts.ExtendWrapUp, slug, by_s=self._dice.choice([5, 20]))
            case _ if wants_away and (luck < 0.3 or self.diligent):
                box.command(facts.EndBreak, slug)
                box.command(facts.SignOn, slug)
            case _ if luck > 0.98 and not self.diligent:
                self._own_call(slug)
            case _ if luck > 0.96 and not self.diligent:
                box.command(facts.TakeBreak, slug, reason=self._dice.choice(["lunch", "training"]))
            case _ if luck > 0.90 and not self.diligent:
                self._leave(slug) if luck > 0.94 else self._write(slug)
            case _:
                pass

    def _leave(self, slug: str) -> None:
        self._box.command(facts.SignOff, slug)

    def _own_call(self, slug: str) -> None:
        """Call somebody from the desk, without us."""
        box, extension = self._box, self.extensions[slug]
        box.observe(facts.PhoneBusy(extension=extension, busy=True))
        over = facts.PhoneBusy(extension=extension, busy=False)
        box.clock.callLater(self._dice.uniform(5, 60), lambda: box.observe(over))

    def _write(self, slug: str) -> None:
        """Have a chat or a mail in hand for a while, if one may be given."""
        box, medium = self._box, self._dice.choice(["chat", "mail"])
        agent = box.centre.state.agents.get(slug) if box.centre else None
        if box.centre is not None and agent is not None and not box.centre.why_no_contact(agent, medium):
            self._contacts += 1
            contact = f"{medium}-{self._contacts}"
            box.observe(facts.ContactTaken(agent=slug, contact=contact, medium=medium))
            box.clock.callLater(self._dice.uniform(5, 60), lambda: self._done(slug, contact))

    def _done(self, slug: str, contact: str) -> None:
        """Be done with a contact, and say so until it is heard, and not forgotten by a kill before the commit."""
        self._box.observe(facts.ContactDone(agent=slug, contact=contact))
        self._box.clock.callLater(30, lambda: self._look_again(slug, contact))

    def _look_again(self, slug: str, contact: str) -> None:
        centre = self._box.centre
        agent = centre.state.agents.get(slug) if centre else None
        if centre is None or (agent is not None and contact in agent.tasks):
            self._done(slug, contact)

    def rung(self, line: Line) -> None:
        """Pick up, refuse, or let it ring."""
        luck, exchange = self._dice.random(), self._box.exchange
        after = self._dice.uniform(0.5, 6)
        if line.forwarded is not None:
            ends_s = after + self._dice.expovariate(1 / FORWARDED_S)
            self._box.clock.callLater(ends_s, partial(exchange.end, line.forwarded))
        if luck < 0.85 or self.diligent:
            self._box.clock.callLater(after, lambda: exchange.pick_up(line))
            if line.forwarded:
                self._box.clock.callLater(after + 20, lambda: exchange.end(line.leg))
        elif luck < 0.92:
            cause = self._dice.choice(["busy", "refused", "unreachable", "failed"])
            self._box.clock.callLater(after, lambda: exchange.refuse(line, cause))

    def phone(self, slug: str, *, reachable: bool) -> None:
        """Plug an agent's phone in, or pull its plug: its calls are cut as by a dead phone."""
        exchange, extension = self._box.exchange, self.extensions[slug]
        for line in [line for line in exchange.lines.values() if line.extension == extension and not reachable]:
            exchange.end(line.leg, DEAD_PHONE)
        if exchange.name and self._box.exchange_up:
            exchange.see(extension, reachable=reachable)
