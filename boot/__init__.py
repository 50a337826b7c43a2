"""From power-on to ready: packages, certificates, the supervisor. It starts the programs and knows no call."""
