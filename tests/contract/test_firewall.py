"""The packet filter lets in what it should, and nobody is locked out by a change for longer than its trial."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from boot.checks import SEARCH_PATH
from tests.boot.root_part import PROJECT
from tests.contract.walled import TRIAL_S

pytestmark = [pytest.mark.contract, pytest.mark.slow]
OF_ONE = ("-n",) if os.geteuid() == 0 else ("-rn",)
"Root needs no user namespace, which the kernel gives nobody within a changed root."


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Play the story once, in network namespaces of its own; root there is nobody outside."""
    nft = shutil.which("nft", path=SEARCH_PATH)
    assert nft is not None, "apt-get install nftables"
    folder = tmp_path_factory.mktemp("walled")
    done = subprocess.run(
        ["/usr/bin/unshare", *OF_ONE, sys.executable, "-m", "tests.contract.walled", str(folder), nft],
        cwd=PROJECT,
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
        timeout=240,
        check=True,
    )
    return dict(json.loads(done.stdout))


def test_the_first_filter_drops_all_but_the_doors(told: dict[str, object]) -> None:
    """Console and phones from near networks, by both protocols; sound from anywhere; what goes out comes back."""
    doors = ("web", "sip", "sip-tcp", "media", "ssh", "beside")
    assert told["open"] == {door: [True, True, True] for door in doors}
    near, everywhere, never = [True, False, True], [True, True, True], [False, False, False]
    assert told["first"] == {
        "web": near,
        "sip": near,
        "sip-tcp": near,
        "media": everywhere,
        "ssh": never,
        "beside": never,
    }
    assert told["out"] is True


def test_a_change_that_locks_out_is_taken_back(told: dict[str, object]) -> None:
    """By its time alone; also when the root part was killed within it and came back."""
    on_trial = told["on trial"]
    assert isinstance(on_trial, dict)
    assert not any(seen for door in on_trial.values() for seen in door)
    assert float(str(told["taken back after"])) < TRIAL_S * 3
    assert told["root part dead"] is False
    assert float(str(told["taken back after its death"])) < TRIAL_S * 3


def test_what_was_confirmed_stays(told: dict[str, object]) -> None:
    """Networks that lie in one another are joined."""
    everywhere, far, never = [True, True, True], [False, True, False], [False, False, False]
    assert told["kept"] == {
        "web": everywhere,
        "sip": far,
        "sip-tcp": far,
        "media": never,
        "ssh": never,
        "beside": never,
    }
