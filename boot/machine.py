"""The machine as root sets it: files for the system's own programs, then word to each of them. No shell, ever."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from appliance.root_work import CARDS_S_MAX, Slot
from appliance.whole import write_whole
from boot import firewall, network
from boot.kept import Settings

TOOL_S_MAX = 20.0
INSTALL_S_MAX = 1800.0
SAID_BYTES_MAX = 400
"Of what a program says when it refuses, this much is passed on."
ZONES = Path("/usr/share/zoneinfo")
CARDS_UNIT = "dahdi.service"
"It loads the drivers of cards and gives them their files; it needs rights that we have not."
CARDS_LINES = 6
"Of its log, when it refuses."


class MachineError(Exception):
    """A program of the system refused; the message is its word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The programs of the system that root asks."""

    nft: str = "/usr/sbin/nft"
    networkctl: str = "/usr/bin/networkctl"
    hostnamectl: str = "/usr/bin/hostnamectl"
    timedatectl: str = "/usr/bin/timedatectl"
    chronyc: str = "/usr/bin/chronyc"
    systemctl: str = "/usr/bin/systemctl"
    rauc: str = "/usr/bin/rauc"
    dahdi_cfg: str = "/usr/sbin/dahdi_cfg"
    journalctl: str = "/usr/bin/journalctl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine, or what a test takes for one."""

    doors: firewall.Doors
    networkd: Path = Path("/run/systemd/network")
    "Where systemd-networkd reads files that do not outlive the machine's run (systemd.network(5))."
    chrony: Path = Path("/run/chrony-dhcp")
    "Where Debian's chrony looks for further sources."
    updates: Path
    "Where bundles lie that may be installed."
    zones: Path = ZONES
    tools: Tools = field(default_factory=Tools)

    async def apply(self, settings: Settings, *, early: bool = False) -> None:
        """Set all of it; may be repeated. Raises `MachineError`.

        `early` is before the system's own programs run: they find their files when they start.
        """
        self._write(settings)
        await self.filter(settings)
        if early:
            return
        tools, zone = self.tools, settings.zone or "Etc/UTC"
        await run((tools.networkctl, "reload"))
        for name in self._interfaces(settings):
            await run((tools.networkctl, "reconfigure", name))
        await run((tools.hostnamectl, "hostname", "--transient", settings.network.host))
        await run((tools.timedatectl, "--no-ask-password", "set-timezone", zone))
        await run((tools.chronyc, "reload", "sources"))

    async def filter(self, settings: Settings) -> None:
        """Put the packet filter in place, in one step of the kernel's."""
        rules = firewall.render(settings.firewall, self.doors)
        with tempfile.NamedTemporaryFile("w", suffix=".nft") as file:
            file.write(rules)
            file.flush()
            await run((self.tools.nft, "-f", file.name))

    def _write(self, settings: Settings) -> None:
        self.networkd.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.chrony.mkdir(mode=0o755, parents=True, exist_ok=True)
        write_whole(self.networkd / "10-switchroom.network", network.networkd(settings.network).encode())
        write_whole(self.chrony / "switchroom.sources", network.time_servers(settings.network).encode())

    def _interfaces(self, settings: Settings) -> list[str]:
        if settings.network.interface:
            return [settings.network.interface]
        return [name for name in psutil.net_if_addrs() if name.startswith(("en", "eth"))]

    def has_zone(self, zone: str) -> bool:
        """Tell whether the tz database has a zone of this name."""
        return (self.zones / zone).is_file()

    # -- the system as a whole

    async def restart(self, unit: str) -> None:
        """Restart one program; returns when that is under way, so that who asked may be the one."""
        await run((self.tools.systemctl, "--no-block", "restart", f"switchroom-{unit}.service"))

    async def reboot(self) -> None:
        """Start the machine anew."""
        await run((self.tools.systemctl, "--no-block", "reboot"))

    async def power_off(self) -> None:
        """Switch the machine off."""
        await run((self.tools.systemctl, "--no-block", "poweroff"))

    # -- telephone cards

    @property
    def has_card_drivers(self) -> bool:
        """Whether there is anybody who could take settings of cards."""
        return Path(self.tools.dahdi_cfg).exists()

    async def set_cards(self) -> None:
        """Have the drivers of cards take the files that lie there, as at each start of the machine.

        Raises `MachineError` with the word of the program that refused.
        """
        try:
            await run((self.tools.systemctl, "restart", CARDS_UNIT), within_s=CARDS_S_MAX)
        except MachineError as error:
            said = ""
            with contextlib.suppress(MachineError):
                asked = ("--quiet", f"--unit={CARDS_UNIT}", f"--lines={CARDS_LINES}", "--output=cat")
                said = await run((self.tools.journalctl, *asked))
            raise MachineError(" ".join(said.split())[-SAID_BYTES_MAX:] or str(error)) from error

    # -- slots

    @property
    def _has_slots(self) -> bool:
        return Path(self.tools.rauc).exists()

    async def install(self, bundle: str) -> None:
        """Write a bundle into the slot that does not run. RAUC finds it and checks its signature before it writes."""
        await run((self.tools.rauc, "install", str(self.updates / bundle)), within_s=INSTALL_S_MAX)

    async def mark(self, slot: str, state: str) -> None:
        """Say of the slot `booted` or `other` that it is `good`, `bad` or to be `active`."""
        await run((self.tools.rauc, "status", f"mark-{state}", slot))

    async def slots(self) -> tuple[Slot, ...]:
        """List the slots as RAUC knows them; none where there is no RAUC."""
        if not self._has_slots:
            return ()
        return slots_of(await run((self.tools.rauc, "status", "--detailed", "--output-format=json")))

    def addresses(self) -> tuple[str, ...]:
        """List the IPv4 addresses of the network cards."""
        return tuple(
            f"{name} {address.address}"
            for name, addresses in sorted(psutil.net_if_addrs().items())
            for address in addresses
            if address.family.name == "AF_INET" and name != "lo"
        )


def slots_of(text: str) -> tuple[Slot, ...]:
    """Read what `rauc status --output-format=json` says; raises `MachineError` if that is something else."""
    try:
        told = json.loads(text)
        found = []
        for entry in told["slots"]:
            for slot in entry.values():
                bundle = slot.get("slot_status", {}).get("bundle", {})
                found.append(
                    Slot(
                        name=str(slot["bootname"]),
                        booted=slot["state"] == "booted",
                        good=slot["boot_status"] == "good",
                        active=slot["bootname"] == told["boot_primary"] or told["boot_primary"] in entry,
                        version=str(bundle.get("version", "")),
                    )
                )
        return tuple(sorted(found, key=lambda slot: slot.name))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MachineError(f"what RAUC says cannot be read: {type(error).__name__}") from error


async def run(argv: Sequence[str], *, within_s: float = TOOL_S_MAX) -> str:
    """Run a program of the system to its end and give what it printed; raises `MachineError`."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
        )
    except OSError as error:
        raise MachineError(f"{argv[0]}: {error.strerror}") from error
    try:
        async with asyncio.timeout(within_s):
            out, errors = await process.communicate()
    except TimeoutError:
        raise MachineError(f"{argv[0]} did not end within {within_s:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = (errors or out)[-SAID_BYTES_MAX:].decode(errors="replace").strip()
        raise MachineError(f"{Path(argv[0]).name} ended with {process.returncode}: {said}")
    return out.decode(errors="replace")
