"""Simulated days of a contact centre: no socket, no sleep, no real time."""
