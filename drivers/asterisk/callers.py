"""Who the callers are whose legs live, recognised once each."""

from appliance.core.facts import PartyView
from drivers.asterisk.perform import NAME_CHARACTERS_MAX, NUMBER_CHARACTERS_MAX, Parties, clean

PARTIES_MAX = 5_000
"Callers remembered while their legs live."


class Callers:
    """The callers of one exchange, by their legs' Uniqueids."""

    def __init__(self, parties: Parties) -> None:
        """Begin with none."""
        self._parties = parties
        self._known: dict[str, tuple[str, PartyView]] = {}

    async def caller(self, uniqueid: str, number: str, name: str) -> tuple[str, PartyView]:
        """Recognise who is on a leg, by what the exchange says of number and name."""
        known = self._known.get(uniqueid)
        if known is None:
            known = await self._parties.party_of(
                "" if number == "unknown" else clean(number, NUMBER_CHARACTERS_MAX),
                "" if name == "unknown" else clean(name, NAME_CHARACTERS_MAX),
            )
            self.know(uniqueid, known)
        return known

    def know(self, uniqueid: str, caller: tuple[str, PartyView]) -> None:
        """Note whom we have called."""
        if len(self._known) >= PARTIES_MAX:
            self._known.clear()
        self._known[uniqueid] = caller

    def forget(self, uniqueid: str) -> None:
        """Let go of a leg that is gone."""
        self._known.pop(uniqueid, None)
