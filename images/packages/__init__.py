"""Debian packages of our own making. They are made in the workshop and kept; the image takes them as any package."""
