"""Tests of what hangs on serial lines: codecs on values, lines and devices over real pairs of pseudo terminals."""
