# The names of `ZEO` that we use.
