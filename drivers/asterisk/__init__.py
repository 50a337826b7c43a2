"""Asterisk: AMI, FastAGI, dialplan and configuration. What a call should do next is never decided here."""
