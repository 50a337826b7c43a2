"""What is tried inside the booted machine, by the product's own Python: `python -m tests.image.inside STORY`.

The sample company gets two wires: a PRI to the network, and an analogue card with telephones and exchange lines; at the
other end of both is `far.py`. One line a step; it ends with 1 at the first step that fails.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from appliance import api, document, root_work
from appliance.client import Client, DoorClosedError
from appliance.commands._robots import Floor, RobotsError, Seat, Sounds, faults_of_recording, read_wav
from appliance.core import model
from appliance.core.cdr import CDR, Outcome
from appliance.overview import overview
from appliance.places import Places, places_of
from appliance.store.reader import Query, Reader, open_reader
from boot import first_run
from drivers.asterisk.bundle import current_bundle
from drivers.robot.clock import MediaClock
from drivers.robot.sound import RATE_HZ, heard_tones
from drivers.robot.stage import Stage, play
from drivers.robot.waits import RobotError
from tests.image import far

LIMIT_S = 240.0
"Of a step: an emulated processor is slow."
LOOK_S = 1.0
WINDOW_S = 0.5
SHARE_MIN = 0.5
"Of what is heard after the first tone; an emulated clock slips."
KEY, QUEUE = "1", "sales"
ANALOGUE_AGENT, ANALOGUE_PHONE, SIP_AGENT = "li-wei", "301", "anna-smith"
CROWD = 10
SPANS = (
    model.Span(slug="network", title="PRI", card="DYN/loc/1:0", number=1, first=1, channels=31),
    model.Span(slug="network-end", card="DYN/loc/1:1", number=2, first=32, channels=31, network=True),
    model.Span(
        slug="wires", card="DYN/loc/2:0", number=3, first=63, channels=8, line="analogue", signalling="analogue",
        fxs="1-2", fxo="3-4",
    ),
    model.Span(
        slug="wires-end", card="DYN/loc/2:1", number=4, first=71, channels=8, line="analogue", signalling="analogue",
        fxs="3-4", fxo="1-2",
    ),
)  # fmt: skip
"The ends are the far exchange's: the box has no trunk and no telephone on them."
TRUNKS = (
    model.Trunk(slug="pri", title="PRI", channels=("network",), group=1),
    model.Trunk(slug="lines", title="Exchange lines", channels=("wires/3-4",), group=2, number="8001"),
)
Found = TypeVar("Found")


def until(what: str, look: Callable[[], Found | None], limit_s: float = LIMIT_S) -> Found:
    """Look until there is something; raises `RobotsError` if there is nothing in time."""
    deadline = time.monotonic() + limit_s
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise RobotsError(f"not within {limit_s:.0f} s: {what}")
        time.sleep(LOOK_S)
    return found


def tones_in(path: Path, hz: int) -> str:
    """Say in which share of a recording's windows a tone is, from where it is first heard; raises `RobotsError`."""
    sound = read_wav(path)
    window = int(WINDOW_S * RATE_HZ)
    heard = [heard_tones(sound[start : start + window]) for start in range(0, len(sound) - window + 1, window)]
    first = next((place for place, tones in enumerate(heard) if hz in tones), None)
    if first is None:
        raise RobotsError(f"{hz} Hz is nowhere in {path.name}, {len(sound) / RATE_HZ:.1f} s long")
    share = sum(hz in tones for tones in heard[first:]) / len(heard[first:])
    if share < SHARE_MIN:
        raise RobotsError(f"{hz} Hz is in {share:.0%} of {path.name} only")
    return f"{hz} Hz in {share:.0%} of {len(heard[first:]) * WINDOW_S:.1f} s"


