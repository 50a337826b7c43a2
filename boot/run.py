"""The foreground: everything from a prepared clone to a box that takes calls, until it is told to stop.

`python -m boot.run`; a lack is one line on stderr and an exit code other than 0.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from appliance.overview import overview
from appliance.places import Places, PlacesError, places_of
from appliance.speech import SpeechError
from appliance.store.backup_frames import BackupError
from appliance.store.backup_restore import finish
from appliance.store.guard import StoreError
from appliance.store.reader import open_reader
from appliance.texts import said
from boot import checks, first_run, page
from boot.child import StartError
from boot.lay_out import lay_out
from boot.notes import Notes, end_left
from boot.processes import table
from boot.supervisor import Supervisor
from drivers.asterisk.bundle import Bundle, BundleMissingError, current_bundle
from drivers.asterisk.conf import ConfError

LEFT_S = 10.0
"How long a program that a killed supervisor left may take to end."
PIPE_WIDTH = 200
USAGE = 64
FAILED = 1
FAILURES = (
    BackupError,
    BundleMissingError,
    ConfError,
    PlacesError,
    SpeechError,
    StartError,
    StoreError,
    checks.CheckError,
    first_run.SetUpError,
)
"What is one line for the person who starts the box."


def main() -> int:
    """Run the box; returns when it has stopped."""
    os.umask(0o077)
    console = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {escape(line)}")

    try:
        places = places_of(os.environ)
        bundle = current_bundle()
        checks.program("nginx")
        checks.program("espeak-ng")
        checks.front_end()
        checks.folders(places)
        with checks.alone(places):
            while True:
                _prepare(places, bundle, say)
                if not asyncio.run(_run(places, bundle, console, began, say)):
                    break
    except PlacesError as error:
        sys.stderr.write(f"switchroom: {error}\n")
        return USAGE
    except FAILURES as error:
        sys.stderr.write(f"switchroom: {error}\n")
        return FAILED
    say(said("stopped"))
    return 0


def _prepare(places: Places, bundle: Bundle, say: Callable[[str], None]) -> None:
    end_left(Notes(places.processes), wait_s=LEFT_S, say=say)
    if finish(places.home):
        say(said("what was restored is in its place"))
        checks.folders(places)
    checks.ports(places)
    if lay_out(places, bundle):
        say(said("made a self-signed certificate"))


async def _run(places: Places, bundle: Bundle, console: Console, began: float, say: Callable[[str], None]) -> bool:
    """Run the programs until they are stopped; whether they are to be started again."""
    supervisor = Supervisor(table(places, bundle), run=places.run, log=places.log, say=say)
    names = [process.name for process in table(places, bundle)]
    running = asyncio.ensure_future(supervisor.run())
    opening = asyncio.ensure_future(_open(supervisor, names, places, console, began, say))
    try:
        await asyncio.wait((running, opening), return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
        await running
    finally:
        supervisor.stop()
        await asyncio.wait((running,))
        opening.cancel()
    return supervisor.again


async def _open(
    supervisor: Supervisor,
    names: list[str],
    places: Places,
    console: Console,
    began: float,
    say: Callable[[str], None],
) -> None:
    """Set the company up if there is none, and say that calls can be taken."""
    if not await supervisor.until_ready("zeo", "daemon"):
        return
    reader = await asyncio.to_thread(open_reader, places.zeo_socket)
    try:
        if await asyncio.to_thread(first_run.is_due, places, reader):
            await asyncio.to_thread(first_run.set_up, places, say)
        else:
            await asyncio.to_thread(first_run.tidy, places, reader)
        supervisor.set_up = True
        if await supervisor.until_ready(*names):
            seen = await asyncio.to_thread(overview, places, reader)
            page.show(seen, places, console, ready_s=time.monotonic() - began)
    finally:
        await asyncio.to_thread(reader.close)


if __name__ == "__main__":
    sys.exit(main())
