"""Recipes: the Asterisk bundle and, later, the disk image. They run before the appliance does and import none of it."""
