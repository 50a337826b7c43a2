"""A decision of the routing in words: each candidate's key, and why the others were left out."""

from collections.abc import Mapping

from appliance.core.effects import Candidate
from webadmin.texts import Texts, marked
from webadmin.times import Calendar, length
from webadmin.words import STATES

NEVER = 1 << 62
"What a key has where there is no figure yet."
TIME_LIKE = 10**15
"A number this large is a centre time (the year 2001 and later)."

FIGURES: Mapping[str, tuple[str, ...]] = {
    "average_longest_idle": ("average", "idle"),
    "fewest_handled": ("handled", "idle"),
    "least_talk_time": ("talked", "idle"),
    "longest_idle": ("idle",),
    "most_skilled": ("level", "idle"),
    "ordered": ("place",),
    "percentage": ("behind", "idle"),
    "random_agent": ("place",),
    "ring_all": ("idle",),
    "ring_some": ("idle",),
    "round_robin": ("turn", "place"),
}
"What the numbers of a strategy's key are, in order, up to the agent's name, by which ties are broken at last."
IDLE = "idle"
"When the idle time began; an older release's keys are known by how large they are."
SENTENCES: Mapping[str, str] = {
    "average": marked("idle {value} on average"),
    "no_average": marked("no offer yet today"),
    "handled": marked("{value} handled today"),
    "talked": marked("talked {value} today"),
    "level": marked("levels {value} in all"),
    "place": marked("place {value} on the list"),
    "behind": marked("share used {value}"),
    "no_share": marked("no share"),
    "turn": marked("last turn {value}"),
    "no_turn": marked("no turn yet"),
    IDLE: marked("idle since {value}"),
}
EXCLUDED: Mapping[str, str] = {
    "own_call": marked("In a call of their own"),
    "full": marked("No room for another call"),
    "preferred": marked("Kept for the known agent"),
    "skill": marked("Skill lacks"),
    "site": marked("Another site"),
    "not_lent": marked("Not lent just now"),
    "not_member": marked("Not of this workgroup"),
}
PARTS = 1_000_000
"What `percentage` counts a whole share as."


def reason_text(say: Texts, reason: str) -> str:
    """Say why agents were left out."""
    key = reason.replace("-", "_")
    if key in EXCLUDED:
        return say(EXCLUDED[key])
    return say(STATES[key].text) if key in STATES else reason


def key_text(say: Texts, calendar: Calendar, strategy: str, candidate: Candidate) -> str:
    """Say a candidate's key, as the strategy means it."""
    kinds = FIGURES.get(strategy, ())
    words = []
    for place, part in enumerate(candidate.key):
        if part == candidate.agent:
            continue
        if isinstance(part, int) and place < len(kinds):
            kind, value = _figure(calendar, kinds[place], part)
            words.append(say(SENTENCES[kind], value=value))
        elif isinstance(part, int) and part >= TIME_LIKE:
            words.append(say(SENTENCES[IDLE], value=calendar.exact(part)))
        else:
            words.append(str(part))
    return ", ".join(words)


def _figure(calendar: Calendar, kind: str, number: int) -> tuple[str, str]:
    """Give the sentence's name and the number as people read it."""
    nothing = {"average": -NEVER, "behind": NEVER, "turn": 0}
    if nothing.get(kind) == number:
        return {"average": "no_average", "behind": "no_share", "turn": "no_turn"}[kind], ""
    match kind:
        case "average" | "talked":
            said = length(abs(number))
        case "idle":
            said = calendar.exact(number)
        case "level":
            said = str(-number)
        case "place":
            said = str(number + 1)
        case "behind":
            said = f"{number / PARTS:.3f}"
        case _:
            said = str(number)
    return kind, said
