"""One file a layout: `opening` begins a day, `line` prints a call. A module's docstring names the published source."""
