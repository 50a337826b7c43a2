"""The simulated exchange: callers, phones and bridges as plain objects on a clock that is handed in.

It does what the dialplan and the bridges of a real exchange do (see `drivers/asterisk/dialplan.py`), reports the same
facts, and asks again for a leg on music as often as it was told to. Who hears what is known exactly: `Line.hears`.
"""

from collections.abc import Callable
from functools import partial
from itertools import count
from math import inf
from typing import assert_never

from appliance.api import Equipment
from appliance.core import effects, facts
from appliance.core.facts import Leg
from appliance.written import Chronicle
from drivers.simulated.clock import Timer, Timers
from drivers.simulated.line import Line

PROMPT_S = 2.0
"How long a prompt lasts."
HOP_S = 0.002
"How long anything takes on the wire."


class SimulatedExchange:
    """An exchange without hardware."""

    def __init__(
        self,
        timers: Timers,
        observe: Callable[[facts.AnyFact], None],
        *,
        label: Callable[[str], tuple[str, str]] = lambda party: (party, ""),
        name: str = "simulated",
        chronicle: Chronicle | None = None,
    ) -> None:
        """Stand ready; `observe` is given every fact, on the clock, never from within `perform`.

        `label` gives a party's number and name for the phone's display.
        """
        self.name = name
        self.health = {"exchange": "ok"}
        self.lines: dict[Leg, Line] = {}
        self.performed: list[effects.AnyCallEffect] = []
        "Everything that was asked of it, in order."
        self.reachable: set[str] = set()
        self.lines_max: dict[str, int] = {}
        "How many calls a trunk carries, in and out, before it has no line for one of ours; any number if not named."
        self.on_ring: Callable[[Line], None] = lambda _line: None
        "Told of every phone that begins to ring."
        self.on_over: Callable[[Line], None] = lambda _line: None
        "Told of every call that is over, whether or not anybody listens."
        self.chronicle = chronicle
        self.on_dial: Callable[[Line], None] = lambda _line: None
        "Told of every customer whose phone begins to ring."
        self._timers = timers
        self._observe = observe
        self.label = label
        self._ids = count(1)

    # -- the driver's side, as every exchange has it

    async def start(self) -> None:
        """Connect: say what is there."""
        self._later(self.found)

    async def configure(self, equipment: Equipment) -> None:
        """Take a configuration; every extension of it has a phone that can be reached."""
        self.reachable = {extension.slug for extension in equipment.configuration.extensions}
        self._later(self.found)

    async def stop(self) -> None:
        """Disconnect; calls go on without us."""

    def perform(self, effect: effects.AnyCallEffect) -> None:
        """Do what the Centre asks; the outcome comes as facts, a hop later."""
        self.performed.append(effect)
        match effect:
            case effects.Offer():
                self._offer(effect)
            case effects.Dial():
                self._dial(effect)
            case effects.CancelOffer(leg=leg) | effects.HangUp(leg=leg):
                self._later(lambda: self.end(leg))
            case effects.Bridge(legs=legs):
                self._later(lambda: self._bridge(legs))
            case effects.AnswerLeg():
                pass
            case effects.StopRecording(leg=leg):
                self._with(leg, lambda line: setattr(line, "recording", ""))
            case effects.FallBack(leg=leg):
                self._with(leg, self._fall_back)
            case effects.Recall(leg=leg):
                self._with(leg, self._recall)
            case effects.Prompt() | effects.Hold() | effects.Forward():
                self._with(effect.leg, lambda line: self._tell(line, effect))
            case _:
                assert_never(effect)

    # -- the people's side

    def call(self, number: str, *, party: str, trunk: str = "sim", view: facts.PartyView | None = None) -> Line:
        """Let somebody call a number of ours."""
        line = Line(
            leg=Leg(self.name, f"{next(self._ids):010d}.0"),
            number=number,
            trunk=trunk,
            party=party,
            view=view or facts.PartyView(),
        )
        self.lines[line.leg] = line
        self._later(lambda: self._ask(line))
        return line

    def press(self, line: Line, key: str) -> None:
        """Let a caller press a key; a key that nobody asked for is lost."""
        if line.doing == "prompt" and key in line.keys:
            self._prompted(line, key)
        elif line.doing == "music" and key in line.keys:
            self._quiet(line)
            line.key = key
            line.timers.append(self._later(lambda: self._ask(line)))

    def pick_up(self, line: Line) -> None:
        """Let a ringing phone be answered."""
        caller = self.lines.get(line.forwarded) if line.forwarded else None
        if line.doing == "ringing" and caller is not None:
            self._join_colleague(line, caller)
        elif line.doing == "ringing" and line.dialled:
            self._quiet(line)
            line.doing = "idle"
            self._later(lambda: self._ask(line))
        elif line.doing == "ringing":
            self._quiet(line)
            line.doing, line.hears = "idle", line.music
            self._later(lambda: self._observe(facts.OfferAnswered(offer=line.offer, leg=line.leg)))

    def refuse(self, line: Line, cause: str) -> None:
        """Let a ringing phone refuse: `refused`, `busy`, `unreachable`, `failed`."""
        caller = self.lines.get(line.forwarded) if line.forwarded else None
        if line.doing == "ringing" and caller is not None:
            self._come_back(caller)
        elif line.doing == "ringing" and line.dialled:
            self._not_reached(line, cause)
        elif line.doing == "ringing":
            self._fail(line, cause)

    def refer(self, line: Line, to: facts.Target) -> None:
        """Let an agent's phone send on whom it talks with; the phone hangs up."""
        caller = self.lines.get(line.partner) if line.partner else None
        if caller is not None:
            line.partner, caller.partner, caller.to = None, None, to
            self._quiet(caller)
            caller.doing = "idle"
            self._later(lambda: self._observe(facts.SentOn(leg=line.leg)))
            caller.timers.append(self._later(lambda: self._ask(caller)))
            self.end(line.leg)

    def end(self, leg: Leg, cause: int = 16) -> None:
        """Let a leg end, whoever ended it."""
        line = self.lines.pop(leg, None)
        if line is None:
            return
        was_ringing = line.doing == "ringing"
        self._quiet(line)
        line.doing = "gone"
        if line.is_customers:
            self.on_over(line)
        if was_ringing and line.dialled:
            self._later(lambda: self._observe(facts.DialFailed(leg=leg, cause="failed")))
        if was_ringing and line.offer:
            self._later(lambda: self._observe(facts.OfferFailed(offer=line.offer, cause="failed")))
        self._later(lambda: self._observe(facts.LegEnded(leg=leg, cause=cause)))
        partner = self.lines.get(line.partner) if line.partner else None
        if partner is not None and line.forwarded == partner.leg:
            partner.partner = None
            self._later(lambda: self.end(partner.leg))
        elif partner is not None:
            self._alone(partner)
        for colleague in [other for other in self.lines.values() if other.forwarded == leg]:
            self.end(colleague.leg)

    def see(self, extension: str, *, reachable: bool) -> None:
        """Let a phone come or go."""
        (self.reachable.add if reachable else self.reachable.discard)(extension)
        self._observe(facts.PhoneSeen(extension=extension, reachable=reachable))

    def found(self, *, restarted: bool = False, gone: tuple[facts.GoneLeg, ...] = ()) -> None:
        """Report everything that is there, as after a connection, and what was written down of what is gone."""
        self._observe(
            facts.LegsFound(
                exchange=self.name,
                legs=tuple(
                    facts.FoundLeg(
                        leg=line.leg,
                        interaction=line.interaction,
                        offer=line.offer,
                        agent=line.agent,
                        up=line.doing != "ringing",
                        bridged=(line.partner,) if line.partner else (),
                    )
                    for line in self.lines.values()
                ),
                reachable=tuple(sorted(self.reachable)),
                restarted=restarted,
                gone=gone,
            )
        )

    def crash(self) -> None:
        """Lose every call without a word, as a killed exchange does."""
        for line in self.lines.values():
            self._quiet(line)
            line.doing = "gone"
            if line.is_customers:
                self.on_over(line)
        self.lines.clear()
        self._observe(facts.ExchangeLost(exchange=self.name))

    def forsake(self, after_s: float, leg: Leg | None = None) -> None:
        """Let legs that were told something find their connection dead: they ask again a little later."""
        for line in list(self.lines.values()) if leg is None else filter(None, [self.lines.get(leg)]):
            if line.doing in {"asking", "prompt"}:
                self._quiet(line)
                line.doing = "asking"
                line.timers.append(self._later(partial(self._ask, line), after_s))

    # -- inside

    def _later(self, what: Callable[[], object], delay_s: float = HOP_S) -> Timer:
        return self._timers.callLater(delay_s, what)

    def _with(self, leg: Leg, do: Callable[[Line], None]) -> None:
        line = self.lines.get(leg)
        if line is not None:
            do(line)

    def _quiet(self, line: Line) -> None:
        for timer in line.timers:
            if timer.active():
                timer.cancel()
        line.timers.clear()
        line.hears = ""
        line.prompt = 0

    def _ask(self, line: Line) -> None:
        if line.leg not in self.lines or line.doing in {"bridged", "forwarded"}:
            return
        self._quiet(line)
        line.doing = "asking"
        (key, line.key), (to, line.to) = (line.key, ""), (line.to, None)
        self._observe(
            facts.LegAsked(
                leg=line.leg,
                trunk=line.trunk,
                number=line.number,
                party=line.party,
                view=line.view,
                interaction=line.interaction,
                queue=line.queue,
                place=line.place,
                key=key,
                to=to,
            )
        )

    def _recall(self, line: Line) -> None:
        if line.doing == "music":
            self._quiet(line)
            line.timers.append(self._later(lambda: self._ask(line)))

    def _tell(self, line: Line, effect: effects.Prompt | effects.Hold | effects.Forward) -> None:
        if line.doing != "asking":
            return
        self._quiet(line)
        match effect:
            case effects.Prompt():
                line.doing, line.prompt, line.keys = "prompt", effect.prompt, effect.keys
                self._say(line, effect)
            case effects.Hold():
                line.doing, line.hears = "music", f"music/{effect.music}"
                line.interaction, line.queue, line.place = effect.interaction, effect.queue, effect.place
                line.recording, line.keys = effect.recording, effect.keys
                line.timers.append(self._later(lambda: self._ask(line), effect.again_s or HOP_S))
            case effects.Forward():
                line.doing, line.interaction = "forwarded", effect.interaction
                line.hears = f"forward/{effect.extension or effect.outside or effect.party}"
                line.timers.append(self._later(lambda: self._come_back(line), effect.ring_s))
                if effect.extension in self.reachable:
                    self._ring_colleague(line, effect.extension)
            case _:
                assert_never(effect)

    def _say(self, line: Line, effect: effects.Prompt) -> None:
        for index, slug in enumerate(effect.sounds):
            hear = partial(setattr, line, "hears", f"prompt/{effect.language}/{slug}")
            line.timers.append(self._later(hear, index * PROMPT_S))
        lasts = len(effect.sounds) * PROMPT_S
        line.timers.append(self._later(lambda: setattr(line, "hears", ""), lasts))
        line.timers.append(self._later(lambda: self._prompted(line, ""), lasts + effect.wait_ms / 1000))

    def _prompted(self, line: Line, key: str) -> None:
        prompt = line.prompt
        self._quiet(line)
        line.doing = "asking"
        self._later(lambda: self._observe(facts.Prompted(leg=line.leg, prompt=prompt, key=key)))

    def _ring_colleague(self, line: Line, extension: str) -> None:
        leg = Leg(self.name, f"{next(self._ids):010d}.1")
        colleague = Line(leg=leg, doing="ringing", extension=extension, shown=self.label(line.party))
        colleague.forwarded = line.leg
        self.lines[leg] = colleague
        self.on_ring(colleague)

    def _join_colleague(self, colleague: Line, caller: Line) -> None:
        for line, partner in ((caller, colleague), (colleague, caller)):
            self._quiet(line)
            line.doing, line.hears, line.partner = "bridged", f"leg/{partner.leg.uniqueid}", partner.leg

    def _come_back(self, line: Line) -> None:
        for colleague in [other for other in self.lines.values() if other.forwarded == line.leg]:
            self.end(colleague.leg)
        line.doing = "idle"
        self._ask(line)

    def _fall_back(self, line: Line) -> None:
        self._quiet(line)
        line.doing, line.hears = "forwarded", "fall-back"

    def _offer(self, effect: effects.Offer) -> None:
        line = Line(
            leg=effect.leg,
            doing="ringing",
            offer=effect.offer,
            interaction=effect.interaction,
            agent=effect.agent,
            extension=effect.extension,
            queue=effect.queue,
            music="music/default" if effect.calls else "",
        )
        self.lines[effect.leg] = line
        if effect.extension not in self.reachable:
            self._later(lambda: self._fail(line, "unreachable"))
            return
        self._later(lambda: self._ring(line, effect.party))
        line.timers.append(self._later(lambda: self._fail(line, "no_answer"), effect.ring_s + 1))

    def _dial(self, effect: effects.Dial) -> None:
        line = Line(leg=effect.leg, doing="ringing", dialled=True, interaction=effect.interaction)
        line.party, line.trunk = effect.party, effect.trunk
        is_full = self._calls_on(effect.trunk) >= self.lines_max.get(effect.trunk, inf)
        self.lines[effect.leg] = line
        if is_full:
            self._not_reached(line, "congested")
            return
        self._later(lambda: self.on_dial(line))
        line.timers.append(self._later(lambda: self._not_reached(line, "no_answer"), effect.ring_s))

    def _calls_on(self, trunk: str) -> int:
        return sum(line.trunk == trunk for line in self.lines.values())

    def _not_reached(self, line: Line, cause: str) -> None:
        if self.lines.pop(line.leg, None) is not None:
            self._quiet(line)
            line.doing = "gone"
            self._later(lambda: self._observe(facts.DialFailed(leg=line.leg, cause=cause)))

    def _ring(self, line: Line, party: str) -> None:
        if line.doing == "ringing":
            line.shown = self.label(party)
            self._observe(facts.OfferRang(offer=line.offer))
            self.on_ring(line)

    def _fail(self, line: Line, cause: str) -> None:
        if self.lines.pop(line.leg, None) is None:
            return
        self._quiet(line)
        line.doing = "gone"
        self._later(lambda: self._observe(facts.OfferFailed(offer=line.offer, cause=cause)))
        self._later(lambda: self._observe(facts.LegEnded(leg=line.leg)))

    def _bridge(self, legs: tuple[Leg, Leg]) -> None:
        one, other = self.lines.get(legs[0]), self.lines.get(legs[1])
        if one is None or other is None:
            self._observe(facts.BridgeFailed(legs=legs))
            return
        for line, partner in ((one, other), (other, one)):
            self._quiet(line)
            line.doing, line.hears, line.partner = "bridged", f"leg/{partner.leg.uniqueid}", partner.leg
        self._later(lambda: self._observe(facts.Bridged(legs=legs)))

    def _alone(self, line: Line) -> None:
        line.partner = None
        self._quiet(line)
        line.doing = "idle"
        if line.offer or line.forwarded:
            line.timers.append(self._later(lambda: self.end(line.leg)))
        else:
            line.timers.append(self._later(lambda: self._ask(line)))
