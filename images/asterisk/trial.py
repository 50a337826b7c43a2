"""Whether a bundle is fit for use: its version, its modules, and one call with digits.

The call is a real one. Asterisk calls itself over SIP and RTP on loopback, the calling side presses four digits as
RFC 4733 events, and the called side must have understood them.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from drivers.asterisk.bundle import Bundle
from images.asterisk.recipe import NEEDED, is_long_term

START_S = 60
CALL_S = 30
STOP_S = 10
COMMAND_S = 20
POLL_S = 0.2
DIGITS = "4728"
FOLDERS = (
    "astetcdir", "astvarlibdir", "astdbdir", "astkeydir", "astagidir", "astspooldir", "astrundir", "astlogdir",
    "astcachedir",
)  # fmt: skip
"Asterisk's folders that are private to the trial."


LOADED = re.compile(r"calling init: (/.+)$", re.MULTILINE)
"What the loader tells of a library that it loads, however short (ld.so(8), LD_DEBUG=files)."


class TrialError(Exception):
    """The bundle is not fit for use; the message says which check failed."""


def check_version(bundle: Bundle) -> str:
    """Return the version that `asterisk -V` names; raises `TrialError` for one that we do not take."""
    try:
        done = subprocess.run(bundle.argv("-V"), capture_output=True, text=True, check=False, timeout=COMMAND_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TrialError(f"asterisk -V did not run: {error}") from error
    words = done.stdout.split()
    if done.returncode or words[:1] != ["Asterisk"] or not words[1:]:
        raise TrialError(f"asterisk -V did not run: {(done.stderr or done.stdout).strip()[:300]}")
    release = words[1].partition(".")[0]
    if not release.isdigit() or not is_long_term(int(release)):
        raise TrialError(f"Asterisk {words[1]} is not a long-term release from 22 on")
    return words[1]


def free_port() -> int:
    """Find a UDP port of loopback that nobody holds now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)  # noqa: S101 - the address of an AF_INET socket
    return port


def files(bundle: Bundle, folder: Path, port: int) -> dict[str, str]:
    """Write the configuration of the trial, by file name; everything binds to loopback."""
    folders = "".join(f"{name} => {folder}/{name}\n" for name in FOLDERS)
    # RTP takes a free pair out of this range, wherever the range lies.
    first = port + 2 if port < 60_000 else port - 100  # noqa: PLR2004 - well inside the port numbers
    return {
        "asterisk.conf": (
            f"[directories]\n{folders}astmoddir => {bundle.modules}\nastdatadir => {bundle.data}\n"
            f"[options]\nnocolor = yes\n"
        ),
        "modules.conf": "[modules]\nautoload = yes\nnoload = bridge_native_rtp.so\n",
        "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error,dtmf\n",
        "rtp.conf": f"[general]\nrtpstart = {first}\nrtpend = {first + 60}\n",
        "amd.conf": "[general]\n",
        "pjsip_notify.conf": "[sync]\nEvent => check-sync\n",
        "manager.conf": "[general]\nenabled = no\n",
        "http.conf": "[general]\nenabled = no\n",
        "ari.conf": "[general]\nenabled = yes\n",
        "cdr.conf": "[general]\nenable = yes\n",
        "cdr_manager.conf": "[general]\nenabled = yes\n",
        "cel.conf": "[general]\nenable = yes\nevents = ALL\n[manager]\nenabled = yes\n",
        "res_parking.conf": "[general]\n",
        "features.conf": "[general]\n",
        "confbridge.conf": "[general]\n",
        "voicemail.conf": "[general]\n[default]\n",
        "res_fax.conf": "[general]\n",
        "udptl.conf": "[general]\n",
        "musiconhold.conf": f"[default]\nmode = files\ndirectory = {bundle.music}\n",
        "indications.conf": "[general]\ncountry = us\n[us]\ndescription = US\nring = 440+480/2000,0/4000\n",
        "pjsip.conf": (
            f"[udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:{port}\n"
            f"[self]\ntype = endpoint\ntransport = udp\ncontext = called\ndisallow = all\nallow = ulaw\naors = self\n"
            f"media_address = 127.0.0.1\nbind_rtp_to_media_address = yes\ndtmf_mode = rfc4733\n"
            f"[self]\ntype = aor\ncontact = sip:127.0.0.1:{port}\n"
            f"[self]\ntype = identify\nendpoint = self\nmatch = 127.0.0.1\n"
        ),
        "extensions.conf": (
            f"[called]\nexten => trial,1,Answer()\n same => n,Read(pressed,,{len(DIGITS)},,1,10)\n"
            f" same => n,Set(DB(trial/pressed)=${{pressed}})\n same => n,Hangup()\n"
            f"[calling]\nexten => s,1,Wait(0.5)\n same => n,SendDTMF({DIGITS},100,100)\n same => n,Wait(10)\n"
        ),
    }


