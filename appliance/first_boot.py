"""The first boot: a box that nobody administers yet, the code its first administrator must know, the steps after it.

The daemon alone writes the file, pages, console and `make run` read it. It begins with a code made by chance, shown to
who stands at the box; the code goes with the first administrator, the file with the last step.
"""

import contextlib
import hmac
import secrets
from pathlib import Path

import msgspec

from appliance.sign_ins import LETTERS
from appliance.whole import write_whole

STEPS = ("network", "time", "cards", "trunk", "queue", "call")
"After the first administrator, in their order; each can be left and gone on with."
END = "end"
CODE_LETTERS = 10
"50 bits: with a try a second for each of 65,536 addresses, half of them are tried in 270 years."
FILE_BYTES_MAX = 10_000


class FirstBoot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the file says. Fields are only added: the release before reads it too."""

    code: str = ""
    "What the first administrator has to know; empty once there is one."
    step: str = STEPS[0]
    "Where the administrator stands."
    done: tuple[str, ...] = ()
    "Steps that were gone through."

    @property
    def is_open(self) -> bool:
        """Whether the box waits for its first administrator."""
        return bool(self.code)

    @property
    def shown_code(self) -> str:
        """Give the code in two halves, as it is shown and may be typed."""
        half = CODE_LETTERS // 2
        return f"{self.code[:half]}-{self.code[half:]}"

    def is_code(self, typed: str) -> bool:
        """Tell whether somebody knows the code; blanks, hyphens and capitals do not count."""
        plain = "".join(sign for sign in typed.lower() if sign.isalnum())
        return self.is_open and hmac.compare_digest(self.code.encode(), plain.encode("utf-8", "surrogatepass"))

    def after(self, step: str) -> "FirstBoot":
        """Give what stands once a step was gone through."""
        place = STEPS.index(step) + 1
        done = tuple(one for one in STEPS if one == step or one in self.done)
        return FirstBoot(code=self.code, step=STEPS[place] if place < len(STEPS) else END, done=done)


def make_code() -> str:
    """Make a code by chance."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))


def read(path: Path) -> FirstBoot | None:
    """Read the file; None if there is none, or none that can be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError), path.open("rb") as file:
        return msgspec.json.decode(file.read(FILE_BYTES_MAX), type=FirstBoot)
    return None


def write(path: Path, first: FirstBoot) -> None:
    """Write the file whole, 0600."""
    write_whole(path, msgspec.json.encode(first), mode=0o600)


def keep(path: Path, *, administered: bool) -> FirstBoot | None:
    """Bring the file into line with who there is: a code while nobody administers the box, none from then on."""
    found = read(path)
    if not administered and (found is None or not found.is_open):
        found = FirstBoot(code=make_code())
        write(path, found)
    elif administered and found is not None and found.is_open:
        found = FirstBoot(step=found.step, done=found.done)
        write(path, found)
    return found


def note(path: Path, step: str) -> bool:
    """Note that a step was gone through, or with `END` that all is done; False for a word that is no step."""
    if step == END:
        path.unlink(missing_ok=True)
        return True
    if step not in STEPS:
        return False
    found = read(path)
    if found is not None:
        write(path, found.after(step))
    return True
