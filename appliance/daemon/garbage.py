"""Python's collector of garbage, kept from looking at what is there to stay.

It stops the reactor while it looks, and the company with all its modules takes it tens of milliseconds. What there is
when calls can be taken is left out of its looks (gc.freeze, which takes no time). A published configuration takes the
place of another, whose parts point at each other in rings: only then is everything looked at once.

What the journal and the people's storage wait to write comes and goes by the thousand and is in no ring. So the young
are looked at when there are more of them than that, and everything since the start a tenth as often as Python would.
"""

import gc

from twisted.internet.interfaces import IReactorTime

from appliance import api
from appliance.core import effects, facts
from appliance.daemon.hub import Hub

THRESHOLDS = (2_000, 2, 200)
"See `gc.set_threshold`."


def rest(hub: Hub, reactor: IReactorTime) -> None:
    """Let the collector look at nothing that there is now, and the same again after each configuration."""

    def look(row: api.Row, _asked: tuple[effects.AnyEffect, ...]) -> None:
        if isinstance(row.fact, facts.ConfigurationPublished):
            reactor.callLater(0, settle)

    gc.set_threshold(*THRESHOLDS)
    gc.freeze()
    hub.listen(look)


def settle() -> None:
    """Free what nobody uses any more, and let the collector look at nothing of the rest."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
