"""Calls as the journal keeps them, for the pages' tests: every hostile value has called, by number and by name."""

from appliance import api
from appliance.core import effects, facts
from appliance.core.cdr import CDR, Outcome, Segment, Stretch
from appliance.core.facts import Leg
from appliance.store.opened import Store
from tests.hostile import HOSTILE

SECOND = 1_000_000
WAIT_S = 30.0
AGENT = "li-wei"
OTHER = "emma-white"


def write_calls(store: Store, now_us: int) -> tuple[str, ...]:
    """Write an answered call of the agent, one of another agent, an abandoned one, and one for each hostile value."""
    recovered = store.journal.recover().result(WAIT_S)
    writer = Writer(store, recovered.boot, recovered.sequence, now_us - 4000 * SECOND)
    writer.call("13800138000", "王小明", agent=AGENT, note="wants two tents")
    writer.call("02164001234", "", agent=OTHER)
    writer.call("", "", agent="")
    for value in HOSTILE:
        writer.call(value, value, agent=OTHER)
    store.journal.flush().result(WAIT_S)
    return tuple(writer.interactions)


class Writer:
    """Writes one call after the other."""

    def __init__(self, store: Store, boot: int, sequence: int, now_us: int) -> None:
        """Begin after what the journal has."""
        self.store = store
        self.boot = boot
        self.sequence = sequence
        self.now = now_us
        self.interactions: list[str] = []

    def call(self, number: str, name: str, *, agent: str, note: str = "") -> None:
        """Write a call of some seconds; without an agent it is abandoned."""
        party = self.store.people.party_of(number, name, self.now).result(WAIT_S).party
        count = len(self.interactions) + 1
        interaction, leg = f"{self.boot:06d}-{count:08d}", Leg("own", f"{count}.1")
        began, first = self.now, self.sequence + 1
        self._row(interaction, facts.LegAsked(leg=leg, trunk="sample-carrier", number="8001", party=party))
        self._row(interaction, facts.Prompted(leg=leg, prompt=count, key="1"), *self._decided(interaction, agent))
        if agent:
            offer = f"offer-{count}"
            self._row(interaction, facts.OfferRang(offer=offer))
            self._row(interaction, facts.OfferAnswered(offer=offer, leg=Leg("own", f"{count}.2")))
            self._row(interaction, facts.Bridged(legs=(leg, Leg("own", f"{count}.2"))))
        cdr = self._cdr(interaction, leg, party, agent, began, first)
        self._row(interaction, facts.LegEnded(leg=leg), effects.CallFiled(cdr=cdr))
        if agent:
            work = effects.WorkFiled(
                interaction=interaction, agent=agent, queue="sales", wrap_up_us=2 * SECOND, disposition="order"
            )
            self._row(interaction, facts.EndWrapUp(token=str(count), agent=agent), work)
        if note:
            self.store.people.write_note(interaction, party, agent, note, self.now).result(WAIT_S)
        self.interactions.append(interaction)

    def _decided(self, interaction: str, agent: str) -> tuple[effects.Kept, ...]:
        if not agent:
            return ()
        return (
            effects.Decided(
                offer=f"offer-{len(self.interactions) + 1}",
                interaction=interaction,
                queue="sales",
                strategy="longest_idle",
                chosen=effects.Candidate(agent, (self.now - 60 * SECOND, agent)),
                next=(effects.Candidate("ben-carter", (self.now - 30 * SECOND, "ben-carter")),),
                excluded={"on_break": 2},
            ),
        )

    def _cdr(self, interaction: str, leg: Leg, party: str, agent: str, began: int, first: int) -> CDR:
        waiting = Segment(
            stretch=Stretch.WAITING,
            since=began + SECOND,
            until=began + 3 * SECOND,
            queue="sales",
            outcome=Outcome.ANSWERED if agent else Outcome.ABANDONED,
        )
        talking = Segment(stretch=Stretch.TALKING, since=began + 3 * SECOND, until=self.now, queue="sales", agent=agent)
        return CDR(
            interaction=interaction,
            leg=leg,
            trunk="sample-carrier",
            number="8001",
            party=party,
            began=began,
            ended=self.now,
            outcome=Outcome.ANSWERED if agent else Outcome.ABANDONED,
            cause="caller",
            segments=(waiting, talking) if agent else (waiting,),
            queue="sales",
            agent=agent,
            wait_us=2 * SECOND,
            talk_us=self.now - began - 3 * SECOND if agent else 0,
            recording=f"recording-{interaction}" if agent else "",
            first=(self.boot, first),
            last=(self.boot, self.sequence + 1),
        )

    def _row(self, interaction: str, fact: facts.AnyFact, *kept: effects.Kept) -> None:
        self.sequence += 1
        row = api.Row(sequence=self.sequence, now=self.now, fact=fact, kept=kept, about=(interaction,))
        assert self.store.journal.append(row)
        self.now += SECOND
