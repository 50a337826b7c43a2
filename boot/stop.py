"""Stop a box from another shell: ask its supervisor, or end what a killed one left. `python -m boot.stop`."""

import json
import os
import socket
import sys

from appliance.places import Places, PlacesError, places_of
from appliance.texts import said
from boot.notes import Notes, end_left

STOP_S_MAX = 90.0
LEFT_S = 10.0


def stop(places: Places) -> bool:
    """Stop the box; False if none ran. Returns when every program is gone. Raises OSError if it takes too long."""
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(STOP_S_MAX)
            door.connect(str(places.supervisor_socket))
            door.sendall(b'{"ask": "stop"}\n')
            with door.makefile() as answer:
                return bool(json.loads(answer.readline() or "{}").get("stopped"))
    except (FileNotFoundError, ConnectionRefusedError):
        return end_left(Notes(places.processes), wait_s=LEFT_S, say=_say) > 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> int:
    """Stop the box of this environment."""
    try:
        places = places_of(os.environ)
        _say(said("stopped") if stop(places) else said("no Switchroom runs in {home}", home=places.home))
    except (PlacesError, OSError) as error:
        sys.stderr.write(f"switchroom: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
