# The names of `persistent` that we use.

from ZODB.Connection import Connection

class Persistent:
    _p_changed: bool | None
    _p_jar: Connection | None
