"""The sample company's passwords: random, in one file for its user alone, gone with the last account they open.

No account has a password that was not made here by chance or chosen by a person.
"""

import secrets
from collections.abc import Collection
from pathlib import Path

import msgspec
import tomli_w

from appliance.whole import write_whole

LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"32 that nobody takes for one another; 16 of them hold 80 bits."
LENGTH = 16
HEAD = "# Made by chance at set-up for the sample company; gone once it is removed.\n\n"


class SignIns(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says."""

    complete: bool = False
    "Whether the set-up that made them has come to its end."
    people: dict[str, str] = {}
    "Sign-in name to password."
    extensions: dict[str, str] = {}
    "Extension, which is the SIP user name too, to SIP password."


def make_password() -> str:
    """Make a random password."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def read(path: Path) -> SignIns | None:
    """Read the file; None if there is none, or none that can be read."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=SignIns)
    except (OSError, msgspec.DecodeError):
        return None


def write(path: Path, sign_ins: SignIns) -> None:
    """Write the file whole, 0600."""
    write_whole(path, (HEAD + tomli_w.dumps(msgspec.to_builtins(sign_ins))).encode(), mode=0o600)


def keep(path: Path, *, people: Collection[str], extensions: Collection[str]) -> bool:
    """Drop what opens nothing any more, and the file with the last of it; whether it still stands.

    Call it with who and what there is after each change of the configuration. While the company is still being made,
    nothing is dropped.
    """
    found = read(path)
    if found is None:
        return False
    if not found.complete:
        return True
    left = SignIns(
        complete=found.complete,
        people={person: word for person, word in found.people.items() if person in people},
        extensions={digits: word for digits, word in found.extensions.items() if digits in extensions},
    )
    if not left.people and not left.extensions:
        path.unlink(missing_ok=True)
        return False
    if left != found:
        write(path, left)
    return True
