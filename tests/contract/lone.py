"""A process of its own that holds a Centre and an exchange, to be killed: `python -m tests.contract.lone BASE FOLDER`.

It writes the Centre's snapshot after each fact, so that the next one goes on from there, and a line to stdout once it
has found its calls: how many callers wait and how many talk.
"""

import sys
from pathlib import Path

from twisted.internet import asyncioreactor


def main() -> None:
    """Install the reactor that the driver needs, and only then import what imports it."""
    asyncioreactor.install()  # type: ignore[no-untyped-call]  # Twisted gives it no type
    from tests.contract.living import run  # noqa: PLC0415  see above

    run(int(sys.argv[1]), Path(sys.argv[2]))


if __name__ == "__main__":
    main()
