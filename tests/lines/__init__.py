"""The program of the serial lines."""
