"""Telephone cards as the daemon watches them: the kernel's trees, and what the door says of lines."""

from pathlib import Path

import pytest_twisted

from appliance.daemon.spans import Spans, Where
from drivers.dahdi.alarms import CALM_US
from tests.drivers.dahdi.trees import plant


@pytest_twisted.ensureDeferred
async def test_alarms_are_in_health_and_are_told(tmp_path: Path) -> None:
    """Of spans that are set up alone; each change is told once."""
    changes: list[str] = []
    where = Where(root=plant(tmp_path), control=tmp_path / "ctl")
    spans = Spans(expected=lambda: [1, 2, 77], changed=lambda: changes.append("changed"), where=where)
    assert spans.health == {}
    await spans.look(1_000_000)
    assert spans.health == {"span/1": "ok", "span/2": "red", "span/77": "absent"}
    await spans.look(2_000_000)
    assert changes == ["changed"]
    (alarm,) = (tmp_path / "sys/bus/dahdi_spans/devices/span-2").glob("alarms")
    alarm.write_text("0x0\n")
    await spans.look(3_000_000)
    assert spans.health["span/2"] == "red"
    await spans.look(3_000_000 + CALM_US)
    assert spans.health["span/2"] == "ok"
    assert changes == ["changed", "changed"]
    standing = await spans.standing()
    assert standing.inventory.driver
    told = [(change.span, change.after) for change in standing.history]
    assert told == [(2, "ok"), (77, "absent"), (9, "yellow"), (2, "red")]


@pytest_twisted.ensureDeferred
async def test_a_machine_without_cards_has_nothing_to_tell(tmp_path: Path) -> None:
    """No part of health, no change, no counters."""
    changes: list[str] = []
    spans = Spans(expected=list, changed=lambda: changes.append("changed"), where=Where(root=tmp_path))
    await spans.look(1_000_000)
    assert (spans.health, spans.readings, changes) == ({}, {}, [])
    assert not (await spans.standing()).inventory.driver


@pytest_twisted.ensureDeferred
async def test_past_alarms_outlive_the_daemon(tmp_path: Path) -> None:
    """They are on the disk before anything else is looked at; where that cannot be, watching goes on."""
    where = Where(root=plant(tmp_path), control=tmp_path / "ctl")
    kept = tmp_path / "home/alarms.json"
    kept.parent.mkdir()
    first = Spans(expected=lambda: [2], changed=lambda: None, where=where, home=kept.parent)
    await first.look(1_000_000)
    told = (await first.standing()).history
    assert (2, "red") in [(change.span, change.after) for change in told]
    assert first.counts[2, "red"] == 1
    second = Spans(expected=lambda: [2], changed=lambda: None, where=where, home=kept.parent)
    assert second.health == {"span/2": "red"}
    await second.look(2_000_000)
    assert (await second.standing()).history == told
    kept.unlink()
    kept.mkdir()
    (tmp_path / "sys/bus/dahdi_spans/devices/span-2/alarms").write_text("0x4\n")
    await second.look(3_000_000)
    assert second.health == {"span/2": "yellow"}
