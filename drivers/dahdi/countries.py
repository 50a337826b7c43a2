"""How the exchange of a country tells who calls, on an analogue line.

Source: the comments of Asterisk's chan_dahdi.conf.sample. It names the United Kingdom, Japan, Denmark, Sweden, the
Netherlands and India; a country that is not here has what Asterisk assumes, Bell 202 after the first ring.
"""

from collections.abc import Mapping
from types import MappingProxyType

CALLER_ID: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "uk": ("v23", "polarity"),
        "jp": ("v23_jp", "ring"),
        "dk": ("dtmf", "dtmf"),
        "se": ("dtmf", "dtmf"),
        "nl": ("dtmf", "dtmf"),
        "in": ("dtmf", "polarity_in"),
    }
)
"Country to `cidsignalling` and `cidstart`."