class Trial:
    """One private Asterisk of the bundle, for as long as the context lasts."""

    def __init__(self, bundle: Bundle) -> None:
        """Prepare a folder; Asterisk starts when the context is entered."""
        self._bundle = bundle
        self._folder = Path(tempfile.mkdtemp(prefix="switchroom-"))
        self._configuration = self._folder / "astetcdir/asterisk.conf"

    def __enter__(self) -> Self:
        """Start Asterisk and wait until it is fully booted; raises `TrialError` if it is not in time."""
        for name in FOLDERS:
            (self._folder / name).mkdir()
        for name, text in files(self._bundle, self._folder, free_port()).items():
            (self._folder / "astetcdir" / name).write_text(text)
        with (self._folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                self._bundle.argv("-f", "-C", str(self._configuration)),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, "LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(self._folder / "loaded")},
            )  # fmt: skip
        try:
            self._wait_until_booted()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop Asterisk and remove the folder."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(STOP_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, command: str) -> str:
        """Run one command of Asterisk's command line and return what it printed."""
        argv = self._bundle.argv("-C", str(self._configuration), "-rx", command)
        try:
            return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=COMMAND_S).stdout
        except subprocess.TimeoutExpired:
            return ""

    def _wait_until_booted(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                said = (self._folder / "output").read_text(errors="replace")[-300:]
                raise TrialError(f"Asterisk ended at its start with code {self._process.returncode}: {said}")
            if "fully booted" in self.ask("core waitfullybooted"):
                return
            time.sleep(POLL_S)
        raise TrialError(f"Asterisk was not up within {START_S} s")

    def missing_modules(self) -> list[str]:
        """Name the modules that we need and that do not run."""
        lines = [line.split() for line in self.ask("module show").splitlines()]
        running = {words[0].removesuffix(".so") for words in lines if "Running" in words and "Not" not in words}
        return [module for module in NEEDED if module not in running]

    def digits_of_a_call(self) -> str:
        """Place the call, press the digits, and return what the called side understood within the time limit."""
        self.ask("channel originate PJSIP/trial@self extension s@calling")
        deadline = time.monotonic() + CALL_S
        while time.monotonic() < deadline:
            _, found, value = self.ask("database get trial pressed").partition("Value: ")
            if found:
                return value.strip()
            time.sleep(POLL_S)
        return ""

    def foreign_libraries(self) -> list[str]:
        """Name the libraries that Asterisk took from the host, but for the host's own ways of looking up names."""
        paths = {Path(path) for log in self._folder.glob("loaded.*") for path in LOADED.findall(log.read_text())}
        foreign = (path for path in paths if not path.is_relative_to(self._bundle.path))
        return sorted(str(path) for path in foreign if not path.name.startswith("libnss_"))


def try_bundle(bundle: Bundle) -> str:
    """Return the version of a bundle that passed every check; raises `TrialError` with the first that failed."""
    version = check_version(bundle)
    with Trial(bundle) as trial:
        if missing := trial.missing_modules():
            raise TrialError(f"modules do not run: {', '.join(missing)}")
        if (heard := trial.digits_of_a_call()) != DIGITS:
            raise TrialError(f"a call pressed {DIGITS} and Asterisk understood {heard or 'nothing'}")
        if foreign := trial.foreign_libraries():
            raise TrialError(f"libraries of the host were used: {', '.join(foreign)}")
    return version
