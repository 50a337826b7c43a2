"""The living channels of one exchange, as its events tell of them.

A channel is known by its Uniqueid for life. Its name is what actions want, whole: Asterisk also takes the beginning of
one and would find another call. `Surrogate/…` is the stand-in that Asterisk makes for an instant while it moves a
channel into a bridge, and is nobody.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

GONE_MAX = 10_000
"Channels remembered after their end, so that a late question about one is known to be late."

_RINGING = "5"
_UP = "6"
_SURROGATE = "Surrogate/"


@dataclass(slots=True, kw_only=True)
class Channel:
    """One living channel."""

    uniqueid: str
    name: str
    ringing: bool = False
    up: bool = False
    bridge: str = ""
    "The bridge it is in, empty for none."
    variables: Mapping[str, str] = field(default_factory=dict)
    "What was found on it after a (re)connection."


class Channels:
    """All of them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._living: dict[str, Channel] = {}
        self._gone: OrderedDict[str, None] = OrderedDict()

    def __iter__(self) -> Iterator[Channel]:
        """Go through the living, oldest first."""
        return iter(tuple(self._living.values()))

    def get(self, uniqueid: str) -> Channel | None:
        """Find a living channel."""
        return self._living.get(uniqueid)

    def is_gone(self, uniqueid: str) -> bool:
        """Say whether a channel has ended (not whether it ever was)."""
        return uniqueid in self._gone

    def born(self, uniqueid: str, name: str, state: str = "") -> Channel | None:
        """Take in a channel; None for a stand-in, and for one that has ended already."""
        if not uniqueid or name.startswith(_SURROGATE) or uniqueid in self._gone:
            return None
        channel = self._living.setdefault(uniqueid, Channel(uniqueid=uniqueid, name=name))
        self.changed(uniqueid, state)
        return channel

    def changed(self, uniqueid: str, state: str) -> Channel | None:
        """Take in the number of a channel's new state (main/channel.h: 5 ringing, 6 up)."""
        channel = self._living.get(uniqueid)
        if channel is not None:
            channel.ringing = state == _RINGING
            channel.up = channel.up or state == _UP
        return channel

    def renamed(self, uniqueid: str, name: str) -> None:
        """Take in a channel's new name."""
        channel = self._living.get(uniqueid)
        if channel is not None and not name.startswith(_SURROGATE):
            channel.name = name

    def ended(self, uniqueid: str, name: str) -> Channel | None:
        """Take a channel out; None for a stand-in, which takes no other channel with it."""
        if name.startswith(_SURROGATE):
            return None
        channel = self._living.pop(uniqueid, None)
        self._gone[uniqueid] = None
        while len(self._gone) > GONE_MAX:
            self._gone.popitem(last=False)
        return channel or Channel(uniqueid=uniqueid, name=name)

    def entered(self, uniqueid: str, name: str, bridge: str) -> tuple[Channel, ...]:
        """Take a channel into a bridge and give all who are in it now; nobody if it is a stand-in."""
        if name.startswith(_SURROGATE):
            return ()
        channel = self.born(uniqueid, name, _UP)
        if channel is None:
            return ()
        channel.bridge = bridge
        return self.inside(bridge)

    def left(self, uniqueid: str, name: str, bridge: str) -> None:
        """Take a channel out of a bridge."""
        channel = self._living.get(uniqueid)
        if channel is not None and channel.bridge == bridge and not name.startswith(_SURROGATE):
            channel.bridge = ""

    def inside(self, bridge: str) -> tuple[Channel, ...]:
        """Give all who are in a bridge; nobody is in no bridge."""
        return tuple(channel for channel in self._living.values() if bridge and channel.bridge == bridge)

    def forget_living(self) -> None:
        """Begin again: what lived may have ended unseen."""
        self._living.clear()
