"""`python -m appliance.daemon`."""

import gc
import sys

gc.disable()  # while modules are read nothing becomes garbage, and looking for some is a tenth of the start

from appliance.daemon.main import main  # noqa: E402  see above

gc.freeze()
gc.enable()

if __name__ == "__main__":
    sys.exit(main())
