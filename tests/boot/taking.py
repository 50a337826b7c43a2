"""What takes the files of telephone cards where there is no card: a small program in the place of `dahdi.service`.

It is no `dahdi_cfg`. It reads `system.conf` by the rules of dahdi_cfg.c (DAHDI tools 3.4: a keyword and a value a line,
each channel set once, an error counted and the file refused whole) and then sets a folder `kernel` span by span, in
place of ioctls, so that it may be refused or killed half way. It knows nothing of frames, clocks or signalling.

`python -S tests/boot/taking.py FOLDER` takes `FOLDER/dahdi`; `FOLDER/absent` holds a card's span number that is not
there, `FOLDER/strike` after how many spans it is killed, once; `FOLDER/hold` is a pipe that it waits for.
"""

import os
import re
import signal
import sys
from pathlib import Path

CHANNELS_MAX = 1024
LISTS = frozenset({"bchan", "dchan", "mtp2", "fxoks", "fxsks", "e&m", "e&me1", "cas"})
ZONES = frozenset({"loadzone", "defaultzone"})


class Files:
    """What was read."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.errors: list[str] = []
        self.spans: list[tuple[str, str]] = []
        self.channels: dict[int, str] = {}

    def line(self, number: int, line: str) -> None:
        """Take a line."""
        key, equals, value = line.partition("=")
        if not equals or not key or not value:
            self.errors.append(f"line {number}: Syntax error. Should be <keyword>=<value>")
        elif key == "span":
            if not re.fullmatch(r"\d{1,3},\d{1,3},\d,(ccs|cas|esf|d4),(hdb3|ami|b8zs)(,crc4)?", value):
                self.errors.append(f"line {number}: {value!r} is no span")
            self.spans.append((value.partition(",")[0], value))
        elif key == "dynamic":
            self.spans.append((value, value))
        elif key in LISTS:
            for channel in _channels(value.partition(":")[0]):
                if not 0 < channel < CHANNELS_MAX or channel in self.channels:
                    self.errors.append(f"line {number}: Channel {channel} already configured or no channel")
                self.channels[channel] = key
        elif key not in ZONES and key != "echocanceller":
            self.errors.append(f"line {number}: Unknown keyword '{key}'")


def _channels(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        found += range(int(low), int(high or low) + 1)
    return found


def taken(folder: Path) -> str:
    """Take the files; what is wrong with them, or empty."""
    files = Files()
    for number, line in enumerate((folder / "dahdi/system.conf").read_text().splitlines(), 1):
        if plain := line.partition("#")[0].strip():
            files.line(number, plain)
    if files.errors:
        return "\n".join((*files.errors, f"{len(files.errors)} error(s) detected"))
    if (folder / "hold").exists():
        (folder / "hold").read_text()  # a pipe that is written to when it may go on
    kernel, absent, strike = folder / "kernel", folder / "absent", folder / "strike"
    kernel.mkdir(exist_ok=True)
    left = -1
    if strike.exists():
        left = int(strike.read_text())
        strike.unlink()
    for old in kernel.iterdir():
        old.unlink()
    for count, (name, value) in enumerate(files.spans):
        if count == left:
            os.kill(os.getpid(), signal.SIGKILL)
        if absent.exists() and name == absent.read_text():
            return f"DAHDI_SPANCONFIG failed on span {name}: No such device or address (6)"
        (kernel / name.replace("/", "_")).write_text(value)
    (kernel / "channels").write_text(repr(sorted(files.channels.items())))
    (kernel / "assigned").write_text((folder / "dahdi/assigned-spans.conf").read_text())
    return ""


if __name__ == "__main__":
    told = taken(Path(sys.argv[1]))
    sys.stderr.write(told + "\n" if told else "")
    sys.exit(1 if told else 0)
