"""Telephone cards by DAHDI: what is there, how it is set, how it is. It decides no call and needs no root right."""
