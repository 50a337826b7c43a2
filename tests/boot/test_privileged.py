"""The root part does what its words say, on trial where it must be, and nothing else for nobody else."""

import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import root_work as words
from boot.kept import Kept, Settings
from boot.machine import MachineError, slots_of
from tests import hostile
from tests.boot.root_part import PROJECT, RootPart, kept_in, root_part

STATIC = words.Network(
    host="box", interface="eth0", address="192.0.2.10/24", gateway="192.0.2.1", dns=("192.0.2.53",), ntp=("192.0.2.7",)
)
WAIT_S = 20.0
SLOTS = """{"compatible": "switchroom-amd64", "booted": "A", "boot_primary": "rootfs.1", "slots": [
 {"rootfs.1": {"class": "rootfs", "bootname": "B", "state": "inactive", "boot_status": "good",
  "slot_status": {"bundle": {"compatible": "switchroom-amd64", "version": "2.0"}}}},
 {"rootfs.0": {"class": "rootfs", "bootname": "A", "state": "booted", "boot_status": "good"}}]}"""


def raw(part: RootPart, line: bytes) -> dict[str, str]:
    """Send a line as it stands; what came back."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(WAIT_S)
        door.connect(str(part.folder / "ask.sock"))
        door.sendall(line)
        answer = door.makefile().readline()
    return dict(json.loads(answer))


def kept(part: RootPart) -> Settings:
    """Give what would hold after the machine's next start."""
    return kept_in(part.folder).settings


def file_of(part: RootPart) -> str:
    """Give what systemd-networkd reads."""
    return (part.folder / "networkd/10-switchroom.network").read_text()


def wait_for(part: RootPart, text: str) -> None:
    """Wait until the audit says something, and until that is done: questions are answered one after the other."""
    end = time.monotonic() + WAIT_S
    while text not in part.audit:
        assert time.monotonic() < end, part.audit
        part.ask(words.Look())
    part.ask(words.Look())


def test_a_network_is_tried_confirmed_and_kept(tmp_path: Path) -> None:
    """Only the confirmation outlives the machine's run."""
    with root_part(tmp_path) as part:
        answer = part.ask(words.SetNetwork(network=STATIC))
        assert answer.problem == ""
        assert 55 <= answer.left_s <= 60
        assert kept(part).network == words.Network()
        assert "Address=192.0.2.10/24\nDHCP=no\nGateway=192.0.2.1\nDNS=192.0.2.53\n" in file_of(part)
        assert (tmp_path / "chrony/switchroom.sources").read_text() == "server 192.0.2.7 iburst\n"
        seen = part.ask(words.Look()).seen
        assert seen is not None
        assert (seen.network, seen.on_trial) == (STATIC, answer.change)
        assert part.ask(words.SetFirewall(firewall=words.Firewall(phones=()))).problem == "on_trial"
        assert part.ask(words.Confirm(change="0" * 32)).problem == "unknown_change"
        assert part.ask(words.Confirm(change=answer.change)).problem == ""
        assert kept(part).network == STATIC
        assert part.ask(words.SetNetwork(network=STATIC)) == words.Answer(), "nothing changes, nothing is on trial"
    assert "hostnamectl hostname --transient box" in part.told
    assert "networkctl reconfigure eth0" in part.told
    asked = [json.loads(line) for line in part.audit.splitlines()]
    assert [line["asked"]["ask"] for line in asked] == [
        "set-network",
        "set-firewall",
        "confirm",
        "confirm",
        "set-network",
    ]
    assert all(line["uid"] == os.geteuid() and line["pid"] == os.getpid() for line in asked)


def test_what_nobody_confirms_is_taken_back(tmp_path: Path) -> None:
    """By the clock, or at once by who is asked to."""
    with root_part(tmp_path, confirm_s=0.2) as part:
        assert part.ask(words.SetNetwork(network=STATIC)).change
        wait_for(part, "nobody confirmed")
        assert "DHCP=ipv4" in file_of(part)
        seen = part.ask(words.Look()).seen
        assert seen is not None
        assert (seen.network, seen.on_trial) == (words.Network(), "")
    with root_part(tmp_path) as part:
        assert part.ask(words.SetNetwork(network=STATIC)).change
        assert part.ask(words.TakeBack()).problem == ""
        assert "DHCP=ipv4" in file_of(part)


