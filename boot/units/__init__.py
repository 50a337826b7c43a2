"""Units for systemd, made of boot's one table of programs: what a laptop runs, the box runs. It knows no other list."""
