"""Tests of the whole box as `make run` starts it: its own programs, robot phones on real SIP, Debian's browser.

Nothing here reaches into a program; what is asserted is what a caller hears, an agent sees, and a file holds.
"""
