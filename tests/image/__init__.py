"""Whole machines made from nothing: they show that a stranger's Debian becomes a box by one command."""