def test_a_trial_goes_on_over_the_death_of_the_root_part(tmp_path: Path) -> None:
    """A killed one comes back to the same change, and takes it back at its time."""
    with root_part(tmp_path, confirm_s=3.0) as part:
        change = part.ask(words.SetNetwork(network=STATIC)).change
        part.kill()
        part.start()
        seen = part.ask(words.Look()).seen
        assert seen is not None
        assert seen.on_trial in {change, ""}
        wait_for(part, "nobody confirmed")
        assert "DHCP=ipv4" in file_of(part)
        assert kept(part) == Settings()


def test_a_power_cut_takes_a_trial_back(tmp_path: Path) -> None:
    """What is on trial lies where nothing outlives the machine's run."""
    with root_part(tmp_path) as part:
        assert part.ask(words.SetNetwork(network=STATIC)).change
        part.kill()
        for path in (tmp_path / "volatile").iterdir():
            path.unlink()
        part.start()
        assert "DHCP=ipv4" in file_of(part)


def test_a_program_that_refuses_takes_the_change_back(tmp_path: Path) -> None:
    """The answer says which one, and what it said."""
    with root_part(tmp_path) as part:
        (tmp_path / "refuse.networkctl").touch()
        answer = part.ask(words.SetNetwork(network=STATIC))
        assert answer.problem == "not_applied"
        assert answer.detail == "networkctl ended with 3: networkctl will not"
        (tmp_path / "refuse.networkctl").unlink()
        assert "DHCP=ipv4" in file_of(part)
        assert part.ask(words.SetNetwork(network=STATIC)).change, "nothing is left on trial"
        assert part.ask(words.ResetNetwork()).problem == ""
        assert kept(part) == Settings()
        assert "DHCP=ipv4" in file_of(part)


def test_the_other_words(tmp_path: Path) -> None:
    """Each is an argument list of one program of the system."""
    with root_part(tmp_path) as part:
        (tmp_path / "slots.json").write_text(SLOTS)
        before = len(part.told)
        for question in (
            words.SetTimeZone(zone="Asia/Shanghai"),
            words.RestartUnit(unit="web"),
            words.Reboot(),
            words.PowerOff(),
            words.InstallUpdate(bundle="two.raucb"),
            words.MarkSlot(slot="booted", state="good"),
        ):
            assert part.ask(question) == words.Answer(), question
        assert part.ask(words.SetTimeZone(zone="Asia/Atlantis")).problem == "unknown_zone"
        told = part.told[before:]
        assert "timedatectl --no-ask-password set-timezone Asia/Shanghai" in told
        assert told[-5:] == [
            "systemctl --no-block restart switchroom-web.service",
            "systemctl --no-block reboot",
            "systemctl --no-block poweroff",
            f"rauc install {tmp_path}/updates/two.raucb",
            "rauc status mark-good booted",
        ]
        seen = part.ask(words.Look()).seen
        assert seen is not None
        assert seen.zone == "Asia/Shanghai"
        assert seen.slots == (
            words.Slot(name="A", booted=True, good=True, active=False),
            words.Slot(name="B", booted=False, good=True, active=True, version="2.0"),
        )


