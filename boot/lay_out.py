"""What a start needs before its first program where systemd starts them: `python -m boot.lay_out`.

The folders of the box, its certificate, Asterisk's first configuration; the foreground (`run.py`) does the same.
"""

import datetime as dt
import os
import sys

from appliance.exchanges import own_asterisk
from appliance.places import Places, PlacesError, places_of
from boot import certificate, checks
from drivers.asterisk import render
from drivers.asterisk.bundle import Bundle, BundleMissingError, current_bundle
from drivers.asterisk.conf import ConfError

USAGE, FAILED = 64, 1


def lay_out(places: Places, bundle: Bundle) -> bool:
    """Lay it out; true if a certificate was made. May be done again at every start."""
    made = certificate.ensure(places.certificate, places.key, listen=places.listen, now=dt.datetime.now(dt.UTC))
    render.lay_out(own_asterisk(places, bundle))
    return made


def main() -> int:
    """Lay it out for the box of this environment; returns the exit code."""
    os.umask(0o077)
    try:
        places = places_of(os.environ)
        checks.folders(places)
        lay_out(places, current_bundle())
    except PlacesError as error:
        sys.stderr.write(f"switchroom: {error}\n")
        return USAGE
    except (BundleMissingError, ConfError, checks.CheckError, OSError) as error:
        sys.stderr.write(f"switchroom: {error}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
