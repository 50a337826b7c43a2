"""The contact centre as one deterministic state machine: facts in, effects out.

Nothing here may import Twisted, ZODB, asyncio, os, time, random, socket, threading or logging; nothing here may iterate
over a set, call `hash()` or `id()`, or let a float decide. What it needs to know of the world comes to it in a fact.
"""
