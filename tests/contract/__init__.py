"""The same stories on the real Asterisk and on the simulated exchange, so that the simulated one stays honest."""
