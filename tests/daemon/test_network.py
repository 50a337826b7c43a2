"""The network test in the daemon: names, clock, what is kept, and one test at a time."""

import socket
import stat
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import msgspec
import pytest
import pytest_twisted
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from appliance import api, network, root_work
from appliance.backups import BackupSettings, Destination
from appliance.client import Client, DoorClosedError
from appliance.core.model import Configuration, Extension, Trunk
from appliance.daemon.lookups import clock, clock_of, look_up, names_of, resolve
from appliance.daemon.network import Network
from appliance.daemon.reactor import Reactor
from appliance.network import Clock, Leg
from appliance.store.backup_words import BackupHome
from appliance.store.network_runs import Kept, NetworkHome
from drivers.asterisk.quality import Quality
from tests.boot.root_part import root_part
from tests.daemon.real import Box, the_reactor
from tests.drivers.asterisk.played import Played

TRACKING = (
    "A29FC87B,162.159.200.123,4,1795262400.123456789,-0.000012345,0.000001,0.00002,-3.1,0.001,0.02,0.0123,0.0004,64.2,"
    "Normal"
)
GOOD = Clock(server="162.159.200.123", stratum=4, offset_ms=0.012, round_trip_ms=12.3)
LEG = Leg(at=1, mos=4.4)


# -- names


def no_name(_name: str) -> Sequence[str]:
    """Answer as libc does where a name server says that there is none."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def no_server(_name: str) -> Sequence[str]:
    """Answer as libc does where no name server answers."""
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def odd(_name: str) -> Sequence[str]:
    """Answer as libc does where it can do nothing else."""
    raise socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure in name resolution")


def empty(_name: str) -> Sequence[str]:
    """Give no address."""
    return []


@pytest.mark.parametrize(
    ("how", "problem"), [(no_name, "no_name"), (empty, "no_name"), (no_server, "no_server"), (odd, "failed")]
)
@pytest_twisted.ensureDeferred
async def test_what_went_wrong_with_a_name_has_a_word(how: object, problem: str) -> None:
    """A slip in a name is not a dead name server."""
    assert callable(how)
    lookup = await look_up(the_reactor(), "pbx.example", how=how)
    assert (lookup.problem, lookup.addresses) == (problem, ())


@pytest_twisted.ensureDeferred
async def test_libc_is_asked() -> None:
    """The machine's own name is in its hosts file; what cannot be a name fails at once and harms nothing."""
    lookup = await look_up(the_reactor(), "localhost")
    assert lookup.problem == ""
    assert {"127.0.0.1", "::1"} & set(lookup.addresses)
    assert (await look_up(the_reactor(), "a" * 70 + ".example")).problem == "failed"
    assert resolve("127.0.0.1") == ["127.0.0.1"]


@pytest_twisted.ensureDeferred
async def test_a_name_server_that_hangs_holds_up_nothing() -> None:
    """Its time is bounded, the reactor turns meanwhile, and what comes later is forgotten."""
    released = Event()

    def hang(_name: str) -> Sequence[str]:
        released.wait(10)
        return ["127.0.0.1"]

    lookup = await look_up(the_reactor(), "slow.example", how=hang, s_max=0.05)
    assert (lookup.problem, lookup.took_ms) == ("timeout", 50)
    released.set()


def test_which_names_there_are() -> None:
    """Of trunks on SIP and of backups, each once; addresses are none."""
    configuration = Configuration(
        trunks=(
            Trunk(slug="a", host="sip.example"),
            Trunk(slug="b", host="sip.example"),
            Trunk(slug="c", host="192.0.2.1"),
            Trunk(slug="d", host="[2001:db8::1]"),
            Trunk(slug="e", channels=("e1",)),
        )
    )
    names = names_of(configuration, {"backup/nas": "nas.example", "backup/disk": ""})
    assert names == {"sip.example": ("trunk/a", "trunk/b"), "nas.example": ("backup/nas",)}


