"""The calls of desk phones that we did not offer: an agent who is in one may be left in peace."""

from collections import Counter
from collections.abc import Iterable

from drivers.asterisk.addresses import NOWHERE
from drivers.asterisk.channels import Channel
from drivers.asterisk.codec_ami import Event


class OwnCalls:
    """Which endpoints are in a call of their own; that of a phone has its extension's name."""

    def __init__(self) -> None:
        """Begin with none."""
        self._endpoints: dict[str, str] = {}
        "Uniqueid of such a channel to its endpoint."
        self._counts: Counter[str] = Counter()
        self.addresses = NOWHERE
        "Where phones are."

    def replace(self, channels: Iterable[Channel], offered: Iterable[str]) -> None:
        """Take in all channels that live after a (re)connection, but those that our offers have made."""
        ours = frozenset(offered)
        self._endpoints.clear()
        self._counts.clear()
        for channel in channels:
            if channel.uniqueid not in ours:
                self.began(channel.uniqueid, channel.name)

    def began(self, uniqueid: str, name: str) -> str:
        """Take in a new channel; gives the endpoint that is busy because of it, empty if it was busy before."""
        endpoint = self.addresses.endpoint(name)
        self._endpoints[uniqueid] = endpoint
        self._counts[endpoint] += 1
        return endpoint if self._counts[endpoint] == 1 else ""

    def ended(self, uniqueid: str) -> str:
        """Take a channel out; gives the endpoint that is free because of it, empty if it is still busy."""
        endpoint = self._endpoints.pop(uniqueid, "")
        if not endpoint:
            return ""
        self._counts[endpoint] -= 1
        if self._counts[endpoint]:
            return ""
        del self._counts[endpoint]
        return endpoint

    def hear(self, event: Event, *, offered: bool) -> tuple[str, bool]:
        """Take in an event; gives the endpoint that is busy, or free, because of it, empty if none is."""
        uniqueid = event.get("Uniqueid")
        if event.name == "Newchannel" and not offered:
            return self.began(uniqueid, event.get("Channel")), True
        return (self.ended(uniqueid) if event.name == "Hangup" else ""), False

    def is_busy(self, endpoint: str) -> bool:
        """Whether an endpoint is in a call of its own."""
        return endpoint in self._counts
