"""The real box under a crowd of calls, killed again and again; nothing of it is shipped."""
