"""`python -m appliance.lines`."""

import sys

from appliance.lines.main import main

sys.exit(main())
