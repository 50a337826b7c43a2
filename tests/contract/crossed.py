"""A cable between two programs that both open a terminal: two pseudo terminals, crossed, torn as a seed says.

`python -m tests.contract.crossed FIRST SECOND SEED` makes links of these names and carries bytes both ways, a few at a
time, until its standard input ends.
"""

import contextlib
import os
import pty
import random
import select
import sys
import tty
from pathlib import Path


def end(link: Path) -> tuple[int, int]:
    """Make one end; gives both descriptors: ours stays open, so that a program may close and open it again."""
    far, near = pty.openpty()
    tty.setraw(near)
    link.symlink_to(os.ttyname(near))
    return far, near


def main() -> None:
    """Carry."""
    first, second = end(Path(sys.argv[1])), end(Path(sys.argv[2]))
    dice = random.Random(int(sys.argv[3]))  # noqa: S311  it tears cables
    sys.stdout.write("plugged\n")
    sys.stdout.flush()
    while True:
        ready, _, _ = select.select([sys.stdin, first[0], second[0]], [], [])
        if sys.stdin in ready:
            return
        for here, there in ((first[0], second[0]), (second[0], first[0])):
            if here in ready:
                with contextlib.suppress(OSError):
                    os.write(there, os.read(here, dice.randrange(1, 6)))


if __name__ == "__main__":
    main()
