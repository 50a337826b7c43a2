from relstorage.options import Options

class PostgreSQLAdapter:
    def __init__(self, dsn: str = "", options: Options | None = None) -> None: ...
