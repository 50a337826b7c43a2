"""Cheap load by SIPp: callers and desks that say a tone and check nothing. Its counts tell whether it kept up."""

import csv
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drivers.robot.sound import TONES, encode_ulaw, tone

SCENARIOS = Path(__file__).parent / "scenarios"
LISTEN = "127.0.0.1"
END_S_MAX = 5.0
SAID_S = 2.0
"How long the tone is that is said over and over."


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one SIPp counted."""

    calls: int = 0
    "That are up."
    failed: int = 0
    retransmitted: int = 0
    "Messages that had to be said again: an answer did not come within half a second."


class Sipp:
    """One SIPp at work; every one has a folder of its own for what it reads and writes."""

    def __init__(self, folder: Path, scenario: str, *arguments: str, port: int, media_port: int) -> None:
        """Start it on a SIP port; all its calls say their tone from one media port."""
        folder.mkdir(parents=True)
        sound = folder / "tone.ulaw"
        sound.write_bytes(encode_ulaw(tone(TONES[-1], SAID_S)))
        text = (SCENARIOS / f"{scenario}.xml").read_text().replace("TONE", str(sound))
        file = folder / f"{scenario}.xml"
        file.write_text(text)
        self.name = folder.name
        self._stats = folder / "counts.csv"
        with (folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [
                    *("sipp", "-sf", str(file), "-i", LISTEN, "-mi", LISTEN, "-p", str(port), "-mp", str(media_port)),
                    *("-nostdin", "-trace_stat", "-stf", str(self._stats), "-fd", "1"),
                    *("-trace_err", "-error_file", str(folder / "errors")),
                    *arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                cwd=folder,
            )

    def counts(self) -> Counts:
        """Read what it counted, up to a second ago."""
        if not self._stats.exists():
            return Counts()
        with self._stats.open(newline="") as file:
            rows = [row for row in csv.DictReader(file, delimiter=";") if row.get("Retransmissions(C)")]
        if not rows:
            return Counts()
        last = rows[-1]
        return Counts(
            calls=int(last["CurrentCall"]),
            failed=int(last["FailedCall(C)"]),
            retransmitted=int(last["Retransmissions(C)"]),
        )

    def ended(self, deadline_s: float) -> int:
        """Wait for its end; returns its exit code, 0 if every call went as written."""
        return self.process.wait(deadline_s)

    def stop(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait(END_S_MAX)


def fields(folder: Path, name: str, rows: Sequence[Sequence[str]]) -> Path:
    """Write a file of fields, a row a call."""
    file = folder / name
    file.write_text("SEQUENTIAL\n" + "".join(";".join((*row, "")) + "\n" for row in rows))
    return file
