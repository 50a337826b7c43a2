"""What may be asked of the box's one root part (`boot/privileged.py`), and the small client that asks it.

One question a connection on a unix socket: a JSON object, ended by a line feed; one answer in the same form. Each value
is checked as it is made and again as it is read, so that root may hand it to a program's argument list as it stands.
Root reads this module: standard library, msgspec and what the core says of telephone cards.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable
from pathlib import Path

import msgspec

from appliance.core import cards, check_cards, model

QUESTION_BYTES_MAX = 65_536
ANSWER_BYTES_MAX = 262_144
CONFIRM_S = 60
"A change of the network or the firewall that nobody confirms within this time is taken back."
NETWORKS_MAX = 64
DNS_MAX = 3
"As many as a resolver asks (resolv.conf(5))."
NTP_MAX = 4
INTERFACE = re.compile(r"[a-z][a-z0-9_-]{0,14}")
"Names that the kernel and udev give; 15 bytes at most (IFNAMSIZ)."
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"One label of a host name (RFC 1123, section 2.1)."
NAME_MAX = 253
POINT_TO_POINT = 31
"A prefix as long as this has neither network nor broadcast address (RFC 3021)."
ZONE = re.compile(r"[A-Z][A-Za-z0-9_+-]{0,31}(/[A-Z][A-Za-z0-9_+-]{0,31}){0,2}")
"A name of the tz database; that there is such a zone is looked up by root."
BUNDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,119}\.raucb")
CHANGE = re.compile(r"[0-9a-f]{32}")
EVERYWHERE = ("0.0.0.0/0", "::/0")
NEAR = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
"Private and link-local networks (RFC 1918, RFC 3927, RFC 4193, RFC 4291)."
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
CARDS_S_MAX = 25.0
"How long the drivers of telephone cards may take with new settings, and once more with the old ones."
DIGEST = re.compile(r"([0-9a-f]{32})?")
UNITS = ("zeo", "daemon", "asterisk", "web", "nginx")
"The programs that may be restarted, by their names in the table of processes."


class RootAwayError(Exception):
    """The root part is not there, or did not answer in time or in our words: a laptop has none."""


class RootDiedError(RootAwayError):
    """It took the question and went away without an answer."""


def _check(holds: object, field: str) -> None:
    if not holds:
        raise ValueError(field)


def _address(text: str, field: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    _check(text.isascii() and "%" not in text, field)
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(field) from None


def _is_host(text: str) -> bool:
    """Tell whether it is a name of the DNS; a name whose last label is a number is a wrong address."""
    labels = text.split(".")
    return len(text) <= NAME_MAX and all(LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()


def _check_networks(texts: tuple[str, ...], field: str) -> None:
    _check(len(texts) <= NETWORKS_MAX, field)
    for text in texts:
        _check(text.isascii() and "%" not in text, field)
        try:
            ipaddress.ip_network(text)
        except ValueError:
            raise ValueError(field) from None


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the box stands in its network; by default it asks DHCP on every wired card. `ValueError` names the field."""

    host: str = "switchroom"
    "The box's own name, one label."
    interface: str = ""
    "The network card; empty for any wired one."
    address: str = ""
    "IPv4 address with its prefix, `192.0.2.10/24`; empty asks DHCP."
    gateway: str = ""
    "Within the address's network; empty for none. DHCP gives its own."
    dns: tuple[str, ...] = ()
    "Addresses of name servers; empty takes those of DHCP."
    ntp: tuple[str, ...] = ()
    "Time servers, by name or address; empty takes those of the image."

    def __post_init__(self) -> None:
        """Refuse what no network can be."""
        _check(LABEL.fullmatch(self.host) and not self.host.isdigit(), "host")
        _check(not self.interface or INTERFACE.fullmatch(self.interface), "interface")
        if self.address:
            _check(self.interface, "interface")
            self._check_address()
        _check(self.address or not self.gateway, "gateway")
        _check(len(self.dns) <= DNS_MAX, "dns")
        for text in self.dns:
            _address(text, "dns")
        _check(len(self.ntp) <= NTP_MAX, "ntp")
        for text in self.ntp:
            if not _is_host(text):
                _address(text, "ntp")

    def _check_address(self) -> None:
        _check(self.address.isascii() and "/" in self.address, "address")
        try:
            own = ipaddress.IPv4Interface(self.address)
        except ValueError:
            raise ValueError("address") from None
        edges = {own.network.network_address, own.network.broadcast_address}
        _check(own.ip not in edges or own.network.prefixlen >= POINT_TO_POINT, "address")
        _check(not (own.ip.is_multicast or own.ip.is_loopback or own.ip.is_unspecified), "address")
        if self.gateway:
            gateway = _address(self.gateway, "gateway")
            _check(gateway in own.network and gateway != own.ip, "gateway")


