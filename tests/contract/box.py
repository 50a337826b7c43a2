"""A private Asterisk for tests: rendered by our own driver, with prompts, a carrier and desk phones round it."""

import os
import shutil
import subprocess
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.utils import getProcessOutput

from appliance import speech
from appliance.core.model import Configuration
from drivers.asterisk import render
from drivers.asterisk.bundle import Bundle, current_bundle
from drivers.pjsip.technology import Pjsip
from drivers.robot.clock import MediaClock
from drivers.robot.line import Options as PhoneOptions
from drivers.robot.phone import Phone
from drivers.robot.sound import TONES, Known, Samples
from tests.contract.company import company, equipment, password

MUSIC_S = 12
"How long the hold music is: short, so that it is recognised at little cost."
CARRIER_PORT = 10
"Where the carrier answers, counted from the base of ports."
STOP_S_MAX = 10
WITHOUT_DAEMON_S = 12
"A minute in earnest: when the static fall-back begins."
PHONES = tuple(str(number) for number in range(101, 111))
VOICES = dict(zip(PHONES, TONES, strict=False))
"The tone of each desk phone; the other tones are the callers'."
CALLERS = TONES[len(PHONES) :]


@dataclass(kw_only=True)
class Box:
    """A running Asterisk and what stands round it."""

    reactor: AsyncioSelectorReactor
    base: int
    folder: Path
    configuration: Configuration
    options: render.Options
    bundle: Bundle
    clock: MediaClock
    process: subprocess.Popen[bytes]
    carrier: Phone
    phones: dict[str, Phone]
    music: Known

    @property
    def site(self) -> render.Site:
        """Where Asterisk lies."""
        return self.options.site

    def prompt(self, slug: str, language: str) -> Known:
        """Give a prompt's audio."""
        return Known(samples(self.site.prompts / language / f"{slug}.wav"))

    def start_asterisk(self) -> None:
        """Start Asterisk; it is not waited for."""
        self.process = start(self.bundle, self.site, self.folder)

    def stop_asterisk(self) -> None:
        """End Asterisk at once."""
        self.process.kill()
        self.process.wait(STOP_S_MAX)

    async def console(self, command: str, mark: str = "!") -> list[str]:
        """Ask Asterisk on its console, and give the lines that have the mark in them."""
        arguments = self.bundle.argv("-C", str(self.site.etc / "asterisk.conf"), "-rx", command)
        environment = dict(os.environ)
        said: bytes = await getProcessOutput(  # type: ignore[no-untyped-call]  # Twisted gives it no type
            arguments[0], arguments[1:], env=environment
        )
        return [line for line in said.decode(errors="replace").splitlines() if mark in line]

    def log(self) -> str:
        """Give what Asterisk has written to its log."""
        return "\n".join(
            file.read_text(errors="replace") for file in sorted((self.site.home / "log").glob("messages*"))
        )


def samples(file: Path) -> Samples:
    """Read a WAV of 8 kHz mono."""
    with wave.open(str(file)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8_000, 1, 2)
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16)


def start(bundle: Bundle, site: render.Site, folder: Path) -> subprocess.Popen[bytes]:
    """Start an Asterisk in a process group of its own."""
    with (folder / "asterisk.out").open("ab") as out:
        return subprocess.Popen(
            bundle.argv("-f", "-C", str(site.etc / "asterisk.conf")),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        )


def _cut_music(bundle: Bundle, folder: Path) -> Samples:
    """Make a short piece of the bundle's music."""
    folder.mkdir(parents=True)
    piece = samples(min(bundle.music.glob("*.wav")))[8_000 * 5 : 8_000 * (5 + MUSIC_S)]
    with wave.open(str(folder / "music.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(piece.tobytes())
    return piece


def options_of(base: int, folder: Path) -> render.Options:
    """Say where the private Asterisk of a folder lies and listens."""
    bundle = current_bundle()
    site = render.Site(
        home=folder / "asterisk",
        run=folder / "run",
        prompts=folder / "prompts",
        recordings=folder / "spool",
        modules=bundle.modules,
        data=bundle.data,
        music=folder / "music",
        base_port=base,
        without_daemon_s_max=WITHOUT_DAEMON_S,
    )
    return render.Options(site=site, technologies=(Pjsip(),))


@asynccontextmanager
async def running(
    reactor: AsyncioSelectorReactor, base: int, folder: Path, *, calls_max: int = 0
) -> AsyncIterator[Box]:
    """Run a private Asterisk with a carrier and registered desk phones; all of it is gone at the end."""
    os.umask(0o077)
    bundle = current_bundle()
    configuration = company(carrier_port=base + CARRIER_PORT, calls_max=calls_max)
    options = options_of(base, folder)
    site = options.site
    speech.speak(configuration.prompts, site.prompts)
    music = Known(_cut_music(bundle, folder / "music"))
    render.write(site, render.rendered(options, equipment(configuration), render.accounts_of(site)))
    clock = MediaClock(reactor)
    server = (site.listen, site.sip_port)
    carrier = Phone(
        reactor,
        PhoneOptions(user="carrier", server=server, port=base + CARRIER_PORT, tone_hz=CALLERS[0]),
        clock=clock,
    )
    phones = {
        extension: Phone(
            reactor,
            PhoneOptions(user=extension, server=server, password=password(extension), tone_hz=tone),
            clock=clock,
        )
        for extension, tone in VOICES.items()
    }
    made = Box(
        reactor=reactor,
        base=base,
        folder=folder,
        configuration=configuration,
        options=options,
        bundle=bundle,
        clock=clock,
        process=start(bundle, site, folder),
        carrier=carrier,
        phones=phones,
        music=music,
    )
    try:
        await carrier.start()
        for phone in phones.values():
            await phone.start()
            await phone.register(deadline_s=30)
        yield made
    finally:
        for phone in (carrier, *phones.values()):
            await phone.stop()
        made.stop_asterisk()
        shutil.rmtree(site.run, ignore_errors=True)
