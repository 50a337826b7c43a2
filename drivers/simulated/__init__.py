"""The simulated exchange: no hardware, no sound, the same facts. It must not know what the Centre decides."""