class Firewall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From which networks the box's doors can be reached; all else is dropped. Which ports those are, root knows."""

    console: tuple[str, ...] = NEAR
    "Who may open the console's pages."
    phones: tuple[str, ...] = NEAR
    "Where SIP of phones and trunks may come from, unasked."
    media: tuple[str, ...] = EVERYWHERE
    "Where the sound of calls may come from: a provider's media seldom comes from its SIP server."

    def __post_init__(self) -> None:
        """Refuse what is no network, and a box that nobody could set up any more; `ValueError` names the field."""
        _check(self.console, "console")
        _check_networks(self.console, "console")
        _check_networks(self.phones, "phones")
        _check_networks(self.media, "media")


# -- questions


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="ask"):
    """Something asked of root."""


class Look(Question, frozen=True, kw_only=True, tag="look"):
    """Tell how the machine is set."""


class SetNetwork(Question, frozen=True, kw_only=True, tag="set-network"):
    """Stand in the network like this, on trial: `Confirm` keeps it, `CONFIRM_S` seconds without it take it back."""

    network: Network


class SetFirewall(Question, frozen=True, kw_only=True, tag="set-firewall"):
    """Let these in, on trial in the same way."""

    firewall: Firewall


class Confirm(Question, frozen=True, kw_only=True, tag="confirm"):
    """Keep what is on trial."""

    change: str
    "As the answer to `SetNetwork` or `SetFirewall` gave it."

    def __post_init__(self) -> None:
        """Refuse what no answer gave."""
        _check(CHANGE.fullmatch(self.change), "change")


class TakeBack(Question, frozen=True, kw_only=True, tag="take-back"):
    """Go back at once to what was kept."""


class ResetNetwork(Question, frozen=True, kw_only=True, tag="reset-network"):
    """Forget network and firewall settings: DHCP, and the first firewall. For somebody who stands at the box."""


class SetTimeZone(Question, frozen=True, kw_only=True, tag="set-time-zone"):
    """Live in this zone of the tz database."""

    zone: str

    def __post_init__(self) -> None:
        """Refuse what could be no zone, and above all no path."""
        _check(ZONE.fullmatch(self.zone), "zone")


class RestartUnit(Question, frozen=True, kw_only=True, tag="restart-unit"):
    """Restart one program of the box."""

    unit: str
    "One of `UNITS`."

    def __post_init__(self) -> None:
        """Refuse what is no program of the box."""
        _check(self.unit in UNITS, "unit")


class Reboot(Question, frozen=True, kw_only=True, tag="reboot"):
    """Start the machine anew."""


class PowerOff(Question, frozen=True, kw_only=True, tag="power-off"):
    """Switch the machine off."""


class InstallUpdate(Question, frozen=True, kw_only=True, tag="install-update"):
    """Write a signed bundle into the slot that does not run; answered when that is done, which takes minutes."""

    bundle: str
    "File name in the folder of updates."

    def __post_init__(self) -> None:
        """Refuse what is no plain file name of a bundle."""
        _check(BUNDLE.fullmatch(self.bundle), "bundle")


class MarkSlot(Question, frozen=True, kw_only=True, tag="mark-slot"):
    """Say of a slot what the boot loader goes by."""

    slot: str
    "`booted` or `other`."
    state: str
    "`good`, `bad`, or `active`: the one to start next."

    def __post_init__(self) -> None:
        """Refuse any other word."""
        _check(self.slot in {"booted", "other"}, "slot")
        _check(self.state in {"good", "bad", "active"}, "state")


class LookCards(Question, frozen=True, kw_only=True, tag="look-cards"):
    """Tell what the telephone cards were last set to."""


