# The names of `persistent` that we use.

class Persistent:
    _p_changed: bool | None
