"""What holds for every test."""

import gc
import os
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.turns import plugin_for


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C and a closed terminal end what the tests start: shells and nohup ignore them, and children inherit.

    Let the workers of a whole run take turns. And let compiled modules be kept, whatever the environment says: a
    thousand programs are started here, which would compile every library anew. And let all of them speak English.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["LC_ALL"] = "C.UTF-8"
    sys.dont_write_bytecode = False
    config.pluginmanager.register(plugin_for(config))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True, scope="module")
def _nothing_left_open() -> Iterator[None]:
    """Collect at a module's end, so that a file or process that it left open is its own failure and no bystander's."""
    yield
    gc.collect()
