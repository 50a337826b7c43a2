"""What is on a front panel, and what its keys do. Pure: keys and times in, rows and wishes out.

The display has no Chinese signs, so that it speaks English, the words of our own states and addresses alone.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.serial.panel.packets import COLUMNS, ROWS, Key, Pressed

HOLD_S = 5.0
"How long the key for the network has to be held."
WARN_S = 1.0
"From then on the panel says what is about to happen."
SAID_S = 10.0
"How long it says what came of it."
BACK_S = 60.0
"After so long without a key the first page is shown again."
RESET_KEY = Key.EXIT
OK = "ok"


class Page(enum.IntEnum):
    """The pages, in the order in which the keys up and down show them."""

    ADDRESS = 0
    HEALTH = 1
    ALARMS = 2
    CALLS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What there is to show."""

    title: str = "Switchroom"
    addresses: tuple[str, ...] = ()
    "Where a browser finds the console."
    health: Mapping[str, str] = field(default_factory=dict)
    "Parts and their states; empty if nobody answers."
    calls: int = -1
    "Calls that have ended; below 0 if it is not known."

    @property
    def alarms(self) -> tuple[str, ...]:
        """Give the parts that are not well."""
        return tuple(f"{part}: {state}" for part, state in sorted(self.health.items()) if state != OK)

    @property
    def well(self) -> bool:
        """Whether calls can be taken and nothing is wrong."""
        return bool(self.health) and not self.alarms


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody has held the key long enough: see that it is still down, then reset the network."""

    key: Key = RESET_KEY


class Screen:
    """The state of one panel."""

    def __init__(self) -> None:
        """Begin on the first page."""
        self.seen = Seen()
        self._page = Page.ADDRESS
        self._top = 0
        self._held_since: float | None = None
        self._touched = 0.0
        self._said: tuple[float, str] = (-SAID_S, "")

    def press(self, pressed: Pressed, now: float) -> None:
        """Take in a key."""
        self._touched = now
        if pressed.key is RESET_KEY:
            self._held_since = now if pressed.down else None
            return
        self._held_since = None  # two keys at once are a hand, not a wish
        if not pressed.down:
            return
        match pressed.key:
            case Key.UP | Key.DOWN:
                step = 1 if pressed.key is Key.DOWN else -1
                self._page, self._top = Page((self._page + step) % len(Page)), 0
            case Key.LEFT | Key.RIGHT:
                self._top = max(0, self._top + (ROWS - 1) * (1 if pressed.key is Key.RIGHT else -1))
            case _:
                self._page, self._top = Page.ADDRESS, 0

    def tick(self, now: float) -> Asked | None:
        """Let time pass; what comes back is asked once for each time that the key is held."""
        if now - self._touched >= BACK_S:
            self._page, self._top, self._touched = Page.ADDRESS, 0, now
        if self._held_since is not None and now - self._held_since >= HOLD_S:
            self._held_since = None
            return Asked()
        return None

    def announce(self, text: str, now: float) -> None:
        """Say for a while what came of a wish."""
        self._said = (now, text)

    def forget_keys(self) -> None:
        """Take every key as let go: the panel was away, and what it told is old."""
        self._held_since = None

    def rows(self, now: float) -> tuple[str, ...]:
        """Give the four rows, each as wide as the display."""
        return tuple(row[:COLUMNS].ljust(COLUMNS) for row in (self._texts(now) + [""] * ROWS)[:ROWS])

    def _texts(self, now: float) -> list[str]:
        since, text = self._said
        if now - since < SAID_S:
            return ["Network", *_wrapped(text)]
        if self._held_since is not None and now - self._held_since >= WARN_S:
            left = max(1, round(HOLD_S - (now - self._held_since)))
            return ["Network reset", f"in {left} s: keep holding", "Let go to cancel", ""]
        head, rows = self._content()
        self._top = min(self._top, max(0, (len(rows) - 1) // (ROWS - 1) * (ROWS - 1)))
        shown = rows[self._top : self._top + ROWS - 1]
        more = ">" if len(rows) > self._top + ROWS - 1 else " "
        return [f"{head[: COLUMNS - 2]:{COLUMNS - 1}}{more}", *shown]

    def _content(self) -> tuple[str, list[str]]:
        seen = self.seen
        match self._page:
            case Page.ADDRESS:
                rows = [row for address in seen.addresses for row in _wrapped(address)]
                return seen.title, rows or ["no network address"]
            case Page.HEALTH:
                if not seen.health:
                    return "Health", ["not running"]
                return "Health", [f"{part}: {state}" for part, state in sorted(seen.health.items())]
            case Page.ALARMS:
                return "Alarms", list(seen.alarms) or ["none" if seen.health else "not running"]
            case Page.CALLS:
                return "Calls", [f"{seen.calls} ended" if seen.calls >= 0 else "not known"]


def _wrapped(text: str) -> list[str]:
    """Cut a text into rows."""
    return [text[at : at + COLUMNS] for at in range(0, len(text), COLUMNS)] or [""]
