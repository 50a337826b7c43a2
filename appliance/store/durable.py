"""FileStorage made safe against a power cut and against the wall clock.

- The body of a transaction is on the disk (fsync in `tpc_vote`) before its status byte says that it is committed, so
  that pages written in another order never make an unacknowledged transaction look whole.
- Transaction ids come from centre time, which the writer puts into the transaction's extension under `AT`; without
  one an id is the least that is later than the last. The wall clock is not asked: a leap neither stops nor poisons
  the store.
- A record that names a class outside the allow-list is refused. Conflicts are not resolved, which would load classes:
  a storage has one writer.
"""

import os
from datetime import UTC, datetime, timedelta

from typing_extensions import override
from ZODB.Connection import TransactionMetaData
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError
from ZODB.TimeStamp import TimeStamp

from appliance.store.guard import check_record

AT = "at"
"Key of the transaction's extension: centre time in microseconds."

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(at_us: int) -> TimeStamp:
    """Give ZODB's form of a time in microseconds since 1970 UTC."""
    moment = _EPOCH + timedelta(microseconds=at_us)
    second = moment.second + moment.microsecond / 1_000_000
    return TimeStamp(moment.year, moment.month, moment.day, moment.hour, moment.minute, second)


class DurableStorage(FileStorage):
    """One database file of the store."""

    @override
    def tpc_begin(self, transaction: TransactionMetaData, tid: bytes | None = None, status: str = " ") -> None:
        """Begin a transaction whose id is its centre time, or the least that is later than the last."""
        last = TimeStamp(self.lastTransaction())
        at_us = transaction.extension.get(AT)
        wanted = stamp(at_us) if isinstance(at_us, int) else last
        super().tpc_begin(transaction, wanted.laterThan(last).raw(), status)

    @override
    def store(self, oid: bytes, oldserial: bytes, data: bytes, version: str, transaction: TransactionMetaData) -> None:
        """Take in a record that names allowed classes alone."""
        check_record(data)
        super().store(oid, oldserial, data, version, transaction)

    @override
    def tpc_vote(self, transaction: TransactionMetaData) -> list[bytes] | None:
        """Write the transaction's body and have it on the disk."""
        resolved = super().tpc_vote(transaction)
        os.fsync(self._file.fileno())
        return resolved

    @override
    def tryToResolveConflict(
        self, oid: bytes, committedSerial: bytes, oldSerial: bytes, newpickle: bytes, committedData: bytes = b""
    ) -> bytes:
        """Refuse: with one writer a conflict is a defect."""
        raise ConflictError
