"""Each subcommand does on a real box what its help says."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.boot.whole import WholeBox

pytestmark = [pytest.mark.contract, pytest.mark.slow]

TOO_BUSY = 2
"How a demo ends that could not keep its own time: it proves nothing, and says so."


def test_status_says_all_that_another_program_needs_to_place_calls(box: WholeBox) -> None:
    """Address, SIP host and port, accounts, numbers, and what each key does."""
    said = json.loads(box.switchroom("status", "--wait=30", "--json"))
    base = int(box.environment["SWITCHROOM_PORT"])
    assert said["ready"] is True
    assert said["box"]["address"] == f"https://127.0.0.1:{base}/"
    assert said["box"]["sip"] == {"host": "127.0.0.1", "port": base + 5, "trunk_from": ["127.0.0.1"]}
    accounts = {account["extension"]: account for account in said["box"]["accounts"]}
    assert len(accounts) == 11
    assert all(len(account["password"]) == 16 for account in accounts.values())
    assert accounts["301"]["queues"] == ["sales"]
    assert accounts["301"]["name"] == "Li Wei 李伟"
    numbers = {number["number"]: number for number in said["box"]["numbers"]}
    assert numbers["8001"]["way"] == {"prompts": ["welcome", "menu"], "ends": "menu"}
    assert numbers["8001"]["keys"]["1"] == {"says": "Order 订购", "queue": "sales"}
    assert numbers["8003"]["way"] == {"prompts": ["service"], "queue": "support"}
    assert {entry["person"] for entry in said["box"]["sign_ins"]} >= {"admin", "supervisor", "li-wei"}
    assert {entry["name"] for entry in said["processes"]} == {"zeo", "daemon", "asterisk", "lines", "web", "nginx"}
    assert set(said["health"].values()) == {"ok"}


def test_selftest_passes_every_step_and_leaves_a_record(box: WholeBox) -> None:
    """The steps that it names, and the call that it made in the list."""
    said = box.switchroom("selftest")
    steps = ["trunk", "prompt heard", "key understood", "queue", "agent leg", "caller hears", "agent hears", "CDR"]
    for step in [*steps, "recording"]:
        assert any(line.startswith("passed") and step in line for line in said.splitlines()), said
    assert "Every step passed." in said
    calls = [json.loads(line) for line in box.switchroom("calls", "--since", "1h", "--json").splitlines()]
    assert [(call["number"], call["outcome"], call["queue"]) for call in calls] == [("8001", "answered", "sales")]
    assert calls[0]["recording"]
    listed = box.switchroom("calls", "--since", "1h")
    assert "8001" in listed
    assert calls[0]["caller_number"] in listed
    assert "No call has ended" in box.switchroom("calls", "--since", "1h", "--queue", "support")
    assert "No call has ended" in box.switchroom("calls", "--since", "2099-01-01")


def test_the_network_is_tested(box: WholeBox) -> None:
    """The sample carrier is nobody here, and no desk phone is plugged in: both are said, and the result is kept."""
    said = box.switchroom("network-test", code=1)
    assert "It does not answer" in said
    assert "Not registered" in said
    assert "Clock: " in said
    kept = json.loads(box.run("network-test", "--last", "--json").stdout)
    assert [(run["by"], len(run["tested"])) for run in kept["runs"]] == [("console", 12)]
    assert "running" not in kept


def test_agents_are_shown_as_they_are(box: WholeBox) -> None:
    """By sign and word, and as JSON."""
    said = box.switchroom("agents")
    assert said.count("○ Signed out") == 10
    assert "Li Wei 李伟" in said
    agents = [json.loads(line) for line in box.switchroom("agents", "--json").splitlines()]
    assert {agent["state"] for agent in agents} == {"signed_out"}


def test_it_speaks_chinese_and_its_json_does_not(box: WholeBox) -> None:
    """Headings, states and sentences by the environment's language; what programs read is the same in each."""
    chinese = {"LC_ALL": "zh_CN.UTF-8"}
    for subcommand, words in (
        (("agents",), ("座席", "○ 签出", "Li Wei 李伟")),
        (("status",), ("可以接听来电：", "就绪", "数据库: 正常")),
        (("calls", "--queue", "support"), ("没有结束的通话",)),
    ):
        said = box.run(*subcommand, **chinese)
        assert all(word in said.stdout for word in words), said
    for subcommand in (("agents",), ("calls", "--since", "1h")):
        assert box.run(*subcommand, "--json", **chinese).stdout == box.run(*subcommand, "--json").stdout


