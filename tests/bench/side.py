"""What every side does in the same way: the values of the script, and the count of what was seen."""

import time
from dataclasses import dataclass

NAME = "Anna Schmidt"
GREETED = 3_404
HEADERS = (CHANNEL, STATE, NUMBER, UNIQUEID) = ("Channel", "ChannelStateDesc", "CallerIDNum", "Uniqueid")
"What the receiver of an event looks at."
WANTED = ("Newchannel", "Newstate", "Hangup", "BridgeEnter", "BridgeLeave", "OriginateResponse")
"What a contact centre has to know, of the eighty events of a call."


def check(right: bool) -> None:  # noqa: FBT001  an assertion that also holds with -O
    """End the call if something is not as it should be."""
    if not right:
        raise AssertionError("a reply was not understood")


@dataclass(slots=True)
class Count:
    """What was seen, and what it cost."""

    events: int = 0
    letters: int = 0
    "The length of all that was looked at: two sides that agree on it have read the same."
    cpu_s: float = 0.0

    def begin(self) -> None:
        """Count the processor's time from here."""
        self.cpu_s = time.process_time()

    def add(self, name: str, channel: str, state: str, number: str, uniqueid: str) -> None:
        """Count one event: its name and `HEADERS`."""
        self.events += 1
        self.letters += len(name) + len(channel) + len(state) + len(number) + len(uniqueid)

    def end(self) -> None:
        """Count the processor's time to here."""
        self.cpu_s = time.process_time() - self.cpu_s
