"""What hangs on the box by a serial line: SMS modem, SMDR printer line, SMDI, front panel.

`port.py` is the line itself, for a device or over TCP; each device has a codec that knows no line. A driver here stores
nothing and decides nothing: it tells what was heard, and says what it is asked to.
"""