# -- the clock


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TRACKING + "\n", GOOD),
        (TRACKING.replace(",Normal", ",Not synchronised"), Clock(problem="unsynchronised")),
        ("506 Cannot talk to daemon", Clock(problem="strange")),
        ("", Clock(problem="strange")),
        (TRACKING.replace("-0.000012345", "nan"), Clock(problem="strange")),
        (TRACKING.replace(",4,", ",9999999999999999,"), Clock(problem="strange")),
        (TRACKING.replace(",4,", ",4,4,"), Clock(problem="strange")),
        (TRACKING.replace("162.159.200.123", "x" * 500), msgspec.structs.replace(GOOD, server="x" * 100)),
    ],
)
def test_what_chrony_says(text: str, found: Clock) -> None:
    """chronyc(1), `-c tracking`; what is torn is said to be strange."""
    assert clock_of(text) == found


def test_chrony_that_is_not_there_or_hangs(tmp_path: Path) -> None:
    """Says so; its program is never waited for longer than it may take."""
    assert clock([str(tmp_path / "none")]).problem == "no_chrony"
    assert clock(["false"]).problem == "no_chrony"
    assert clock(["tail", "-f", "/dev/null"], s_max=0.05).problem == "no_chrony"
    said = tmp_path / "said"
    said.write_text(TRACKING)
    assert clock(["cat", str(said)]) == GOOD


# -- the whole


class Listened:
    """An exchange that knows how its calls sound, and has no line to Asterisk."""

    def __init__(self, played: Played) -> None:
        """Listen."""
        self.quality = Quality(played.clock, played.link)


def equipment(trunk_host: str = "127.0.0.1") -> api.Equipment:
    """Give a trunk and two telephones, one of them on a card."""
    phones = (Extension(slug="101"), Extension(slug="102", line="fxs/1"))
    configuration = Configuration(trunks=(Trunk(slug="carrier", host=trunk_host),), extensions=phones)
    return api.Equipment(configuration=configuration, names={}, secrets={})


async def finished(reactor: Reactor, network_test: Network) -> None:
    """Wait until a test is done, ten seconds at most."""
    for _ in range(1_000):
        if network_test.standing.running is None:
            return
        await deferLater(reactor, 0.01)
    raise AssertionError("the test did not end")


@pytest_twisted.ensureDeferred
async def test_one_test_at_a_time_and_its_result_is_kept(tmp_path: Path) -> None:
    """Without an exchange it still looks names up; the next daemon finds what this one found."""
    reactor = the_reactor()
    backups = BackupSettings(
        destinations=(Destination(slug="nas", kind="sftp", path="/b", host="localhost", user="u"),)
    )
    BackupHome(tmp_path).set(backups)
    one = Network(reactor, home=tmp_path, exchanges=())
    await one.configure(equipment("localhost"))
    assert not one.test("ada").problems
    running = one.standing.running
    assert running is not None
    assert running.by == "ada"
    assert [problem.code for problem in one.test("bob").problems] == ["busy"]
    await finished(reactor, one)
    (run,) = one.standing.runs
    assert (run.by, run.problem, run.tested) == ("ada", "no_exchange", ())
    assert [(each.name, each.used, each.problem) for each in run.lookups] == [
        ("localhost", ("trunk/carrier", "backup/nas"), "")
    ]
    assert Network(reactor, home=tmp_path, exchanges=()).standing.runs == (run,)
    kept = tmp_path / "network/kept.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.write_bytes(kept.read_bytes()[:-9])
    assert Network(reactor, home=tmp_path, exchanges=()).standing.runs == ()
    await one.stop()


@pytest_twisted.ensureDeferred
async def test_an_exchange_that_cannot_be_asked(tmp_path: Path) -> None:
    """Is said, and so it is of one that goes away in the middle."""
    reactor = the_reactor()
    played = Played()
    played.asterisk.pipes[2].end("gone")
    one = Network(reactor, home=tmp_path, exchanges=(Listened(played), object()))
    await one.configure(equipment())
    one.test("ada")
    await finished(reactor, one)
    assert one.standing.runs[0].problem == "no_exchange"


