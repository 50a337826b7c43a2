"""FileStorage made safe against a power cut and against the wall clock.

- The body of a transaction is on the disk (fsync in `tpc_vote`) before its status byte says that it is committed, so
  that pages written in another order never make an unacknowledged transaction look whole.
- Transaction ids come from centre time, which the writer puts into the transaction's extension under `AT`; without
  one an id is the least that is later than the last. The wall clock is not asked: a leap neither stops nor poisons
  the store.
- A record that names a class outside the allow-list is refused. Conflicts are not resolved, which would load classes:
  a storage has one writer.
- An fsync that fails ends the process without an acknowledgement.
- A write that fails (a full disk) leaves nothing behind, neither in the file nor in Python's buffers, which would
  write it once there is room again, wherever that is by then.
"""

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from typing_extensions import override
from ZODB.Connection import TransactionMetaData
from ZODB.FileStorage import FileStorage
from ZODB.FileStorage.FileStorage import RedundantPackWarning
from ZODB.POSException import ConflictError
from ZODB.serialize import referencesf
from ZODB.TimeStamp import TimeStamp

from appliance.store.guard import AT, check_record
from appliance.store.packing import CarefulPacker, swap

DISK_FAILED = 74
"Exit code of the process."

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(at_us: int) -> TimeStamp:
    """Give ZODB's form of a time in microseconds since 1970 UTC."""
    moment = _EPOCH + timedelta(microseconds=at_us)
    second = moment.second + moment.microsecond / 1_000_000
    return TimeStamp(moment.year, moment.month, moment.day, moment.hour, moment.minute, second)


def _end(error: OSError) -> NoReturn:
    """End the process: after a failed fsync nobody knows what is on the disk but who opens the file anew."""
    sys.stderr.write(f"store: the disk failed ({error.strerror}); what was acknowledged is safe; check the disk\n")
    sys.stderr.flush()
    os._exit(DISK_FAILED)


class DurableStorage(FileStorage):
    """One database file of the store."""

    tidied = b"\0" * 8
    "The last transaction that the last packing has seen."

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
        try:
            resolved = super().tpc_vote(transaction)
        except OSError:
            self._forget_writing()
            raise
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            _end(error)
        return resolved

    def _forget_writing(self) -> None:
        """Open the file anew, as it was before the transaction."""
        try:
            with self._files.write_lock(), self._lock:
                self._file.raw.close()
                self._file = Path(self._file_name).open("r+b")  # noqa: SIM115  it is the storage's from now on
                self._file.truncate(self._pos)
                self._files.empty()
        except OSError as error:
            _end(error)

    @override
    def _clear_temp(self) -> None:
        """Make the scratch file of commits ready for the next one, whatever the last one has left in its buffer."""
        try:
            super()._clear_temp()
        except OSError:
            self._tfile.raw.close()
            self._tfile = Path(f"{self._file_name}.tmp").open("w+b")  # noqa: SIM115  as above

    @override
    def _abort(self) -> None:
        """Take a transaction back that was written and not committed."""
        try:
            super()._abort()
        except OSError as error:
            _end(error)

    @override
    def _finish(self, tid: bytes, u: bytes, d: bytes, e: bytes) -> None:
        """Say on the disk that the transaction is committed."""
        try:
            super()._finish(tid, u, d, e)
        except OSError as error:
            _end(error)

    @property
    def tidying(self) -> bool:
        """Whether it is being packed now."""
        return self._pack_is_in_progress

    def tidy(self) -> bool:
        """Pack; may be called by any thread. False if somebody is at it already.

        Whoever reads and commits goes on meanwhile; commits wait while what came last is copied. Raises OSError where
        there is no room and `StoreBrokenError` where the copy is not what it should be; then all is as it was.
        """
        with self._lock:
            if self._pack_is_in_progress:
                return False
            self._pack_is_in_progress = True
        seen = self.lastTransaction()
        try:
            with suppress(RedundantPackWarning):
                self._tidy(seen)
            self.tidied = seen
        finally:
            with self._lock:
                self._pack_is_in_progress = False
        return True

    def _tidy(self, seen: bytes) -> None:
        place = Path(self._file_name)
        packer = CarefulPacker(self, referencesf, seen)
        try:
            end = packer.pack()
            if end is None:
                return
            try:
                packer.check()
                with self._files.write_lock(), self._lock:
                    self._files.empty()
                    self._replace(packer, place, end)
            finally:
                self._commit_lock.release()
        except BaseException:
            packer.copy.unlink(missing_ok=True)
            raise
        finally:
            packer.close()
        with self._lock:
            self._save_index()

    def _replace(self, packer: CarefulPacker, place: Path, end: int) -> None:
        """Put the packed file in this one's place, and forget what stood in the scratch file of commits."""
        swap(packer.copy, place)
        self._file.close()
        self._file = place.open("r+b")
        self._initIndex(packer.index, self._tindex)
        self._pos = end
        self._tfile.seek(0)
        self._tfile.truncate()

    @override
    def tryToResolveConflict(
        self, oid: bytes, committedSerial: bytes, oldSerial: bytes, newpickle: bytes, committedData: bytes = b""
    ) -> bytes:
        """Refuse: with one writer a conflict is a defect."""
        raise ConflictError
