"""Stories of recordings that a full disk forbids."""

from collections.abc import Callable, Coroutine
from typing import Any  # any: what a coroutine yields is its own business

from tests.contract.floor import Floor
from tests.contract.stories import in_queue
from tests.contract.stories_transfer import in_talk


async def recordings_stop_where_no_room_is_left(floor: Floor) -> None:
    """In the middle of a talk, which goes on; who waits is not recorded either, who comes with room again is."""
    caller, anna = await in_talk(floor)
    await floor.recorded(caller)
    waiting = await in_queue(floor, number="5550102")
    await waiting.hears_music()
    await floor.recorded(waiting)
    await floor.room(left=False)
    await floor.recorded(caller, yes=False)
    await floor.recorded(waiting, yes=False)
    await caller.hears(anna)
    await anna.hears(caller)
    await floor.room(left=True)
    await caller.hang_up()
    record = await floor.filed(caller)
    assert (bool(record.recording), record.unrecorded) == (True, "cut")
    await floor.ends_wrap_up("anna")
    await anna.rings()
    await anna.answers()
    await waiting.hears(anna)
    await waiting.hang_up()
    record = await floor.filed(waiting)
    assert (record.recording, record.unrecorded) == ("", "disk")
    await floor.ends_wrap_up("anna")
    later = await in_queue(floor, number="5550103")
    await anna.rings()
    await anna.answers()
    await later.hears(anna)
    await floor.recorded(later)
    await later.hang_up()
    record = await floor.filed(later)
    assert (bool(record.recording), record.unrecorded) == (True, None)


RECORDINGS: tuple[Callable[[Floor], Coroutine[Any, Any, None]], ...] = (recordings_stop_where_no_room_is_left,)
