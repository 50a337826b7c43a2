"""Telephone cards."""
