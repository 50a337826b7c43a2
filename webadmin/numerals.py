"""Whole numbers as addresses and forms carry them."""

DIGITS_MAX = 18


def whole_number(text: object, highest: int) -> int | None:
    """Read ASCII digits, at most `highest`; None for anything else (Python's `int` takes much more)."""
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        return None
    return min(int(text), highest)
