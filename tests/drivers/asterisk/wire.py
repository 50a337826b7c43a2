"""What the tests of the wire formats share: messages as Asterisk writes them."""

import random
from collections.abc import Iterator

GREETING = b"Asterisk Call Manager/11.0.0\r\n"

_SNAPSHOT = (
    ("Channel", "PJSIP/trunk-00000001"),
    ("ChannelState", "4"),
    ("ChannelStateDesc", "Ring"),
    ("CallerIDNum", "100"),
    ("CallerIDName", "Anna"),
    ("ConnectedLineNum", "<unknown>"),
    ("ConnectedLineName", "<unknown>"),
    ("Language", "en"),
    ("AccountCode", ""),
    ("Context", "trunk"),
    ("Exten", "600"),
    ("Priority", "1"),
    ("Uniqueid", "box-1.1"),
    ("Linkedid", "box-1.1"),
)

_ENVIRONMENT = (
    ("network", "yes"),
    ("network_script", "call"),
    ("request", "agi://127.0.0.1/call"),
    ("channel", "PJSIP/trunk-00000001"),
    ("language", "en"),
    ("type", "PJSIP"),
    ("uniqueid", "box-1.1"),
    ("version", "22.10.1"),
    ("callerid", "100"),
    ("calleridname", "Anna"),
    ("callingpres", "0"),
    ("callingani2", "0"),
    ("callington", "0"),
    ("callingtns", "0"),
    ("dnid", "600"),
    ("rdnis", "unknown"),
    ("context", "trunk"),
    ("extension", "600"),
    ("priority", "1"),
    ("enhanced", "0.0"),
    ("accountcode", ""),
    ("threadid", "140358505420480"),
)


def lines(*headers: tuple[str, str]) -> bytes:
    """Give one AMI message."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n"


def snapshot(*, prefix: str = "", **values: str) -> tuple[tuple[str, str], ...]:
    """Give the headers of a channel, as every event about one has them."""
    return tuple((prefix + name, values.get(name, value)) for name, value in _SNAPSHOT)


def event(name: str = "Newchannel", **values: str) -> bytes:
    """Give an event about a channel."""
    return lines(("Event", name), ("Privilege", "call,all"), *snapshot(**values))


def environment(*arguments: str, **values: str) -> bytes:
    """Give the environment of an AGI session."""
    names = [(name, values.get(name, value)) for name, value in _ENVIRONMENT]
    names += [(f"arg_{number}", value) for number, value in enumerate(arguments, 1)]
    return "".join(f"agi_{name}: {value}\n" for name, value in names).encode() + b"\n"


def chunks(data: bytes, seed: int) -> Iterator[bytes]:
    """Cut the bytes at places that depend on the seed alone; 0 is one byte at a time."""
    dice = random.Random(seed)  # noqa: S311  a test's dice
    while data:
        size = 1 if seed == 0 else dice.randint(1, max(1, min(len(data), 400)))
        yield data[:size]
        data = data[size:]
