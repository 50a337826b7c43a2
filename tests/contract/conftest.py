"""Fixtures of the contract tests: a private Asterisk for each module that asks for one."""

from collections.abc import AsyncIterator

import pytest
import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from tests.contract.box import Box, running
from tests.contract.slots import slot

pytest.register_assert_rewrite("tests.contract.stories")


def the_reactor() -> AsyncioSelectorReactor:
    """Give the reactor that pytest-twisted has installed; imported earlier, it would be another one."""
    from twisted.internet import reactor  # noqa: PLC0415  see above

    assert isinstance(reactor, AsyncioSelectorReactor)
    return reactor


@pytest_twisted.async_yield_fixture(scope="module")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """Run a private Asterisk with its carrier and its desk phones."""
    with slot() as base:
        async with running(the_reactor(), base, tmp_path_factory.mktemp("box")) as box:
            yield box
