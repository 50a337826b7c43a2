# The names of `BTrees` that we use.
