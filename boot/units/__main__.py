"""`python -m boot.units FOLDER --python P --project P`: write the units of the box that the environment names.

They go to `FOLDER/lib/systemd/system`, the folders they need to `FOLDER/lib/tmpfiles.d`: `/usr` on the box.
"""

import argparse
import os
import sys
from pathlib import Path

from appliance.places import PlacesError, places_of
from boot.processes import table
from boot.units.render import Site, folders, units
from drivers.asterisk.bundle import BundleMissingError, open_bundle

REFUSED = 64


def main() -> int:
    """Write them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="boot.units", description="Writes the units of a box.")
    parser.add_argument("folder", type=Path, help="what is /usr on the box")
    parser.add_argument("--python", type=Path, required=True, help="the interpreter, as the box names it")
    parser.add_argument("--project", type=Path, required=True, help="the product's folder, as the box names it")
    parser.add_argument("--user", default="switchroom")
    asked = parser.parse_args()
    try:
        places = places_of(os.environ)
        bundle = open_bundle(places.cache / "asterisk/current")
    except (PlacesError, BundleMissingError) as error:
        sys.stderr.write(f"boot.units: {error}\n")
        return REFUSED
    site = Site(python=asked.python, project=asked.project, user=asked.user)
    written = asked.folder / "lib/systemd/system"
    needed = asked.folder / "lib/tmpfiles.d"
    for folder in (written, needed):
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in units(table(places, bundle, python=asked.python), places, site).items():
        (written / name).write_text(text)
    (needed / "switchroom-programs.conf").write_text(folders(places, site))
    return 0


if __name__ == "__main__":
    sys.exit(main())
