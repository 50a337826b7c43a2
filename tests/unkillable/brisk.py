"""The queue of short talks, whose one desk a robot answers: who is served, who waits, what was filed."""

from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from appliance.core.cdr import CDR
from appliance.store.ledger import Query
from appliance.store.reader import open_reader
from drivers.robot.call import Call
from tests.unkillable.stage import LOOK_S, Stage

DESK_S_MAX = 15.0
LOOKS = 150


async def waits(stage: Stage, dialled: str, number: str) -> Call:
    """Let somebody call, and wait until the call has a place in a queue."""
    call = stage.carrier.dial(dialled, caller_number=number, tone_hz=None)
    for _ in range(LOOKS):
        places = await stage.witness.places()
        if any(seen.number == number and seen.uniqueid in places for seen in stage.witness.callers()):
            return call
        await deferLater(stage.reactor, LOOK_S)
    raise AssertionError(f"{call} is in no queue")


async def served(stage: Stage, dialled: str, number: str) -> Call:
    """Let somebody call while the desk is free; give the desk's call."""
    stage.carrier.dial(dialled, caller_number=number, tone_hz=None)
    return await next_at_desk(stage)


async def next_at_desk(stage: Stage) -> Call:
    """Wait for the next call at the desk, until its caller hears who sits there."""
    phone = stage.phones[stage.crowd.brisk[0]]
    desk = await phone.next_call(DESK_S_MAX)
    (caller,) = (call for call in stage.carrier.calls.values() if call.from_number == desk.from_number)
    await caller.hears_tone(phone.options.tone_hz or 0, 5)
    return desk


async def records(stage: Stage, count: int) -> list[CDR]:
    """Read all records, the newest first, once there are so many, or after a while."""
    filed: list[CDR] = []
    for _ in range(LOOKS):
        filed = await deferToThread(_records, stage)
        if len(filed) >= count:
            break
        await deferLater(stage.reactor, LOOK_S)
    return filed


def _records(stage: Stage) -> list[CDR]:
    reader = open_reader(stage.places.zeo_socket)
    try:
        return [listed.cdr for listed in reader.calls(Query(page=0, size=100)).calls]
    finally:
        reader.close()
