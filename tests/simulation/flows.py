"""The flows of a drawn company: a menu, a straight way into a queue, and one that looks at the clock.

Whoever leaves a queue by an overflow of the menu's queues first hears a prompt that is named as the exit is; so what
callers were told says which overflows there were.
"""

from random import Random

from appliance.core import model

EXITS = ("timeout", "full", "service_level", "expected_wait", "no_agents", "closed", "left")
"Ways out of a queue, unanswered."
HOURS = "day"
"The company's opening hours."
OUT = "out-"
"What the prompt of an exit begins with."
PROMISE, COLLEAGUE, NUMBER = "promise", "colleague", "number"
"Nodes that an overflow may lead to: a callback, an extension, a number outside."


def the_flows(dice: Random, queues: tuple[model.Queue, ...], extensions: tuple[str, ...]) -> tuple[model.Flow, ...]:
    """Draw them; each way ends sooner or later."""
    return _a_menu(dice, queues, extensions), _straight(dice, queues), _by_the_clock(dice, queues)


def _a_menu(dice: Random, queues: tuple[model.Queue, ...], extensions: tuple[str, ...]) -> model.Flow:
    keys = "123456789"[: len(queues)]
    ways = {key: f"wait-{queue.slug}" for key, queue in zip(keys, queues, strict=True)}
    overflow = dice.choice([OUT + "full", *ways.values()])
    targets = ["bye", PROMISE, COLLEAGUE, NUMBER, *ways.values()]
    return model.Flow(
        slug="menu",
        priority=dice.choice([0, 0, 3]),
        nodes=(
            _node(
                "ask",
                "menu",
                ways | {"none": overflow},
                prompt="welcome",
                choices={key: queue.slug for key, queue in zip(keys, queues, strict=True)},
                tries=2,
            ),
            *(
                _node(ways[key], "queue", {out: OUT + out for out in EXITS} | {"next": "bye"}, queue=queue.slug)
                for key, queue in zip(keys, queues, strict=True)
            ),
            *(_node(OUT + out, "announce", {"next": dice.choice(targets)}, prompt=OUT + out) for out in EXITS),
            _node(PROMISE, "callback", {"refused": "bye", "next": "bye"}, queue=dice.choice(queues).slug),
            _node(COLLEAGUE, "transfer", {"failed": "bye"}, extension=dice.choice(extensions), ring_s=10),
            _node(NUMBER, "transfer", {"failed": "bye"}, outside="0800", ring_s=10),
            _node("bye", "hang_up", {}, prompt="bye"),
        ),
    )


def _straight(dice: Random, queues: tuple[model.Queue, ...]) -> model.Flow:
    first, second = dice.choice(queues).slug, dice.choice(queues).slug
    return model.Flow(
        slug="straight",
        nodes=(
            _node("first", "queue", dict.fromkeys(EXITS, "second"), queue=first),
            _node("second", "queue", {"timeout": "bye", "full": "bye", "next": "first"}, queue=second)
            if first != second and dice.random() < 0.3
            else _node("second", "queue", {"timeout": "bye", "full": "bye"}, queue=second),
            _node("bye", "hang_up", {}, prompt="bye"),
        ),
    )


def _by_the_clock(dice: Random, queues: tuple[model.Queue, ...]) -> model.Flow:
    queue = dice.choice(queues).slug
    return model.Flow(
        slug="clock",
        nodes=(
            _node("gate", "hours", {"open": "wait", "closed": PROMISE}, hours=HOURS),
            _node("wait", "queue", dict.fromkeys(EXITS, PROMISE), queue=queue),
            _node(PROMISE, "callback", {"refused": "bye", "next": "bye"}, queue=queue),
            _node("bye", "hang_up", {}, prompt="bye"),
        ),
    )


def _node(name: str, kind: str, exits: dict[str, str], **options: object) -> model.Node:
    return model.Node(id=name, kind=kind, options=options, exits=exits)
