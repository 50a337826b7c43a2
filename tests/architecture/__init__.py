"""The house itself: import contracts, folders, sizes, and that no name of a foreign host slips in."""