@pytest_twisted.ensureDeferred
async def test_calls_are_remembered_and_kept(tmp_path: Path) -> None:
    """The newest first, a bounded number, those of what is set up alone; what is kept outlives a start."""
    reactor = the_reactor()
    exchange = Listened(Played())
    one = Network(reactor, home=tmp_path, exchanges=(exchange,))
    await one.configure(equipment())
    for number in range(network.LEGS_MAX + 1):
        exchange.quality.ended("101", msgspec.structs.replace(LEG, at=number))
    exchange.quality.ended("gone", LEG)
    assert list(one.standing.calls) == ["101"]
    assert [leg.at for leg in one.standing.calls["101"]] == list(range(network.LEGS_MAX, 0, -1))
    await one.keep()
    kept = NetworkHome(tmp_path).kept
    assert len(kept.calls["101"]) == network.LEGS_MAX
    NetworkHome(tmp_path).note(Kept(calls={"101": (LEG,)}))
    await one.keep()
    assert NetworkHome(tmp_path).kept.calls == {"101": (LEG,)}
    await one.stop()
    homeless = Network(reactor, home=None, exchanges=(exchange,))
    exchange.quality.ended("101", LEG)
    await homeless.keep()
    await homeless.stop()


@pytest_twisted.ensureDeferred
async def test_there_is_an_end_to_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A telephone that has not called for longest goes first."""
    monkeypatch.setattr(network, "ENDPOINTS_MAX", 1)
    exchange = Listened(Played())
    one = Network(the_reactor(), home=None, exchanges=(exchange,))
    await one.configure(equipment())
    exchange.quality.ended("101", LEG)
    exchange.quality.ended("carrier", LEG)
    assert list(one.standing.calls) == ["carrier"]


@pytest_twisted.ensureDeferred
async def test_time_servers_are_looked_up(tmp_path: Path) -> None:
    """Those that somebody has set; root's part of the machine knows them."""
    parts = root_part(tmp_path)
    part = await deferToThread(parts.__enter__)
    try:
        servers = root_work.Network(host="box", ntp=("localhost", "192.0.2.1"))
        part.ask(root_work.SetNetwork(network=servers))
        one = Network(the_reactor(), home=None, exchanges=(), privileged=tmp_path / "ask.sock")
        one.test("ada")
        await finished(the_reactor(), one)
        assert [(each.name, each.used) for each in one.standing.runs[0].lookups] == [("localhost", ("time/1",))]
    finally:
        part.kill()


@pytest_twisted.ensureDeferred
async def test_the_door_begins_a_test_and_shows_what_came_of_it(box: Box) -> None:
    """To administrators alone; the simulated exchange has nobody to probe, which is said."""
    sue, ada = await box.sign_in("sue"), await box.sign_in("ada")

    async def seen(session: str) -> network.Standing:
        return await deferToThread(Client(box.home / "door.sock", session).network)

    assert [each.code for each in (await box.ask(api.TestNetwork(), sue)).problems] == ["not_allowed"]
    with pytest.raises(DoorClosedError):
        await seen(sue)
    assert await seen(ada) == network.Standing()
    assert not (await box.ask(api.TestNetwork(), ada)).problems
    await box.until(lambda: box.daemon.network.standing.running is None)
    (run,) = (await seen(ada)).runs
    assert (run.by, run.problem) == ("ada", "no_exchange")


@pytest_twisted.ensureDeferred
async def test_a_daemon_that_stops_ends_the_test(tmp_path: Path) -> None:
    """In the middle of a probe; nothing of it is kept, and what calls had is."""
    reactor = the_reactor()
    exchange = Listened(Played())
    one = Network(reactor, home=tmp_path, exchanges=(exchange,))
    await one.configure(equipment())
    exchange.quality.ended("101", LEG)
    one.test("ada")
    while one.standing.running is not None and one.standing.running.step != "probes":
        await deferLater(reactor, 0.01)
    await one.stop()
    assert one.standing.running is None
    assert NetworkHome(tmp_path).kept == Kept(calls={"101": (LEG,)})


@pytest_twisted.ensureDeferred
async def test_a_disk_that_takes_nothing_ends_no_test(tmp_path: Path) -> None:
    """What was found is shown, and is written down once it can be."""
    reactor = the_reactor()
    (tmp_path / "network").write_text("in the way")
    one = Network(reactor, home=tmp_path, exchanges=())
    await one.configure(equipment())
    one.test("ada")
    await finished(reactor, one)
    assert len(one.standing.runs) == 1
    (tmp_path / "network").unlink()
    await one.stop()
    assert len(NetworkHome(tmp_path).kept.runs) == 1
