# The names of `psycopg2.errors` that we use.

from psycopg2 import Error

class InsufficientPrivilege(Error): ...
