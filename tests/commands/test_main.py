"""The command line finds its subcommands by file name and refuses in one line."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from appliance.commands import main


def test_every_module_is_a_subcommand_with_a_label() -> None:
    """One file a subcommand; its docstring's first line is its help."""
    assert main.names() == [
        "agents",
        "backup",
        "caller",
        "calls",
        "config",
        "console",
        "demo",
        "erase",
        "network-test",
        "replay",
        "restore",
        "run",
        "selftest",
        "sms",
        "status",
        "stop",
        "support-bundle",
        "update",
        "what-if",
    ]
    group = main.group()
    context = click.Context(group)
    for name in main.names():
        assert isinstance(group.get_command(context, name), click.Command)
        assert main.label(name).endswith(".")
    assert group.get_command(context, "nonsense") is None


def test_help_imports_no_subcommand() -> None:
    """It is quick: neither ZODB nor Twisted is loaded for it."""
    program = (
        "import sys; from click.testing import CliRunner; from appliance.commands.main import group; "
        "said = CliRunner().invoke(group(), ['--help']).output; assert 'selftest' in said; "
        "assert not {'ZODB', 'twisted', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize(
    "arguments",
    [
        *(["status"], ["agents"], ["calls"], ["selftest"], ["demo"], ["config", "export"], ["status", "--json"]),
        *(["network-test"], ["network-test", "--last", "--json"]),
    ],
)
def test_without_a_box_it_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    """What is missing, and how to start it."""
    monkeypatch.setenv("SWITCHROOM_HOME", str(tmp_path))
    done = CliRunner().invoke(main.group(), arguments)
    assert done.exit_code == 1
    assert f"Error: No Switchroom runs in {tmp_path}: start it by `switchroom run`." in done.stderr


def test_places_that_cannot_be_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's fault is told, not traced."""
    monkeypatch.setenv("SWITCHROOM_PORT", "x")
    done = CliRunner().invoke(main.group(), ["status"])
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "SWITCHROOM_PORT='x'" in done.stderr
