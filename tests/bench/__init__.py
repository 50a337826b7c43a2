"""What our AMI and FastAGI cost beside pyst2's and panoramisk's, in work per second of processor time.

Both sides talk to the same Asterisk, played by `asterisk.py` in the process that measures, each in a process of its
own, taken in turns. A run counts only if every command of every call was answered as it should be.
"""
