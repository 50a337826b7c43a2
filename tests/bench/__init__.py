"""What our parts cost beside others': `make bench`, a table and `build/bench.json`.

Sides are measured in turns, and the medians are compared. Each has a process of its own where that matters, and a run
counts only if everything was done: every command answered, every fact in the store, every caller served.
"""
