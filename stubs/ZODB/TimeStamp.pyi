class TimeStamp:
    def __init__(
        self,
        year_or_raw: int | bytes,
        month: int = 0,
        day: int = 0,
        hour: int = 0,
        minute: int = 0,
        second: float = 0,
        /,
    ) -> None: ...
    def raw(self) -> bytes: ...
    def laterThan(self, other: TimeStamp) -> TimeStamp: ...
