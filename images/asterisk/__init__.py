"""The recipe of the relocatable Asterisk bundle. Standard library only: it runs before there is a venv."""
