"""What self-test and demo share: the sample company's phones as robots, its sounds, and what a recording must hold."""

import io
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from appliance import api, live
from appliance.client import Client, DoorClosedError
from appliance.overview import Account, Overview
from appliance.places import Places
from appliance.texts import here, marked, said
from appliance.words import STATES, Word, problem_text
from drivers.asterisk.bundle import Bundle
from drivers.robot.clock import MediaClock
from drivers.robot.line import Options
from drivers.robot.phone import Phone
from drivers.robot.sound import RATE_HZ, TONES, Known, Samples, heard_tones
from drivers.robot.stage import Stage

MUSIC_S = 5.0
"How much of the beginning of each piece of music is known: a caller's music begins with one of them."
LEVEL_S = 0.5
"Recordings are judged by windows of this length."
SHARE_MIN = 0.8
"A recorded side must hold its party's tone in at least this share of the windows."
LENGTH_S = 0.5
"A recording may be this much longer or shorter than the talk."
RETRY_S = 0.1
LEFT, RIGHT = marked("left side"), marked("right side")
UNKNOWN = marked("unknown")
CALLER_TONES = TONES[0::2]
AGENT_TONES = TONES[1::2]


class RobotsError(Exception):
    """Robots cannot work on this box now; the message is one line that says why."""


def read_wav(data: bytes | Path) -> Samples:
    """Read a WAV of 16 bits and 8 kHz; two channels make an array of two columns."""
    with wave.open(io.BytesIO(data) if isinstance(data, bytes) else str(data)) as sound:
        if (sound.getsampwidth(), sound.getframerate()) != (2, RATE_HZ):
            found = {"bits": sound.getsampwidth() * 8, "hz": sound.getframerate()}
            raise RobotsError(said("sound of {bits} bits and {hz} Hz, not 16 and 8000", **found))
        samples: Samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
        return samples.reshape(-1, sound.getnchannels()) if sound.getnchannels() > 1 else samples


