"""`python3 -m images.asterisk`: see that a verified Asterisk bundle is in the cache, and print its folder."""

import argparse
import sys

from images.asterisk.kitchen import BundleError, ensure


def say(line: str) -> None:
    """Show progress where it does not mix with the result."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main() -> int:
    """Run the recipe; return the exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m images.asterisk", description=__doc__)
    parser.add_argument("--newer", action="store_true", help="look for a newer Asterisk even if there is one")
    arguments = parser.parse_args()
    try:
        bundle = ensure(say, newer=arguments.newer)
    except BundleError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(f"{bundle.path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