def test_the_demo_passes_and_its_sabotage_is_seen(box: WholeBox) -> None:
    """Every call right; and with three things spoilt, each is found out and the exit code says so."""
    done = box.run("demo", "--calls", "8", "--agents", "4")
    if done.returncode == TOO_BUSY:
        done = box.run("demo", "--calls", "8", "--agents", "4")
    assert "Every call was right." in done.stdout, done.stdout
    said = box.switchroom("demo", "--calls", "6", "--agents", "4", "--seed", "2", "--sabotage", code=1)
    assert said.count(": seen") == 4
    assert "NOT SEEN" not in said
    box.switchroom("demo", "--calls", "5", "--sabotage", code=2)


def test_a_configuration_goes_out_and_comes_back(box: WholeBox, tmp_path: Path) -> None:
    """The text is stable, holds no password, and its import is refused with the place or done."""
    file = tmp_path / "company.toml"
    box.switchroom("config", "export", str(file))
    text = file.read_text()
    assert text == box.switchroom("config", "export")
    passwords = tomllib.loads((box.home / "sign-ins").read_text())
    assert not any(word in text for kind in ("people", "extensions") for word in passwords[kind].values())
    assert "It is the same already." in box.switchroom("config", "import", str(file), "--yes")

    file.write_text(text.replace("wrap_up_s = 20", "wrap_up_s = 25", 1))
    assert "would be taken" in box.switchroom("config", "import", str(file), "--dry-run")
    assert "Nothing was changed." in box.switchroom("config", "import", str(file), text="n\n")
    assert box.switchroom("config", "export") == text
    said = box.switchroom("config", "import", str(file), text="y\n")
    assert "queues.sales.wrap_up_s: 20 -> 25" in said
    assert "Done: change" in said
    assert box.switchroom("config", "export") == file.read_text()

    file.write_text(text.replace('flow = "main"', 'flow = "nowhere"', 1))
    assert "numbers.8001.flow" in box.switchroom("config", "import", str(file), "--yes", code=1)
    file.write_text(text.replace("wrap_up_s = 20", "wrap_up_s = = 20", 1))
    assert "line " in box.switchroom("config", "import", str(file), "--yes", code=1)
    file.write_bytes(b"\xff\xfe")
    assert "is no UTF-8 text" in box.switchroom("config", "import", str(file), "--yes", code=1)


def test_the_day_replays_to_the_bit_and_is_lived_through_again(box: WholeBox, tmp_path: Path) -> None:
    """Every fact since midnight gives the same; with two agents more the day has its figures with a band."""
    box.switchroom("selftest")
    file = tmp_path / "day.journal"
    said = box.switchroom("replay", "today", "--save", str(file))
    assert "every one gave the same, to the bit" in said
    assert "every one gave the same" in box.switchroom("replay", str(file))
    told = json.loads(box.switchroom("what-if", "today", "--agents", "+2", "--seeds", "3", "--json"))
    assert told["calls"] >= 1
    assert set(told["service_level"]) == {"recorded", "simulated", "what_if", "difference"}


def test_the_sample_company_goes_with_all_its_passwords(box: WholeBox) -> None:
    """What is left is one administrator; the demo refuses from then on, the self-test brings a line of its own."""
    said = box.switchroom("config", "remove-sample", "ann-lee", "--yes")
    assert "Sign in as ann-lee with the password " in said
    assert not (box.home / "sign-ins").exists()
    left = json.loads(box.switchroom("status", "--json"))["box"]
    assert [entry["person"] for entry in left["sign_ins"]] == ["ann-lee"]
    assert "password" not in left["sign_ins"][0]
    assert (left["accounts"], left["numbers"]) == ([], [])
    assert "The sample company is not here" in box.switchroom("demo", code=1)
    before = box.switchroom("config", "export")
    assert "Every step passed." in box.switchroom("selftest")
    assert box.switchroom("config", "export") == before
    assert "not here any more" in box.switchroom("config", "remove-sample", "ann-lee", "--yes", code=1)
    assert "There is no agent yet" in box.switchroom("agents")
