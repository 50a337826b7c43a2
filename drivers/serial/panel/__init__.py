"""The front panel: a CrystalFontz display of the 635 family (20 by 4 signs, six keys, four lamps).

`packets.py` is its line, `screen.py` what is on it and what the keys do; neither knows a line or a clock.
"""
