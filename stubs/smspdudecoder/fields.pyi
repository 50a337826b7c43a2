from io import StringIO
from typing import Any

class SMSDeliver:
    @classmethod
    def decode(cls, pdu_data: StringIO) -> dict[str, Any]: ...  # any: fields of many kinds

class SMSSubmit:
    @classmethod
    def decode(cls, pdu_data: StringIO) -> dict[str, Any]: ...  # any: fields of many kinds
