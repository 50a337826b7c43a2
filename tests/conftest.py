"""What holds for every test."""

import signal


def pytest_configure() -> None:
    """Let Ctrl-C end what the tests start: a shell ignores it in what runs in its background, and children inherit."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