def test_what_is_no_question_is_refused(tmp_path: Path) -> None:
    """Nothing is done, each is in the audit, and the next one is served."""
    odd = [
        b"\n",
        b"{}\n",
        b"[]\n",
        b'{"ask":"format-disk"}\n',
        b'{"ask":"look","more":1}\n',
        b'{"ask":"restart-unit","unit":"sshd"}\n',
        b'{"ask":"confirm","change":"\\u0000"}\n',
        b'{"ask":"install-update","bundle":"../../etc/passwd"}\n',
        b'{"ask":"set-time-zone","zone":"../../../etc/shadow"}\n',
        b"[" * 60_000 + b"\n",
        b"\xff\xfe\n",
    ]
    with root_part(tmp_path) as part:
        before = part.told
        for line in odd:
            assert raw(part, line)["problem"] == "invalid", line
        assert raw(part, b'{"ask":"set-network","network":{"address":"1.2.3.4","interface":"eth0"}}\n') == {
            "problem": "invalid",
            "detail": "address",
        }
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(WAIT_S)
            door.connect(str(tmp_path / "ask.sock"))
            with pytest.raises(ConnectionError):  # a line without an end is cut off
                door.sendall(b"x" * 10_000_000)
        assert part.told == before
        assert part.audit.count('"invalid"') == len(odd) + 1
        assert part.ask(words.Look()).seen is not None


STRANGER = """
import os, socket
os.setgid(65534)
os.setuid(65534)
door = socket.socket(socket.AF_UNIX)
door.connect("ask.sock")
door.sendall(b'{"ask": "reboot"}\\n')
print(door.makefile().readline())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else for a moment")
def test_another_users_program_is_turned_away(tmp_path: Path) -> None:
    """Who asks is the kernel's word; that the socket's mode would let it in is not enough."""
    with root_part(tmp_path) as part:
        (tmp_path / "ask.sock").chmod(0o666)
        tmp_path.chmod(0o755)
        argv = [sys.executable, "-S", "-c", STRANGER]
        done = subprocess.run(argv, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True)
        assert json.loads(done.stdout) == {"problem": "not_allowed"}
        assert not any("reboot" in line for line in part.told)
        assert '"uid": 65534' in part.audit


@pytest.mark.parametrize("torn", [b"", b"{", b'{"zone":"../x"}', b'{"network":{"host":";"}}', b"\xff" * 100])
def test_settings_that_cannot_be_read_are_the_first_ones(tmp_path: Path, torn: bytes) -> None:
    """The box can be reached where it would be when it is new; that it is so is said."""
    folder = kept_in(tmp_path)
    (tmp_path / "kept/machine.json").write_bytes(torn)
    assert not folder.readable
    assert folder.settings == Settings()
    with root_part(tmp_path) as part:
        assert "not_readable" in part.audit


def test_kept_settings_of_a_later_release_can_be_read(tmp_path: Path) -> None:
    """Fields are only added; the release before goes by those it knows."""
    folder = kept_in(tmp_path)
    (tmp_path / "kept/machine.json").write_bytes(b'{"zone":"Asia/Shanghai","later":{"a":[1]}}')
    assert folder.settings == Settings(zone="Asia/Shanghai")


KILLED = """
import os, signal, sys
from pathlib import Path
from boot.kept import Kept, Settings
left = int(sys.argv[2])
def step(event, _args):
    global left
    if event in {"open", "os.rename", "os.remove", "os.chmod"}:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
