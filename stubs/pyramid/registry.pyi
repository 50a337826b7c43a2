from typing import Any

class Registry:
    settings: dict[str, Any]  # any: each setting has a type of its own
