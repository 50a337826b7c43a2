"""The units as text (systemd.service(5), systemd.unit(5)): one a program, the same bytes from the same table."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.places import Places
from boot.process import Notified, Process
from boot.units.walls import WALLS

PLAIN = re.compile(r"[A-Za-z0-9_@:./+,=()-]+")
"What needs no quotes in a command of a unit; `%` and `$` have a meaning there."
SYSTEM = Path("/data/system")
CARDS = Path("/data/dahdi")
"What the drivers of telephone cards read; the image makes it."
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TERMINALS = ("tty1", "ttyS0")
"Screen and first serial line: there the console shows itself, and asks for no password."
WATCHDOG_S = 2
"Of the daemon's unit: systemd counts without regard to who waits for a processor, so it waits half a second longer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the product lies on the box."""

    python: Path
    project: Path
    user: str = "switchroom"


def unit_name(name: str) -> str:
    """Give the name of a program's unit."""
    return f"switchroom-{name}.service"


def units(processes: Iterable[Process], places: Places, site: Site) -> Mapping[str, str]:
    """Give file names and texts of all units of a box."""
    table = tuple(processes)
    return {
        "switchroom.target": _target([process.name for process in table]),
        unit_name("machine"): _machine(places, site),
        unit_name("privileged"): _privileged(places, site),
        unit_name("lay-out"): _lay_out(places, site),
        unit_name("update"): _update(places, site),
        unit_name("console@"): _console(places, site),
        **{unit_name(process.name): _program(process, places, site) for process in table},
    }


def folders(processes: Iterable[Process], places: Places, site: Site) -> str:
    """Write what has to be there before any of them (tmpfiles.d(5)).

    systemd makes a log as root; a program that opens its own once more must have made it.
    """
    logs = "".join(
        f"f {places.log / f'{name}.log'} 0600 {site.user} {site.user} -\n"
        for name in ("lay-out", "update", *(process.name for process in processes))
    )
    return (
        "# Written from boot's table of programs.\n"
        f"d {SYSTEM} 0700 root root -\n"
        f"d {places.home} 0700 {site.user} {site.user} -\n"
        f"d {places.log} 0700 {site.user} {site.user} -\n"
        f"d {places.updates} 0700 {site.user} {site.user} -\n"
        "d /run/systemd/network 0755 root root -\n"
        "d /run/chrony-dhcp 0755 root root -\n"
        f"{logs}"
    )


def _target(names: Iterable[str]) -> str:
    wants = " ".join(unit_name(name) for name in names)
    consoles = " ".join(unit_name(f"console@{terminal}") for terminal in TERMINALS)
    return f"""\
[Unit]
Description=Switchroom, the contact centre
Wants={unit_name("privileged")} {wants} {unit_name("update")} {consoles}
After={unit_name("privileged")} {wants}

[Install]
WantedBy=multi-user.target
"""


def _program(process: Process, places: Places, site: Site) -> str:
    after = [unit_name("lay-out"), *(unit_name(name) for name in process.after), "network.target", "dahdi.service"]
    notified = isinstance(process.ready, Notified)
    watchdog = [f"WatchdogSec={WATCHDOG_S}", "WatchdogSignal=SIGKILL"] if process.watchdog_s else []
    environment = {name: value for name, value in process.environment.items() if name not in SYSTEMDS}
    return _text(
        unit=[
            f"Description=Switchroom: {process.name}",
            f"After={' '.join(after)}",
            f"Requires={unit_name('lay-out')}",
            f"RequiresMountsFor={places.home}",
            "PartOf=switchroom.target",
            "StartLimitIntervalSec=0",
        ],
        service=[
            f"Type={'notify' if notified else 'exec'}",
            *watchdog,
            f"ExecStart={command(process.alone or process.argv)}",
            "Restart=always",
            "RestartSec=100ms",
            *_growing(process),
            f"TimeoutStartSec={process.start_s_max:.0f}",
            f"TimeoutStopSec={process.stop_s:.0f}",
            "LimitNOFILE=65536",
            *_of_the_box(process.name, places, site, environment),
        ],
    )


def _growing(process: Process) -> list[str]:
    """Say how the pause grows with each failure in a row; systemd before 254 does without."""
    if process.restart_s_max <= process.restart_s:
        return []
    return ["RestartSteps=6", f"RestartMaxDelaySec={process.restart_s_max:.0f}"]


def _lay_out(places: Places, site: Site) -> str:
    return _text(
        unit=[
            "Description=Switchroom: folders, certificate and Asterisk's first configuration",
            f"RequiresMountsFor={places.home}",
            "After=systemd-tmpfiles-setup.service",
        ],
        service=[
            "Type=oneshot",
            "RemainAfterExit=yes",
            f"ExecStart={command((str(site.python), '-m', 'boot.lay_out'))}",
            *_of_the_box("lay-out", places, site, places.environment()),
        ],
    )


def _update(places: Places, site: Site) -> str:
    return _text(
        unit=[
            "Description=Switchroom: updates, and the slot that was started taken for good",
            f"After={unit_name('lay-out')} {unit_name('privileged')}",
            f"Requires={unit_name('lay-out')}",
            f"RequiresMountsFor={places.home}",
            "PartOf=switchroom.target",
            "StartLimitIntervalSec=0",
        ],
        service=[
            "Type=exec",
            f"ExecStart={command((str(site.python), '-m', 'boot.update'))}",
            "Restart=always",
            "RestartSec=5s",
            *_of_the_box("update", places, site, places.environment()),
        ],
    )


