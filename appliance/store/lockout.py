"""Failed sign-ins are counted, and too many close the door for a while.

They are counted for a person at an address, for an address whoever it names (somebody who tries many names), and for
a person wherever it comes from (somebody who tries from many places).
"""

import hashlib
from collections.abc import Mapping

import msgspec

from appliance.store.schema import SettingsTables

LOCKED_US = 15 * 60 * 1_000_000
"How long the door stays closed; failures further apart are not counted together."
FAILURES_MAX: Mapping[str, int] = {"both": 10, "address": 50, "person": 100}
ENTRIES_MAX = 10_000
"Counters kept; beyond that the longest over go, then any."


class Failures(msgspec.Struct, frozen=True, array_like=True):
    """One counter."""

    count: int
    last: int
    "Centre time of the last failure, microseconds."


_encoder = msgspec.msgpack.Encoder()
_failures = msgspec.msgpack.Decoder(Failures)


def locked_until(settings: SettingsTables, person: str, address: str, now_us: int) -> int:
    """Tell when somebody may try again, 0 if now."""
    until = 0
    for kind, key in _keys(person, address).items():
        found = _live(settings, key, now_us)
        if found is not None and found.count >= FAILURES_MAX[kind]:
            until = max(until, found.last + LOCKED_US)
    return until


def count_failure(settings: SettingsTables, person: str, address: str, now_us: int) -> int:
    """Count a failure; tells how long the door is closed now, 0 if it is not."""
    if len(settings.failures) >= ENTRIES_MAX:
        _sweep(settings, now_us)
    for key in _keys(person, address).values():
        found = _live(settings, key, now_us)
        settings.failures[key] = _encoder.encode(Failures(1 + (found.count if found else 0), now_us))
    return locked_until(settings, person, address, now_us)


def forget_failures(settings: SettingsTables, person: str, address: str) -> None:
    """Forget what was counted for a person at an address, who has just signed in."""
    settings.failures.pop(_keys(person, address)["both"], None)


def _keys(person: str, address: str) -> Mapping[str, str]:
    named = {"both": f"{person}\0{address}", "address": f"\0{address}", "person": f"{person}\0"}
    return {kind: hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32] for kind, name in named.items()}


def _live(settings: SettingsTables, key: str, now_us: int) -> Failures | None:
    data = settings.failures.get(key)
    found = None if data is None else _failures.decode(data)
    return found if found is not None and now_us - found.last < LOCKED_US else None


def _sweep(settings: SettingsTables, now_us: int) -> None:
    over = [key for key in settings.failures if _live(settings, key, now_us) is None]
    for key in over or list(settings.failures)[: ENTRIES_MAX // 10]:
        del settings.failures[key]
