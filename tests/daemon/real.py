"""The real reactor, as the daemon sees it."""

from typing import cast

from appliance.daemon.reactor import Reactor


def the_reactor() -> Reactor:
    """Give the reactor that pytest-twisted has installed; imported earlier, it would be another one."""
    from twisted.internet import reactor  # noqa: PLC0415  see above

    return cast("Reactor", reactor)  # cast: Twisted declares the module, not the reactor that stands in its place