folder = Path(sys.argv[1])
kept = Kept(folder=folder / "kept", volatile=folder / "volatile")
trial = kept.try_out(Settings(zone="New/Zone"))
sys.addaudithook(step)
kept.keep(trial.settings)
print("whole", left, flush=True)
"""


def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """Killed before each system call that changes a folder: one of the two, never neither."""
    found = []
    for step in itertools.count():
        folder = kept_in(tmp_path)
        folder.keep(Settings(zone="Old/Zone"))
        argv = [sys.executable, "-S", "-c", KILLED, str(tmp_path), str(step)]
        paths = os.pathsep.join((str(PROJECT), *(path for path in sys.path if "site-packages" in path)))
        done = subprocess.run(argv, env={"PYTHONPATH": paths}, capture_output=True, text=True, check=False)
        found.append(folder.settings.zone)
        if done.stdout.startswith("whole"):
            break
        assert done.returncode == -9, done.stderr
    assert set(found) == {"Old/Zone", "New/Zone"}
    assert found == sorted(found, reverse=True), "old until some step, new from there on"
    assert len(found) >= 5


# -- the words themselves


TEXTS = st.one_of(st.text(max_size=80), st.sampled_from([*hostile.SQL, *hostile.SHELL, "eth0", "1.2.3.4/24", "::1"]))
SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+./:")


@given(
    st.fixed_dictionaries(
        {"host": TEXTS, "interface": TEXTS, "address": TEXTS, "gateway": TEXTS},
        optional={"dns": st.lists(TEXTS, max_size=5), "ntp": st.lists(TEXTS, max_size=6)},
    )
)
def test_no_text_gets_through_that_a_file_or_argument_could_be_broken_with(given_: dict[str, object]) -> None:
    """What is accepted is of plain signs and begins with none that an option begins with."""
    try:
        network = msgspec.json.decode(msgspec.json.encode(given_), type=words.Network)
    except msgspec.ValidationError:
        return
    for text in (network.host, network.interface, network.address, network.gateway, *network.dns, *network.ntp):
        assert set(text) <= SAFE
        assert not text.startswith("-")


@given(TEXTS)
def test_no_text_becomes_a_path_or_a_unit(text: str) -> None:
    """Zones, bundles, units, networks."""
    for make in (
        lambda: words.SetTimeZone(zone=text),
        lambda: words.InstallUpdate(bundle=text),
        lambda: words.Confirm(change=text),
        lambda: words.RestartUnit(unit=text),
    ):
        try:
            made = make()
        except ValueError:
            continue
        assert ".." not in text
        assert set(text) <= SAFE, made
        assert text[0] not in "-/."


@pytest.mark.parametrize(
    ("network", "field"),
    [
        ({"host": ""}, "host"),
        ({"host": "a.b"}, "host"),
        ({"host": "12"}, "host"),
        ({"address": "192.0.2.10/24"}, "interface"),
        ({"address": "192.0.2.0/24", "interface": "eth0"}, "address"),
        ({"address": "192.0.2.255/24", "interface": "eth0"}, "address"),
        ({"address": "127.0.0.1/8", "interface": "lo"}, "address"),
        ({"address": "192.0.2.10/33", "interface": "eth0"}, "address"),
        ({"gateway": "192.0.2.1"}, "gateway"),
        ({"address": "192.0.2.10/24", "interface": "eth0", "gateway": "198.51.100.1"}, "gateway"),
        ({"dns": ("dns.example",)}, "dns"),
        ({"dns": ("1.1.1.1",) * 4}, "dns"),
        ({"ntp": ("300.1.1.1",)}, "ntp"),
        ({"interface": "eth0\nDHCP=no"}, "interface"),
    ],
)
def test_the_wrong_field_is_named(network: dict[str, object], field: str) -> None:
    """A page can say where."""
    with pytest.raises(msgspec.ValidationError, match=f"^{field} - at"):
        msgspec.convert({"ask": "set-network", "network": network}, words.AnyQuestion)


def test_a_console_that_nobody_could_open_is_refused() -> None:
    """And so is what is no network."""
    for wrong in ({"console": ()}, {"phones": ("10.0.0.1/8",)}, {"media": ("fe80::%eth0/10",)}, {"phones": ("x",)}):
        with pytest.raises(ValueError, match=r"console|phones|media"):
            words.Firewall(**wrong)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_whatever_rauc_says_is_slots_or_an_error(told: object) -> None:
    """Never a crash."""
    for text in (json.dumps(told), json.dumps({"slots": told, "boot_primary": "x"})):
        with contextlib.suppress(MachineError):
            assert isinstance(slots_of(text), tuple)


def test_nobody_there_is_said(tmp_path: Path) -> None:
    """A laptop has no root part."""
    with pytest.raises(words.RootAwayError):
        words.ask(tmp_path / "none.sock", words.Look())


def test_the_places_of_the_settings_are_roots_alone(tmp_path: Path) -> None:
    """What is kept can be read by root and nobody else."""
    folder: Kept = kept_in(tmp_path)
    folder.keep(Settings())
    assert (tmp_path / "kept/machine.json").stat().st_mode & 0o777 == 0o600
