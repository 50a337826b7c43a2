"""A daemon that journals as fast as it can and says what is committed, until it is killed."""

import sys
import threading
from itertools import count
from pathlib import Path

from appliance.store.opened import open_store
from tests.store.stand import Clock, a_row


def main() -> None:
    """Journal on from what is there."""
    store = open_store(folder=Path(sys.argv[1]), socket=Path(sys.argv[2]), clock=Clock(), wait_s=20)
    recovered = store.journal.recover().result(20)
    store.journal.listen(lambda sequence: print(sequence, flush=True), lambda error: print(error, flush=True))  # noqa: T201  it is read by the test
    room = threading.Event()
    for sequence in count(recovered.sequence + 1):
        store.journal.append(a_row(sequence, f"{recovered.boot}-{sequence}"))
        if store.journal.backlog > 500:
            room.wait(0.01)


if __name__ == "__main__":
    main()