class Inside:
    """The box that runs here, with its far end."""

    def __init__(self, places: Places, reader: Reader) -> None:
        """Look at it; nothing is changed."""
        self._places, self._reader = places, reader

    # -- steps

    def company(self) -> str:
        """Make the sample company with wires, and have root tell the cards' drivers of them."""
        first_run.set_up(self._places, lambda _: None)
        standing = self._reader.document()
        before = standing.configuration
        phones = tuple(
            msgspec.structs.replace(phone, line="wires/1") if phone.slug == ANALOGUE_PHONE else phone
            for phone in before.extensions
        )
        after = msgspec.structs.replace(before, spans=SPANS, trunks=(*TRUNKS, *before.trunks), extensions=phones)
        self._ask(api.Import(text=document.write(msgspec.structs.replace(standing, configuration=after))))
        told = self._ask(api.AskRoot(question=root_work.LookCards())).machine
        seen = told.cards.digest if told is not None and told.cards is not None else ""
        self._ask(api.AskRoot(question=root_work.ApplyCards(spans=root_work.wiring(SPANS), seen=seen)))
        return f"{len(after.spans)} spans, {len(after.trunks)} trunks"

    def wires(self) -> str:
        """Wait until the box says that its wires are well."""
        wanted = {*(f"trunk/{trunk.slug}" for trunk in TRUNKS), *(f"span/{span.number}" for span in SPANS)}
        seen: dict[str, str] = {}

        def look() -> str | None:
            health = self._floor().view().health
            seen.update({part: word for part, word in (health.parts if health else {}).items() if part in wanted})
            return ", ".join(sorted(seen)) if seen.keys() == wanted and set(seen.values()) == {"ok"} else None

        try:
            return until("all wires are well", look)
        except RobotsError as error:
            raise RobotsError(f"{error}: {seen}") from error

    def analogue(self) -> str:
        """Call in over PRI: flow, queue, an agent at an analogue telephone; recorded, filed."""
        self._sit(ANALOGUE_AGENT)
        caller, since = "555001", time.time_ns() // 1000
        far.call_in("8001", caller, KEY)
        record = self._record(caller, since)
        self._answered(record, ANALOGUE_AGENT)
        shown = until("the caller's number on the telephone", lambda: far.noted("shown") or None, LOOK_S)
        if shown != caller:
            raise RobotsError(f"the telephone shows {shown!r}, not {caller}")
        heard = tones_in(Path(far.HOME, f"{caller}.wav"), far.AGENT_HZ)
        recording = self._recording(record, far.CALLER_HZ, far.AGENT_HZ)
        self._leave(ANALOGUE_AGENT)
        return f"the caller heard {heard}; {recording}"

    def sip(self) -> str:
        """Call in over PRI: flow, queue, an agent at a SIP phone; recorded, filed."""
        play(lambda stage: self._at_sip(stage, ("555002",)))
        return "one call"

    def crowd(self) -> str:
        """Let ten callers come in at once over PRI; one agent at a SIP phone takes them in turn."""
        callers = tuple(f"5551{place:02}" for place in range(CROWD))
        since = time.time_ns() // 1000
        play(lambda stage: self._at_sip(stage, callers))
        records = [self._record(caller, since) for caller in callers]
        began, ended = max(record.began for record in records), min(record.ended for record in records)
        return f"{len(records)} calls, {'all' if began < ended else 'not all'} at once"

    def out(self) -> str:
        """Dial an outside number on an analogue telephone; it goes out over PRI."""
        dialled = "5557001"
        far.ask(f"channel originate DAHDI/71/9{dialled} extension s@dialling")
        until("the call at the far end", lambda: far.noted(dialled) or None)
        until("its end", lambda: Path(far.HOME, "dialling.wav").exists() or None)
        time.sleep(far.TALK_S + LOOK_S)
        heard = tones_in(Path(far.HOME, "dialling.wav"), far.CALLED_HZ)
        return f"the caller heard {heard}; the callee {tones_in(Path(far.HOME, 'called.wav'), far.DIALLING_HZ)}"

    def line(self) -> str:
        """Call in on an exchange line, which brings no dialled number; to the agent at the analogue telephone."""
        self._sit(ANALOGUE_AGENT)
        since = time.time_ns() // 1000
        far.ask(f"channel originate DAHDI/73 extension {KEY}555003@caller")
        record = until("its record", lambda: next(iter(self._records(since)), None))
        self._answered(record, ANALOGUE_AGENT)
        told = self._recording(record, far.CALLER_HZ, far.AGENT_HZ)
        self._leave(ANALOGUE_AGENT)
        return told

    # -- what they are made of

    def _floor(self) -> Floor:
        seen = overview(self._places, self._reader)
        return Floor(places=self._places, overview=seen, sounds=Sounds(self._places, current_bundle()))

    def _ask(self, request: api.AnyRequest) -> api.Reply:
        reply = Client(self._places.console_socket, timeout_s=LIMIT_S).send(request)
        if reply.problems:
            raise RobotsError(f"{type(request).__name__} was refused: {reply.problems[0]}")
        return reply

    def _sit(self, agent: str) -> None:
        self._ask(api.TakeSeat(agent=agent))

        def look() -> bool | None:
            seen = self._floor().view().agents.get(agent)
            return True if seen is not None and seen.state == "available" else None

        until(f"{agent} is available", look)

    def _leave(self, agent: str) -> None:
        self._ask(api.LeaveSeat(agent=agent))

    def _records(self, since: int) -> list[CDR]:
        return [listed.cdr for listed in self._reader.calls(Query(since=since)).calls]

    def _record(self, caller: str, since: int) -> CDR:
        def look() -> CDR | None:
            found = self._reader.calls(Query(since=since, text=caller)).calls
            return found[0].cdr if found else None

        return until(f"a record of {caller}", look)

    def _answered(self, record: CDR, agent: str) -> None:
        last = record.segments[-1] if record.segments else None
        if record.outcome is not Outcome.ANSWERED:
            raise RobotsError(f"the record says {record.outcome} {last}")
        if agent not in {segment.agent for segment in record.segments}:
            raise RobotsError(f"{agent} is not in the record: {record.segments}")

    def _recording(self, record: CDR, caller_hz: int, agent_hz: int) -> str:
        playable = until(
            "the sealed recording", lambda: self._reader.recording(record.recording) if record.recording else None
        )
        sound = read_wav(b"".join(playable.read(0, playable.size)))
        seconds = len(sound) / RATE_HZ
        if faults := faults_of_recording(sound, caller_hz=caller_hz, agent_hz=agent_hz, talk_s=seconds):
            raise RobotsError("; ".join(faults))
        return f"recorded {seconds:.1f} s"

    async def _at_sip(self, stage: Stage, callers: tuple[str, ...]) -> None:
        floor = self._floor()
        account = next(account for account in floor.overview.accounts if account.agent == SIP_AGENT)
        seat = Seat(stage, floor, account, tone_hz=far.AGENT_HZ, clock=MediaClock(stage.reactor))
        await seat.take(LIMIT_S)
        try:
            for caller in callers:
                await stage.aside(far.call_in, "8001", caller, KEY)
            for _ in callers:
                call = await seat.phone.next_call(LIMIT_S)
                call.answer()
                await call.answered(LIMIT_S)
                await call.hears_tone(far.CALLER_HZ, LIMIT_S, since=call.times.answered)
                await stage.pause(WINDOW_S)
                await call.hang_up()
                await seat.finish(LIMIT_S)
        finally:
            await seat.leave()


STORIES: dict[str, Callable[[Inside], str]] = {
    "company": Inside.company,
    "wires": Inside.wires,
    "analogue": Inside.analogue,
    "sip": Inside.sip,
    "crowd": Inside.crowd,
    "out": Inside.out,
    "line": Inside.line,
}


def main(stories: list[str]) -> int:
    """Tell the named stories; return the exit status."""
    places = places_of(os.environ)
    reader = open_reader(places.zeo_socket, media=places.media)
    for name in stories:
        try:
            sys.stdout.write(f"{name}: {STORIES[name](Inside(places, reader))}\n")
        except (RobotsError, RobotError, DoorClosedError, first_run.SetUpError, OSError) as error:
            sys.stdout.write(f"{name}: FAILED: {type(error).__name__} {error}\n")
            return 1
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
