"""The one table of the box's programs; `units/` says the same to systemd."""

import os
import sys
from pathlib import Path

from appliance.places import LOOPBACK, Places
from boot.checks import SEARCH_PATH
from boot.process import Accepts, Fetches, Listens, Notified, Process
from drivers.asterisk.bundle import Bundle

WATCHDOG_S = 1.5
"""The longest silence of the daemon: a hung one holds every call that asks it. It speaks four times in this time.

That it waits for a processor is forgiven it (`silence.py`); `status` tells the longest silence that there was."""
WRONG, BROKEN, TAKEN = 64, 65, 75
"Exit codes of daemon and ZEO (sysexits.h) that a restart cannot help with."


def table(places: Places, bundle: Bundle, python: Path | None = None) -> tuple[Process, ...]:
    """Give the programs in the order of their start; they are stopped in the reverse.

    Asterisk stops before the daemon, so that the last calls' ends are still seen and kept.
    """
    interpreter = str(python or sys.executable)
    environment = {
        "PATH": SEARCH_PATH,
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        **{name: os.environ[name] for name in ("HOME", "TMPDIR", "SWITCHROOM_STORE") if name in os.environ},
        **places.environment(),
    }
    return (
        Process(
            name="zeo",
            argv=(
                *(interpreter, "-m", "appliance.store.server"),
                *("--folder", str(places.store), "--socket", str(places.zeo_socket)),
            ),
            environment=environment,
            ready=Accepts(path=places.zeo_socket),
            hopeless=frozenset({BROKEN, TAKEN}),
        ),
        Process(
            name="daemon",
            argv=(interpreter, "-m", "boot.zygote", "daemon", "appliance.daemon.main"),
            warm=True,
            alone=(interpreter, "-m", "appliance.daemon"),
            environment={
                **environment,
                "NOTIFY_SOCKET": str(places.notify_socket),
                "WATCHDOG_USEC": str(round(WATCHDOG_S * 1_000_000)),
            },
            ready=Notified(),
            after=("zeo",),
            restart_s_max=0.1,  # calls wait for it: as its unit says, the pause never grows
            at_once=True,
            watchdog_s=WATCHDOG_S,
            hopeless=frozenset({WRONG, BROKEN, TAKEN}),
        ),
        Process(
            name="asterisk",
            argv=tuple(bundle.argv("-f", "-C", str(places.asterisk / "etc/asterisk.conf"))),
            environment=environment,
            ready=Listens(host=LOOPBACK, port=places.ami_port),
            stop_s=20.0,
        ),
        _lines(places, interpreter, environment),
        Process(
            name="web",
            argv=(
                *(interpreter, "-m", "gunicorn"),
                *("--config", "python:webadmin.serve", "webadmin.main:application()"),
            ),
            environment=environment,
            ready=Fetches(path=places.web_socket, target="/sign-in"),
            after=("zeo",),
        ),
        Process(
            name="nginx",
            argv=(interpreter, "-m", "webadmin.programs", "nginx"),
            environment=environment,
            ready=Listens(host=places.host, port=places.web_port),
        ),
    )


def _lines(places: Places, interpreter: str, environment: dict[str, str]) -> Process:
    """Give the program of the serial lines; it is ready whatever is plugged in, and no call waits for it."""
    return Process(
        name="lines",
        argv=(interpreter, "-m", "appliance.lines"),
        environment=environment,
        ready=Accepts(path=places.lines_socket),
        after=("zeo",),
    )
