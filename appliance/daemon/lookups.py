"""What the box asks others for before it can call: addresses of names, and the time. Nothing here waits in the reactor.

Names are looked up as every program of this machine does (libc: hosts file, search domains, name servers), so the
answer is the one that the exchange gets. libc may take half a minute, and cannot be interrupted: each name has a
thread of its own, which nobody waits for once its time is over.
"""

import math
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from twisted.internet.defer import Deferred, TimeoutError  # noqa: A004  Twisted's own, which `addTimeout` raises

from appliance.core.model import Configuration
from appliance.daemon.reactor import Reactor
from appliance.network import Clock, Lookup, LookupProblem

LOOKUP_S_MAX = 10.0
ADDRESSES_MAX = 8
"Addresses of a name that are told."
CHRONYC = ("chronyc", "-n", "-c", "tracking")
CHRONY_S_MAX = 5.0
FIELDS = 14
"Of what chronyc tells of its tracking (chronyc(1), `tracking`, as comma-separated values)."

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,12})?")
_NO_NAME = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})
_UNSYNCHRONISED = "Not synchronised"


def names_of(configuration: Configuration, others: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Give the names that the box looks up, and what for; addresses are none. `others` are further uses to hosts."""
    uses = {f"trunk/{trunk.slug}": trunk.host for trunk in configuration.trunks if not trunk.channels}
    found: dict[str, tuple[str, ...]] = {}
    for use, host in (*uses.items(), *others.items()):
        if host and not _is_address(host):
            found[host] = (*found.get(host, ()), use)
    return found


def _is_address(text: str) -> bool:
    """Whether nobody need be asked for this."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text.strip("[]"))
        except (OSError, ValueError):
            continue
        return True
    return False


def resolve(name: str) -> Sequence[str]:
    """Ask libc for the addresses of a name; raises `socket.gaierror` and `UnicodeError`. Blocking."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    return [str(address[0]) for *_, address in found]


async def look_up(
    reactor: Reactor, name: str, *, how: Callable[[str], Sequence[str]] = resolve, s_max: float = LOOKUP_S_MAX
) -> Lookup:
    """Look a name up and tell what came of it, within `s_max` seconds; never raises."""
    answer: Deferred[Lookup] = Deferred()

    def told(lookup: Lookup) -> None:
        if not answer.called:
            answer.callback(lookup)

    def work() -> None:
        lookup = _looked_up(name, how)
        if reactor.running:
            reactor.callFromThread(told, lookup)

    threading.Thread(target=work, name=f"look up {name}", daemon=True).start()
    try:
        return await answer.addTimeout(s_max, reactor)
    except TimeoutError:
        return Lookup(name=name, took_ms=1_000 * s_max, problem="timeout")


def _looked_up(name: str, how: Callable[[str], Sequence[str]]) -> Lookup:
    began = time.monotonic()
    addresses: Sequence[str] = ()
    try:
        addresses = how(name)
        problem: LookupProblem = "" if addresses else "no_name"
    except socket.gaierror as error:
        problem = "no_name" if error.errno in _NO_NAME else "no_server" if error.errno == socket.EAI_AGAIN else "failed"
    except (OSError, UnicodeError):
        problem = "failed"
    took_ms = round(1_000 * (time.monotonic() - began), 1)
    return Lookup(
        name=name, addresses=tuple(dict.fromkeys(addresses))[:ADDRESSES_MAX], took_ms=took_ms, problem=problem
    )


def clock(argv: Sequence[str] = CHRONYC, s_max: float = CHRONY_S_MAX) -> Clock:
    """Ask chrony how the clock of this machine is; never raises. Blocking."""
    try:
        done = subprocess.run(argv, capture_output=True, timeout=s_max, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return Clock(problem="no_chrony")
    if done.returncode:
        return Clock(problem="no_chrony")
    return clock_of(done.stdout.decode("ascii", "replace"))


def clock_of(text: str) -> Clock:
    """Read what `chronyc -c tracking` writes: reference, its name, stratum, time, offset, …, root delay, …, leap."""
    fields = text.strip().split(",")
    numbers = [fields[place] for place in (2, 4, 10)] if len(fields) == FIELDS else []
    if len(numbers) != 3 or not all(_NUMBER.fullmatch(each) for each in numbers):  # noqa: PLR2004  those above
        return Clock(problem="strange")
    if fields[-1] == _UNSYNCHRONISED:
        return Clock(problem="unsynchronised")
    stratum, offset_s, delay_s = (float(each) for each in numbers)
    return Clock(
        server=fields[1][:100],
        stratum=int(min(stratum, 99)),
        offset_ms=round(1_000 * math.fabs(offset_s), 3),
        round_trip_ms=round(1_000 * math.fabs(delay_s), 3),
    )
