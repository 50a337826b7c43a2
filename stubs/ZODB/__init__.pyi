# The names of `ZODB` that we use.
