"""Menu: the caller chooses by a key."""

from dataclasses import dataclass

from appliance.core.steps import Heard, Leave, Say, Step, Visit

KEYS = "0123456789*#"
"The keys of a telephone."
TRIES_MAX = 9
WAIT_S_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked and what may be chosen."""

    prompt: str
    "The prompt's slug."
    choices: dict[str, str]
    "Key to what it chooses, in words for the people who take the call; each key is an exit."
    invalid: str = ""
    "The prompt after a key that means nothing; empty repeats the menu alone."
    wait_s: int = 5
    "Seconds to wait for a key after the prompt."
    tries: int = 3
    "How often the menu is said before the caller leaves by `none`."

    def __post_init__(self) -> None:
        """Refuse what no telephone can do."""
        if not self.choices or any(key not in KEYS or len(key) != 1 for key in self.choices):
            raise ValueError(f"choices must be single keys of {KEYS}")
        if not 1 <= self.tries <= TRIES_MAX:
            raise ValueError(f"tries must be 1 to {TRIES_MAX}")
        if not 1 <= self.wait_s <= WAIT_S_MAX:
            raise ValueError(f"wait_s must be 1 to {WAIT_S_MAX}")


def exits(options: Options) -> tuple[str, ...]:
    """Name the ways out."""
    return (*options.choices, "none")


def enter(options: Options, _visit: Visit) -> Step:
    """Ask."""
    return _ask(options, (options.prompt,), tries=1)


def hear(options: Options, heard: Heard) -> Step:
    """Take the choice, or ask again."""
    if heard.key in options.choices:
        return Leave(exit=heard.key, path=f"{heard.key} {options.choices[heard.key]}".strip())
    if heard.tries >= options.tries:
        return Leave(exit="none")
    sounds = (options.invalid, options.prompt) if heard.key and options.invalid else (options.prompt,)
    return _ask(options, sounds, tries=heard.tries + 1)


def _ask(options: Options, sounds: tuple[str, ...], *, tries: int) -> Step:
    return Say(sounds=sounds, keys=KEYS, wait_ms=options.wait_s * 1000, tries=tries)
