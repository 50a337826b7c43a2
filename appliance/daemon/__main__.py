"""`python -m appliance.daemon`."""

import sys

from appliance.daemon.main import main

if __name__ == "__main__":
    sys.exit(main())
