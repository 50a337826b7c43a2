"""One story with the store in a real PostgreSQL: the real Asterisk, and the real daemon, killed while two talk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from appliance.store.link import STORE
from drivers.robot.call import Call
from tests.contract.box import VOICES
from tests.contract.slots import slot
from tests.daemon.test_alone import filed, said, with_number
from tests.daemon.test_crash import STRAIGHT, a_box, answer, number_of, voice_of
from tests.store.cluster import Cluster

pytestmark = [pytest.mark.contract, pytest.mark.slow]

DATABASE = "story"
EXTENSION = "101"
HEARS_S = 5
ROWS = "SELECT count(*) FROM object_state WHERE position('{}'::bytea in state) > 0"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Run a PostgreSQL, and name it as the store to whatever this test starts."""
    made = Cluster(tmp_path / "pg")
    monkeypatch.setenv(STORE, made.databases(DATABASE))
    yield made
    made.close()


async def talk(caller: Call, desk: Call) -> None:
    """Check that both hear each other now."""
    await desk.hears_tone(voice_of(1), HEARS_S)
    await caller.hears_tone(VOICES[EXTENSION], HEARS_S)


@pytest_twisted.ensureDeferred
async def test_a_killed_daemon_finds_its_call_in_postgresql(cluster: Cluster, tmp_path: Path) -> None:
    """They talk before, without and after it; then the call is told once, its recording is whole."""
    with slot() as base:
        async with a_box(tmp_path, base) as box:
            caller = await box.call(STRAIGHT)
            desk = await answer(box.phones[EXTENSION])
            await talk(caller, desk)
            box.kill_daemon()
            await talk(caller, desk)
            await box.start_daemon()
            await talk(caller, desk)
            await caller.hang_up()
            await desk.ended(HEARS_S)
            (record,) = await filed(box, 1)
            await box.until_sealed(record.cdr)
            (line,) = await deferToThread(said, box)
            assert (line.caller_number, line.number, line.queue) == (number_of(1), STRAIGHT, "all")
            assert (line.agent, line.outcome, line.cause, line.alone) == ("anna", "answered", "caller", False)
            assert (line.interaction, line.recording) == (record.cdr.interaction, record.cdr.recording)
            # The facts are rows of PostgreSQL, and in no file of the ZEO process, which runs and is not used.
            assert cluster.count(f"{DATABASE}_journal", ROWS.format(line.interaction)) > 0
            assert with_number(box.places.store, line.interaction) == set()
