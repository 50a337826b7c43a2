"""The box's own supervisor with the box's own programs, all but its pages, as a process that the harness runs.

`python -m tests.unkillable.house` reads the places from the environment and says each line of the supervisor with the
moment, by `time.monotonic_ns`. The daemon alone is given the doom (see `doom`).
"""

import asyncio
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from appliance.exchanges import own_asterisk
from appliance.places import places_of
from boot.processes import table
from boot.supervisor import Supervisor
from drivers.asterisk import render
from drivers.asterisk.bundle import current_bundle

PROGRAMS = ("zeo", "daemon", "asterisk")
DOOM = Path(__file__).parent / "doom"


def main() -> None:
    """Run until told to end."""
    os.umask(0o077)
    places = places_of(os.environ)
    bundle = current_bundle()
    render.lay_out(own_asterisk(places, bundle))
    doomed = {"PYTHONPATH": str(DOOM), "UNKILLABLE_DOOM": str(places.run / "doom")}
    programs = [
        replace(process, environment={**process.environment, **doomed}) if process.name == "daemon" else process
        for process in table(places, bundle)
        if process.name in PROGRAMS
    ]
    supervisor = Supervisor(programs, run=places.run, log=places.log, say=_say)
    asyncio.run(supervisor.run())


def _say(line: str) -> None:
    sys.stdout.write(f"{time.monotonic_ns()} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
