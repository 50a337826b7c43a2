"""The 7 bit alphabet of text messages, as bits on the air: 3GPP TS 23.038, 6.1.2.1 and 6.2.1.

A character of the extension table takes two septets; no message may be torn between them.
"""

from collections.abc import Sequence
from typing import Final

ESCAPE: Final = 0x1B
_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_SEPTETS: Final = {
    **{character: (code,) for code, character in enumerate(_BASIC) if code != ESCAPE},
    **{character: (ESCAPE, code) for code, character in _EXTENSION.items()},
}
_MASK: Final = 0x7F


def septets_of(character: str) -> tuple[int, ...]:
    """Give the septets of one character, one or two; none if the alphabet has no such character."""
    return _SEPTETS.get(character, ())


def text_of(septets: Sequence[int]) -> str:
    """Read septets. An unknown extension is shown as the character of the basic table, as 6.2.1.1 asks."""
    text: list[str] = []
    escaped = False
    for septet in septets:
        if escaped:
            text.append(_EXTENSION.get(septet, " " if septet == ESCAPE else _BASIC[septet]))
            escaped = False
        elif septet == ESCAPE:
            escaped = True
        else:
            text.append(_BASIC[septet])
    return "".join(text)


def packed(septets: Sequence[int], skipped_bits: int = 0) -> bytes:
    """Pack septets into octets, the first in the lowest bits, after so many bits of fill (0 to 6)."""
    bits = 0
    for index, septet in enumerate(septets):
        bits |= septet << (skipped_bits + 7 * index)
    return bits.to_bytes((skipped_bits + 7 * len(septets) + 7) // 8, "little")


def unpacked(data: bytes, count: int, skipped_bits: int = 0) -> list[int]:
    """Take so many septets out of octets, or as many as there are."""
    bits = int.from_bytes(data, "little") >> skipped_bits
    there = max(0, (8 * len(data) - skipped_bits) // 7)
    return [bits >> (7 * index) & _MASK for index in range(min(count, there))]
