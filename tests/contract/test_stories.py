"""Every story, on a real Asterisk with sound and on the simulated exchange in simulated time."""

from collections.abc import Callable, Coroutine
from typing import Any  # any: what a coroutine yields is its own business

import pytest
import pytest_twisted

from tests.contract import floor_simulated
from tests.contract.box import Box
from tests.contract.company import company
from tests.contract.floor import Floor
from tests.contract.floor_real import opened
from tests.contract.stories import STORIES
from tests.contract.stories_recording import RECORDINGS
from tests.contract.stories_transfer import TRANSFERS

Story = Callable[[Floor], Coroutine[Any, Any, None]]

each_story = pytest.mark.parametrize("story", [*STORIES, *TRANSFERS, *RECORDINGS], ids=lambda story: story.__name__)


@pytest.mark.contract
@each_story
@pytest_twisted.ensureDeferred
async def test_on_asterisk(box: Box, story: Story) -> None:
    """Live it with sound."""
    async with opened(box) as floor:
        await story(floor)


@each_story
def test_simulated(story: Story) -> None:
    """Live it in simulated time."""
    with pytest.raises(StopIteration):
        story(floor_simulated.opened(company())).send(None)
