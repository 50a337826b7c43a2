# The names of `psycopg2` that we use.

from psycopg2.extensions import connection

class Error(Exception): ...

def connect(dsn: str) -> connection: ...