class Sounds:
    """The box's own prompts and music, to know them by."""

    def __init__(self, places: Places, bundle: Bundle) -> None:
        """Read sounds when they are first asked for."""
        self._prompts = places.prompts
        self._music = bundle.music
        self._known: dict[tuple[str, str], Known] = {}

    def prompt(self, slug: str, language: str) -> Known:
        """Give a prompt as it is said."""
        key = (language, slug)
        if key not in self._known:
            path = self._prompts / language / f"{slug}.wav"
            if not path.exists():
                prompt = f"{language}/{slug}"
                raise RobotsError(
                    said("The prompt {prompt} is not spoken yet: {path} is missing.", prompt=prompt, path=path)
                )
            self._known[key] = Known(read_wav(path))
        return self._known[key]

    @property
    def music(self) -> Known:
        """Give the beginnings of all music, one after the other."""
        if ("", "") not in self._known:
            files = sorted(self._music.glob("*.wav"))
            pieces = [read_wav(file)[: int(MUSIC_S * RATE_HZ)] for file in files]
            self._known["", ""] = Known(np.concatenate(pieces))
        return self._known["", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A running box with the sample company, as robots see it."""

    places: Places
    overview: Overview
    sounds: Sounds

    @property
    def server(self) -> tuple[str, int]:
        """Where SIP goes."""
        return self.overview.sip.host, self.overview.sip.port

    def client(self) -> Client:
        """Give the console's way to the daemon."""
        return Client(self.places.console_socket)

    def view(self) -> live.LiveView:
        """Look at the floor at this moment."""
        try:
            return next(seen for event, seen in self.client().live() if event == "view")
        except (DoorClosedError, StopIteration) as error:
            raise RobotsError(said("The daemon does not answer: {error}", error=error)) from error

    def at_work(self) -> list[str]:
        """List the agents who are signed on."""
        return sorted(slug for slug, agent in self.view().agents.items() if agent and agent.state != "signed_out")


class Seat:
    """An agent of the sample company with a robot for a phone."""

    def __init__(self, stage: Stage, floor: Floor, account: Account, *, tone_hz: int, clock: MediaClock) -> None:
        """Make the phone; nothing is sent before `take`."""
        self.agent = account.agent
        self.tone_hz = tone_hz
        self.phone = Phone(
            stage.reactor,
            Options(
                user=account.extension,
                password=account.password,
                server=floor.server,
                listen=floor.places.host,
                tone_hz=tone_hz,
                name=account.name if account.name.isascii() else account.agent,
            ),
            clock=clock,
        )
        self._stage = stage
        self._floor = floor

    async def take(self, deadline_s: float) -> None:
        """Register the phone, sign the agent on, and wait until calls may come."""
        await self.phone.start()
        await self.phone.register()
        await self.ask(api.TakeSeat(agent=self.agent))
        deadline = time.monotonic() + deadline_s
        while True:
            seen = (await self._stage.aside(self._floor.view)).agents.get(self.agent)
            if seen is not None and seen.state == "available":
                return
            if time.monotonic() > deadline:
                state = STATES.get(seen.state, Word(text=seen.state)).text if seen else UNKNOWN
                raise RobotsError(said("{agent} is not available: {state}", agent=self.agent, state=said(state)))
            await self._stage.pause(RETRY_S)

    async def leave(self) -> None:
        """Sign the agent off and give the phone back."""
        try:
            await self.ask(api.LeaveSeat(agent=self.agent))
            await self.phone.unregister()
        finally:
            await self.phone.stop()

    async def finish(self, deadline_s: float) -> None:
        """End the wrap-up as soon as there is one."""
        deadline = time.monotonic() + deadline_s
        while True:
            reply = await self._stage.aside(self._floor.client().send, api.EndWrapUp(agent=self.agent))
            if not reply.problems:
                return
            if time.monotonic() > deadline:
                problem = problem_text(here(), reply.problems[0])
                raise RobotsError(said("{agent} cannot end the wrap-up: {problem}", agent=self.agent, problem=problem))
            await self._stage.pause(RETRY_S)

    async def ask(self, request: api.AnyRequest) -> None:
        """Ask the daemon something for this agent; raises what is refused."""
        try:
            reply = await self._stage.aside(self._floor.client().send, request)
        except DoorClosedError as error:
            raise RobotsError(said("The daemon does not answer: {error}", error=error)) from error
        if reply.problems:
            problem, asked = problem_text(here(), reply.problems[0]), type(request).__name__
            raise RobotsError(
                said("{agent}: {asked} was refused: {problem}", agent=self.agent, asked=asked, problem=problem)
            )


def faults_of_recording(sound: Samples, *, caller_hz: int, agent_hz: int, talk_s: float) -> list[str]:
    """Say what is wrong with a recording: left must be the caller, right the agent, from the bridge to the end."""
    if sound.ndim != 2 or sound.shape[1] != 2:  # noqa: PLR2004  two sides
        return [said("the recording is not stereo")]
    faults = []
    if abs(len(sound) / RATE_HZ - talk_s) > LENGTH_S:
        lengths = {"recording": f"{len(sound) / RATE_HZ:.2f}", "talk": f"{talk_s:.2f}"}
        faults.append(said("the recording lasts {recording} s, the talk {talk} s", **lengths))
    for side, column, hz in ((LEFT, 0, caller_hz), (RIGHT, 1, agent_hz)):
        share, others = _tones(sound[:, column], hz)
        if share < SHARE_MIN:
            faults.append(said("{hz} Hz is in {share} of the {side}", hz=hz, share=f"{share:.0%}", side=said(side)))
        if others:
            tones = ", ".join(map(str, others))
            faults.append(said("the {side} holds {tones} Hz of somebody else", side=said(side), tones=tones))
    return faults


def _tones(side: Samples, hz: int) -> tuple[float, Sequence[int]]:
    """In which share of the windows a tone is, and which other tones are in more than one."""
    window = int(LEVEL_S * RATE_HZ)
    heard = [heard_tones(side[start : start + window]) for start in range(0, len(side) - window + 1, window)]
    if not heard:
        return 0.0, ()
    others = {other for tones in heard for other in tones if other != hz}
    return sum(hz in tones for tones in heard) / len(heard), sorted(others)
