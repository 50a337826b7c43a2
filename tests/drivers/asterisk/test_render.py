"""Asterisk's configuration: what stands in it, and how it is written."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.api import Equipment
from appliance.core import model
from drivers.asterisk import conf, render, settings
from drivers.pjsip.technology import Pjsip
from tests.drivers.asterisk.conf_reader import read
from tests.drivers.asterisk.played import SITE

SECRETS = {"events": "e", "calls": "c", "care": "k"}


def an_equipment(**other: object) -> Equipment:
    """Give a small company."""
    parts: dict[str, object] = {
        "trunks": (model.Trunk(slug="carrier", host="192.0.2.1"),),
        "extensions": (model.Extension(slug="101", agent="anna"),),
        "agents": (model.Agent(slug="anna", extension="101"),),
    }
    return Equipment(
        configuration=model.Configuration(**(parts | other)),  # type: ignore[arg-type]  # what differs
        names={"anna": "Anna"},
        secrets={"extension/101": "s"},
    )


@pytest.fixture
def options(tmp_path: Path) -> Iterator[render.Options]:
    """Give a place to write to."""
    mask = os.umask(0o077)
    site = replace(SITE, home=tmp_path / "asterisk", run=tmp_path / "run", recordings=tmp_path / "spool")
    yield render.Options(site=site, technologies=(Pjsip(),))
    os.umask(mask)


@given(st.text(max_size=60))
@example("a;--b")
@example("\\;")
@example("x\n[general]\nenabled = yes")
@example("x\r[y]")
@example("#include /etc/passwd")
@example("[a](!)")
@example("=> 1")
def test_a_value_comes_back_as_it_was_or_is_refused(value: str) -> None:
    """Nothing in it ends its line or begins another meaning."""
    try:
        text = conf.section("one", [("first", value), ("second", "2")])
    except conf.ConfError:
        return
    (section,) = read(text)
    assert section.settings == [("first", value), ("second", "2")]


@pytest.mark.parametrize("name", ["", "a b", "a]", "a\n", "a=b", ";a", "#a", "[a", "a" * 81, "é"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """Names are ours, and still checked."""
    with pytest.raises(conf.ConfError):
        conf.section(name, [])
    with pytest.raises(conf.ConfError):
        conf.section("one", [(name, "1")])


def test_a_truth_value_is_yes_or_no() -> None:
    """Asterisk's own words."""
    assert conf.section("one", [("a", True), ("b", False), ("c", 1), ("d", 1.5)]) == (
        "[one]\na = yes\nb = no\nc = 1\nd = 1.5\n"
    )


def test_every_file_can_be_read(options: render.Options) -> None:
    """By Asterisk's own rules; nothing is dangerous, and the manager's accounts have the least."""
    files = render.rendered(options, an_equipment(), SECRETS)
    sections = {name: {part.title: part for part in read(text)} for name, text in files.items()}
    assert sections["asterisk.conf"]["options"].get("live_dangerously") == "no"
    assert sections["asterisk.conf"]["options"].get("systemname") == "main"
    manager = sections["manager.conf"]
    assert manager["general"].get("bindaddr") == "127.0.0.1"
    assert manager["general"].get("webenabled") == "no"
    granted = " ".join(f"{part.get('read')} {part.get('write')}" for part in manager.values())
    assert not {"command", "config", "all", "originate,system"} & set(granted.replace(",", " ").split())
    assert (manager["events"].get("write"), manager["calls"].get("read"), manager["care"].get("read")) == ("", "", "")
    assert {part.get("permit") for title, part in manager.items() if title != "general"} == {
        "127.0.0.1/255.255.255.255"
    }
    modules = sections["modules.conf"]["modules"]
    assert modules.get("autoload") == "no"
    assert ("noload", "bridge_native_rtp.so") in modules.settings
    assert len(set(settings.MODULES)) == len(settings.MODULES)
    assert (sections["rtp.conf"]["general"].get("rtpstart"), sections["rtp.conf"]["general"].get("rtpend")) == (
        "9080",
        "10079",
    )


def test_what_is_the_same_is_not_written_again(options: render.Options) -> None:
    """Only what differs is written, and only that is reloaded."""
    files = render.rendered(options, an_equipment(), SECRETS)
    assert set(render.write(options.site, files)) == set(files)
    assert render.write(options.site, files) == ()
    files = render.rendered(options, an_equipment(extensions=()), SECRETS)
    changed = render.write(options.site, files)
    assert set(changed) == {"extensions-company.conf", "pjsip-company.conf"}
    assert render.modules_of(changed) == ("pbx_config.so", "res_pjsip.so")
    assert render.modules_of(("asterisk.conf",)) == ()


def test_nobody_else_can_read_it(options: render.Options) -> None:
    """Files and folders are the owner's alone, and nothing half written is left."""
    render.write(options.site, render.rendered(options, an_equipment(), render.accounts_of(options.site)))
    for path in options.site.home.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) in {0o600, 0o700}, path
    assert [path for path in options.site.etc.iterdir() if path.name.startswith(".")] == []


def test_the_manager_accounts_are_made_once(options: render.Options) -> None:
    """Random, kept, and made anew if they cannot be read."""
    first = render.accounts_of(options.site)
    assert set(first) == set(settings.ACCOUNTS)
    assert len(set(first.values())) == len(first)
    assert render.accounts_of(options.site) == first
    (options.site.home / "manager-accounts").write_text("{")
    assert render.accounts_of(options.site) != first


def test_laying_out_keeps_the_companys_files(options: render.Options) -> None:
    """Before Asterisk starts: its own settings are written anew, phones and dialplan are kept."""
    assert "pjsip-company.conf" in render.lay_out(options)
    render.write(options.site, render.rendered(options, an_equipment(), render.accounts_of(options.site)))
    assert render.lay_out(options) == ()
    (options.site.etc / "rtp.conf").write_text("torn")
    assert render.lay_out(options) == ("rtp.conf",)
    assert "101" in (options.site.etc / "pjsip-company.conf").read_text()


def test_a_part_that_cannot_be_said_changes_nothing(options: render.Options) -> None:
    """The whole is refused before a byte is written."""
    with pytest.raises(conf.ConfError):
        render.rendered(options, an_equipment(extensions=(model.Extension(slug="1\n[x]"),)), SECRETS)


def test_a_file_that_cannot_be_written_leaves_the_old_one(options: render.Options) -> None:
    """Old or new, never neither: the new one is whole before it takes the old one's place."""
    files = render.rendered(options, an_equipment(), SECRETS)
    render.write(options.site, files)
    with pytest.raises(UnicodeEncodeError):
        render.write(options.site, {"rtp.conf": "\ud800"})
    assert (options.site.etc / "rtp.conf").read_text() == files["rtp.conf"]
