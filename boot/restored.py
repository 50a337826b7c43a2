"""Put what was restored in its place, before anything of the box starts: `python -m boot.restored`.

The foreground supervisor does it by itself; a unit that comes before all others of the box runs this.
"""

import os
import sys

from appliance.places import PlacesError, places_of
from appliance.store.backup_frames import BackupError
from appliance.store.backup_restore import finish
from appliance.texts import said


def main() -> int:
    """Finish what a restore has begun in the box of this environment; nothing, if none has."""
    os.umask(0o077)
    try:
        done = finish(places_of(os.environ).home)
    except (PlacesError, BackupError, OSError) as error:
        sys.stderr.write(f"switchroom: {error}\n")
        return 1
    if done:
        sys.stdout.write(said("what was restored is in its place") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
