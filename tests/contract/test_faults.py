"""What must be felt when something dies: the daemon for good, Asterisk itself, a phone."""

import signal

import msgspec
import pytest
import pytest_twisted
from twisted.internet.task import deferLater

from appliance.core import facts, model
from drivers.pjsip.conf import SILENCE_S_MAX
from drivers.robot.call import CallRefusedError
from drivers.robot.line import Options as PhoneOptions
from drivers.robot.phone import Phone
from drivers.robot.sound import heard_tones
from tests.contract import stories
from tests.contract.box import CALLERS, VOICES, WITHOUT_DAEMON_S, Box
from tests.contract.company import password
from tests.contract.floor import Caller
from tests.contract.floor_real import RealCaller, RealFloor, opened
from tests.contract.recordings import read

pytestmark = [pytest.mark.contract, pytest.mark.slow]


async def one_talks_one_waits(floor: RealFloor) -> tuple[Caller, Caller]:
    """Bring two callers into a queue: the first talks with Anna, the second waits behind."""
    await floor.sign_on("anna")
    talking = await stories.in_queue(floor)
    await floor.phone("101").rings()
    await floor.phone("101").answers()
    await talking.hears(floor.phone("101"))
    return talking, await stories.in_queue(floor, number="5550102")


@pytest_twisted.ensureDeferred
async def test_without_a_daemon_the_desk_phones_ring(box: Box) -> None:
    """After a while without an answer of ours the static fall-back takes the caller."""
    call = box.carrier.dial("2001", tone_hz=CALLERS[1])
    desk = await box.phones["104"].next_call(WITHOUT_DAEMON_S + 5)
    await call.answered(1)
    desk.answer()
    await desk.hears_tone(CALLERS[1], 5)
    await call.hears_tone(VOICES["104"], 5)
    await call.hang_up()
    await desk.ended(5)


@pytest_twisted.ensureDeferred
async def test_asterisk_is_killed(box: Box) -> None:
    """One drop: no agent is stuck, the records say why, and the next call is served."""
    async with opened(box) as floor:
        await floor.sign_on("anna", "bela")
        talking = await stories.in_queue(floor)
        await floor.phone("101").rings()
        await floor.phone("101").answers()
        await talking.hears(floor.phone("101"))
        ringing = await stories.in_queue(floor)
        await floor.phone("102").rings()
        box.stop_asterisk()
        box.start_asterisk()
        first, second = await floor.filed(talking, 20), await floor.filed(ringing, 20)
        assert (first.cause, first.outcome, first.agent) == ("switch_failure", "answered", "anna")
        assert (second.cause, second.outcome) == ("switch_failure", "failed")
        await floor.agent_is("anna", "wrap_up")
        await floor.agent_is("bela", "available")
        for phone in (box.carrier, *box.phones.values()):
            for call in tuple(phone.calls.values()):
                call.leg.abandon()
        await stories.a_caller_gives_up_in_the_menu(floor)
        again = await stories.in_queue(floor)
        await floor.phone("102").rings()
        await again.hang_up()


@pytest_twisted.ensureDeferred
async def test_both_are_recorded_apart(box: Box) -> None:
    """The raw recording has the caller on the left, the agent on the right, and nothing from before the bridge."""
    async with opened(box) as floor:
        await floor.sign_on("anna")
        caller = await stories.in_queue(floor)
        assert isinstance(caller, RealCaller)
        anna = floor.phone("101")
        await anna.rings()
        await caller.hears_music()
        await anna.answers()
        await anna.hears(caller)
        await caller.hears(anna)
        await deferLater(box.reactor, 1.5)
        await caller.hang_up()
        record = await floor.filed(caller)
        left, right = await read(box, record.recording)
        assert heard_tones(left[2_000:]) == {caller.tone_hz}
        assert heard_tones(right[2_000:]) == {VOICES["101"]}
        assert abs(len(left) / 8_000 - record.talk_us / 1_000_000) < 0.5


@pytest_twisted.ensureDeferred
async def test_an_unknown_number_is_refused(box: Box) -> None:
    """A number that is none of ours is told so, unanswered."""
    async with opened(box):
        call = box.carrier.dial("2999")
        with pytest.raises(CallRefusedError):
            await call.answered(5)
        assert call.end is not None
        assert call.end.code == 404


@pytest_twisted.ensureDeferred
async def test_a_dead_phone_gives_the_caller_back(box: Box) -> None:
    """A phone that vanishes in a talk is no hang-up: the caller goes back to the head of the queue."""
    async with opened(box) as floor:
        await floor.sign_on("anna")
        caller = await stories.in_queue(floor)
        await floor.phone("101").rings()
        await floor.phone("101").answers()
        await caller.hears(floor.phone("101"))
        await floor.sign_on("bela")
        for call in tuple(box.phones["101"].calls.values()):
            call.leg.abandon()
        await floor.phone("102").rings(SILENCE_S_MAX + 5)
        await floor.phone("102").answers()
        await caller.hears(floor.phone("102"))
        await caller.hang_up()
        assert (await floor.filed(caller)).agent == "bela"


@pytest_twisted.ensureDeferred
async def test_asterisk_hangs_for_a_while(box: Box) -> None:
    """Out of sight and back: nobody is dropped, no place is lost, and the next call is served."""
    async with opened(box) as floor:
        talking, waiting = await one_talks_one_waits(floor)
        await waiting.hears_music()
        box.process.send_signal(signal.SIGSTOP)
        await floor.healthy({"exchange": "down", "trunk/carrier": "ok"}, 10)
        box.process.send_signal(signal.SIGCONT)
        await floor.running.exchange.up()
        await talking.hears(floor.phone("101"))
        await waiting.hears_music()
        await floor.agent_is("anna", "talking")
        await talking.hang_up()
        await floor.phone("101").ended()
        await floor.ends_wrap_up("anna")
        await floor.phone("101").rings()
        assert floor.phone("101").shown[0] == "5550102"
        await waiting.hang_up()


@pytest_twisted.ensureDeferred
async def test_a_new_configuration_drops_nobody(box: Box) -> None:
    """A number and a phone are added while two talk and one waits; both work at once."""
    async with opened(box) as floor:
        talking, waiting = await one_talks_one_waits(floor)
        extension = model.Extension(slug="120")
        configuration = msgspec.structs.replace(
            box.configuration,
            numbers=(*box.configuration.numbers, model.Number(slug="2009", flow="quick")),
            extensions=(*box.configuration.extensions, extension),
        )
        await floor.running.publish(configuration)
        server = (box.site.listen, box.site.sip_port)
        phone = Phone(box.reactor, PhoneOptions(user="120", server=server, password=password("120")), clock=box.clock)
        await phone.start()
        try:
            await phone.register(deadline_s=10)
            call = phone.dial("2009")
            await call.hears(box.prompt("menu", "en"), 10)
            await call.hang_up()
        finally:
            await phone.stop()
        await talking.hears(floor.phone("101"))
        await waiting.hears_music()
        await floor.running.publish(box.configuration)
        await talking.hears(floor.phone("101"))
        await talking.hang_up()
        await waiting.hang_up()


@pytest_twisted.ensureDeferred
async def test_a_quoted_name_is_what_was_quoted(box: Box) -> None:
    """Quotes and backslashes in a display name are escaped on the wire and are not part of it."""
    async with opened(box) as floor:
        await floor.call("2003", name='Zoë "Z" \\ 王')
        (fact,) = (row.fact for row in floor.running.memory.rows if isinstance(row.fact, facts.LegAsked))
        assert fact.party == '5550100\nZoë "Z" \\ 王'
