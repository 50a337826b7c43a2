"""Fixtures of the tests of a whole box: one box for all of them, and a browser and robots for each module."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_twisted

from tests.boot.whole import WholeBox, whole_box
from tests.whole.browser import chromium
from tests.whole.floor import Floor, opened


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeBox]:
    """Run a box with the sample company."""
    with whole_box(tmp_path_factory.mktemp("w")) as made:
        made.start()
        yield made


@pytest_twisted.async_yield_fixture(scope="module")
async def floor(box: WholeBox) -> AsyncIterator[Floor]:
    """Put a browser beside the box, and robots round it."""
    async with chromium() as browser, opened(box, browser) as made:
        yield made