class ApplyCards(Question, frozen=True, kw_only=True, tag="apply-cards"):
    """Set the telephone cards to these spans; answered when their drivers have taken them, or all is as it was."""

    spans: tuple[model.Span, ...]
    "As `wiring` gives them."
    seen: str = ""
    "`Cards.digest` as the asker saw it; refused with `stale` if something else is applied by now."

    def __post_init__(self) -> None:
        """Refuse what no card can be set to, and every text that stands in no file of theirs."""
        _check(len(self.spans) <= cards.SPANS_MAX, "spans")
        _check(DIGEST.fullmatch(self.seen), "seen")
        _check(self.spans == wiring(self.spans), "spans")
        for span in self.spans:
            _check(SLUG.fullmatch(span.slug), "spans.slug")
        _check(len({span.slug for span in self.spans}) == len(self.spans), "spans.slug")
        for fault in check_cards.faults(model.Configuration(spans=self.spans)):
            raise ValueError(fault.path)


def wiring(spans: Iterable[model.Span]) -> tuple[model.Span, ...]:
    """Give of spans what the drivers of cards are told: no title, and not which lines are out of service."""
    bare = (msgspec.structs.replace(span, title="", out=()) for span in spans)
    return tuple(sorted(bare, key=lambda span: (span.number, span.slug)))


_OfSettings = Look | SetNetwork | SetFirewall | Confirm | TakeBack | ResetNetwork | SetTimeZone
AnyOrder = RestartUnit | Reboot | PowerOff | MarkSlot
"What a program of the system is told at once."
_OfCards = LookCards | ApplyCards
AnyQuestion = _OfSettings | AnyOrder | InstallUpdate | _OfCards


# -- answers


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two places that the system may lie in."""

    name: str
    "`A` or `B`."
    booted: bool
    good: bool
    "As the boot loader sees it."
    active: bool
    "Whether it is started next."
    version: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """How the machine is set."""

    network: Network = Network()
    firewall: Firewall = Firewall()
    zone: str = ""
    "Empty where none was chosen: UTC."
    on_trial: str = ""
    "The change that waits to be confirmed; `network` and `firewall` are those on trial then."
    left_s: int = 0
    "How long it still waits."
    addresses: tuple[str, ...] = ()
    "Of the machine's network cards, `eth0 192.0.2.10/24`."
    slots: tuple[Slot, ...] = ()
    "Empty where there are none."


class Cards(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the telephone cards were last set to."""

    drivers: bool = False
    "Whether the machine has DAHDI's programs."
    spans: tuple[model.Span, ...] | None = None
    "None where nothing was applied yet, or somebody else wrote the files."
    files: dict[str, str] = {}
    "What the drivers go by, name to text."
    digest: str = ""
    "Of all that is applied; empty for nothing."
    at: int = 0
    "When it was found good, microseconds UTC."


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What root says."""

    problem: str = ""
    """Empty for done; `invalid`, `not_allowed`, `on_trial` (another change waits), `unknown_change`, `unknown_zone`,
    `busy`, `not_applied` (a program of the system refused); of cards `stale` (something else is applied by now),
    `no_dahdi` (the machine has no drivers of cards) and `not_taken_back` (they refused what was good before, too)."""
    detail: str = ""
    "The field that is invalid, or what the program said; English."
    change: str = ""
    "To be given with `Confirm`."
    left_s: int = 0
    "Seconds in which to do so."
    seen: Seen | None = None
    cards: Cards | None = None
    "What was asked by `LookCards`."


def patience_s(question: AnyQuestion) -> float:
    """Tell how long to wait for root's answer to a question that programs of the system are asked for."""
    return 2 * CARDS_S_MAX + 5.0 if isinstance(question, ApplyCards) else 30.0


def ask(path: Path, question: AnyQuestion, *, timeout_s: float = 30.0) -> Answer:
    """Ask root; blocking, up to `timeout_s` for each step. Raises `RootAwayError`."""
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(timeout_s)
            door.connect(str(path))
            door.sendall(msgspec.json.encode(question) + b"\n")
            with door.makefile("rb") as answers:
                line = answers.readline(ANSWER_BYTES_MAX)
        if not line:
            raise RootDiedError("the root part went away in the middle of a question")
        return msgspec.json.decode(line, type=Answer)
    except ConnectionResetError as error:
        raise RootDiedError("the root part went away in the middle of a question") from error
    except OSError as error:
        raise RootAwayError(f"the root part is not there: {error.strerror or error}") from error
    except msgspec.DecodeError as error:
        raise RootAwayError(f"the root part's answer cannot be read: {error}") from error
