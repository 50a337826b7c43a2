"""A stage never speaks for another one."""

from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import Floor

pytestmark = pytest.mark.browser


def test_a_port_that_is_taken_is_refused(floor: Floor, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A second stage on the port of the first goes, says why, and leaves the first as it was."""
    port = urlsplit(floor.address).port
    assert port is not None
    with pytest.raises(AssertionError, match=r"certificate verify failed|ended before it was ready"):
        Floor(tmp_path_factory.mktemp("b"), port)
    assert floor.ask("ringing") == []