def _console(places: Places, site: Site) -> str:
    """Show the technician's menu, before it the first boot, on a terminal that anybody at the box may use."""
    return _text(
        unit=[
            "Description=Switchroom: console on %I",
            f"After={unit_name('lay-out')} {unit_name('daemon')} systemd-user-sessions.service getty-pre.target",
            f"Requires={unit_name('lay-out')}",
            f"RequiresMountsFor={places.home}",
            "ConditionPathExists=/dev/%I",
            "Conflicts=getty@%i.service serial-getty@%i.service",
            "StartLimitIntervalSec=0",
        ],
        service=[
            "Type=idle",
            f"ExecStart={command((str(site.python), '-m', 'appliance.commands', 'console'))}",
            "StandardInput=tty",
            "StandardOutput=tty",
            "StandardError=journal",
            "TTYPath=/dev/%I",
            "TTYReset=yes",
            "TTYVHangup=yes",
            "Restart=always",
            "RestartSec=2s",
            f"User={site.user}",
            f"Group={site.user}",
            f"WorkingDirectory={site.project}",
            *_environment(
                {
                    **places.environment(),
                    "HOME": str(places.home),
                    "PATH": PATH,
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "PYTHONUTF8": "1",
                    "TERM": "dumb",
                }
            ),
            f"ReadWritePaths={places.home}",
            *_walls("console", places),
        ],
    )


def _machine(places: Places, site: Site) -> str:
    """Set the filter and the network's files before there is a network."""
    return _text(
        unit=[
            "Description=Switchroom: packet filter and network as they were kept",
            "DefaultDependencies=no",
            f"RequiresMountsFor={SYSTEM}",
            "After=systemd-tmpfiles-setup.service nftables.service",
            "Before=network-pre.target systemd-networkd.service sysinit.target shutdown.target",
            "Wants=network-pre.target",
            "Conflicts=shutdown.target",
        ],
        service=[
            "Type=oneshot",
            "RemainAfterExit=yes",
            f"ExecStart={command((str(site.python), '-m', 'boot.privileged', 'early', '--user', site.user))}",
            *_of_root(places, site),
        ],
        wanted_by="sysinit.target",
    )


def _privileged(places: Places, site: Site) -> str:
    return _text(
        unit=[
            "Description=Switchroom: the root part",
            f"After={unit_name('machine')} dbus.service systemd-networkd.service chrony.service",
            f"RequiresMountsFor={SYSTEM}",
            "StartLimitIntervalSec=0",
        ],
        service=[
            "Type=exec",
            f"ExecStart={command((str(site.python), '-m', 'boot.privileged', 'serve', '--user', site.user))}",
            "Restart=always",
            "RestartSec=100ms",
            *_of_root(places, site),
        ],
    )


def _of_root(places: Places, site: Site) -> list[str]:
    return [
        f"Group={site.user}",
        f"WorkingDirectory={site.project}",
        *_environment({**places.environment(), "HOME": "/root", "PATH": PATH, "PYTHONDONTWRITEBYTECODE": "1"}),
        "RuntimeDirectory=switchroom",
        "RuntimeDirectoryMode=0755",
        "RuntimeDirectoryPreserve=yes",
        f"ReadWritePaths={SYSTEM} /run/systemd/network /run/chrony-dhcp -{CARDS}",
        *_walls("privileged", places),
    ]


def _of_the_box(name: str, places: Places, site: Site, environment: Mapping[str, str]) -> list[str]:
    log = places.log / f"{name}.log"
    return [
        f"User={site.user}",
        f"Group={site.user}",
        f"WorkingDirectory={site.project}",
        *_environment({**environment, "HOME": str(places.home), "PATH": PATH, "PYTHONDONTWRITEBYTECODE": "1"}),
        f"StandardOutput=append:{log}",
        f"StandardError=append:{log}",
        f"ReadWritePaths={places.home}",
        *_walls(name, places),
    ]


SYSTEMDS = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "HOME"})
"What systemd says itself, or what is another's on the box."


def _walls(name: str, places: Places) -> list[str]:
    return [line.format(privileged=places.privileged) for line in WALLS[name]]


def _environment(values: Mapping[str, str]) -> list[str]:
    return [f'Environment="{name}={quoted(value)}"' for name, value in sorted(values.items())]


def quoted(text: str) -> str:
    """Write a text as it stands within double quotes of a unit; raises `ValueError` for what no unit can hold."""
    if any(ord(letter) < ord(" ") or letter == "\x7f" for letter in text):
        raise ValueError("a unit holds no control characters")
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def command(argv: Iterable[str]) -> str:
    """Write an argument list for `ExecStart=`, in which nothing is expanded."""
    return " ".join(word if PLAIN.fullmatch(word) else f'"{quoted(word).replace("$", "$$")}"' for word in argv)


def _text(*, unit: Iterable[str], service: Iterable[str], wanted_by: str = "") -> str:
    install = f"\n[Install]\nWantedBy={wanted_by}\n" if wanted_by else ""
    head = "# Written from boot's table of programs; what is changed here by hand is lost."
    return "\n".join((head, "[Unit]", *unit, "", "[Service]", *service, "")) + install
