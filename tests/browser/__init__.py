"""Pages in Debian's chromium against a running box."""
