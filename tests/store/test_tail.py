"""The end of a database file after a power cut: what was acknowledged is there, what was not is cut and kept."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from transaction import TransactionManager

from appliance.store.durable import DurableStorage
from appliance.store.guard import GuardedDB, StoreBrokenError
from appliance.store.schema import Sheet
from appliance.store.tail import mend, walk

COMMITS = 12


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a database of a few commits; its index is removed."""
    path = tmp_path / "journal.fs"
    database = GuardedDB(DurableStorage(str(path)))
    for number in range(COMMITS):
        _commit(database, number)
    database.close()
    path.with_name("journal.fs.index").unlink()
    return path


def _commit(database: GuardedDB, number: int) -> None:
    manager = TransactionManager()
    connection = database.open(manager)
    connection.root()[str(number)] = Sheet(random.Random(number).randbytes(200))  # noqa: S311  any bytes will do
    manager.commit()
    connection.close()


def _numbers(path: Path) -> list[int]:
    """Open a file as the ZEO process does and list what was committed."""
    mend(path)
    database = GuardedDB(DurableStorage(str(path)))
    connection = database.open()
    found = sorted(int(key) for key in connection.root())
    for key in connection.root():
        assert connection.root()[key].data == random.Random(int(key)).randbytes(200)  # noqa: S311  see above
    connection.close()
    database.close()
    return found


def _ends(data: bytes) -> Iterator[int]:
    position = 4
    while position < len(data):
        position += int.from_bytes(data[position + 8 : position + 16], "big") + 8
        yield position


@pytest.mark.slow
def test_every_prefix_opens_with_all_that_it_holds_whole(file: Path) -> None:
    """Open every prefix of a file: all its whole transactions are there, and the torn bytes are kept."""
    data = file.read_bytes()
    ends = list(_ends(data))[:3]
    for length in range(4, ends[-1] + 1):
        whole = sum(end <= length for end in ends)
        start = ends[whole - 1] if whole else 4
        torn = bytearray(data[:length])
        torn[start + 16 : start + 17] = b"c"[: length - start - 16] if length > start + 16 else b""
        file.write_bytes(torn)
        assert _numbers(file) == list(range(max(0, whole - 1))), length
        if length not in {4, *ends}:
            cut = next(file.parent.glob("*.cut-*"))
            assert file.parent.joinpath(cut.name).read_bytes() == torn[start:]
            cut.unlink()
        for suffix in (".index", ".lock", ".tmp"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)


def test_pages_of_the_last_commit_in_any_order_lose_nothing_acknowledged(file: Path) -> None:
    """Leave out any of the blocks of an unacknowledged commit: everything before it opens."""
    data = bytearray(file.read_bytes())
    start = list(_ends(bytes(data)))[-2]
    data[start + 16 : start + 17] = b"c"
    seed = random.Random(7)  # noqa: S311  a test's dice
    block = 64
    for _ in range(300):
        torn = bytearray(data)
        for position in range(start, len(data), block):
            if seed.random() < 0.5:
                stop = min(position + block, len(data))
                torn[position:stop] = bytes(stop - position)
        file.write_bytes(torn)
        assert _numbers(file) == list(range(COMMITS - 1))
        for suffix in (".index", f".cut-{start}"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)


def test_damage_in_the_middle_is_refused_and_nothing_is_cut(file: Path) -> None:
    """Refuse a file whose damage a power cut cannot explain, and leave it as it is."""
    data = file.read_bytes()
    ends = list(_ends(data))
    seed = random.Random(3)  # noqa: S311  a test's dice
    for _ in range(200):
        start = seed.choice(ends[:-2])
        broken = bytearray(data)
        place = start + seed.choice([*range(16), 17, 18])
        broken[place] ^= 1 << seed.randrange(8)
        file.write_bytes(broken)
        try:
            mend(file)
        except StoreBrokenError as error:
            assert str(file) in str(error)  # noqa: PT017  not every flip is one that the structure shows
        assert file.read_bytes() == bytes(broken)


def test_committed_transaction_that_is_broken_is_never_cut(file: Path) -> None:
    """Refuse a last transaction that says it is committed and is not whole."""
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(StoreBrokenError, match="damaged at byte"):
        mend(file)
    file.write_bytes(data[:-20])
    with pytest.raises(StoreBrokenError, match="damaged at byte"):
        mend(file)


def test_more_than_the_largest_commit_is_never_cut(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to cut off more than a commit of ours can be."""
    monkeypatch.setattr("appliance.store.tail.CUT_BYTES_MAX", 100)
    with file.open("ab") as end:
        end.write(bytes(200))
    with pytest.raises(StoreBrokenError):
        mend(file)


def test_walk_begins_where_the_saved_index_ends(file: Path) -> None:
    """Trust a saved index that ends between two transactions, and no other."""
    database = GuardedDB(DurableStorage(str(file)))
    _commit(database, COMMITS)
    database.close()
    index = file.with_name("journal.fs.index")
    saved = index.read_bytes()
    size = file.stat().st_size
    first = next(_ends(file.read_bytes()))
    with file.open("r+b") as damaged:
        damaged.seek(first + 16)
        damaged.write(b"c")
    assert walk(file).end == size, "what the index covers was checked when it was written"
    for nonsense in (b"", b"nonsense", saved[:5], b"\x80\x03K\x07."):
        index.write_bytes(nonsense)
        with pytest.raises(StoreBrokenError):
            walk(file)
    with pytest.raises(StoreBrokenError):
        walk(file, whole=True)


@pytest.mark.parametrize("content", [b"hello world", b"FS21" + bytes(100)])
def test_what_is_not_a_database_is_refused(tmp_path: Path, content: bytes) -> None:
    """Refuse a file that is something else."""
    path = tmp_path / "journal.fs"
    path.write_bytes(content)
    with pytest.raises(StoreBrokenError, match="not a database"):
        walk(path)


def test_file_of_no_length_is_a_beginning(tmp_path: Path) -> None:
    """Take an empty file, and one whose first bytes were torn, for one that was just being made."""
    path = tmp_path / "journal.fs"
    path.touch()
    assert walk(path).end == 0
    path.write_bytes(b"FS")
    assert mend(path).cut == 2
    assert path.stat().st_size == 0
