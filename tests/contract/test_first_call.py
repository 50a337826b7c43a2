"""The first contract: somebody calls the trunk of a real Asterisk and talks to an agent."""

import pytest
import pytest_twisted

from tests.contract import stories
from tests.contract.box import Box
from tests.contract.floor_real import opened

pytestmark = pytest.mark.contract


@pytest_twisted.ensureDeferred
async def test_a_caller_reaches_an_agent(box: Box) -> None:
    """Prompt heard, key understood, music, ring, both voices and not before, the record."""
    async with opened(box) as floor:
        await stories.a_caller_reaches_an_agent(floor)
