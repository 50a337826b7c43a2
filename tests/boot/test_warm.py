"""A program that is kept warm: each of its lives is a fork, and nothing of that is felt but its haste."""

import os
import signal
from pathlib import Path

import msgspec

from boot.notes import members
from tests.boot.test_supervisor import ask
from tests.boot.toy import NOTIFY, Toy, Toys, is_gone, toys

MAIN = """
def main():
    print("told", sys.argv[1:], os.getsid(0) == os.getpid(), os.read(0, 1), flush=True)
    say("READY=1")
    signal.pause()
"""
WARM = NOTIFY + "import sys\n" + MAIN
"A program that tells what it was given."
WRONG = NOTIFY + "def main(): say('READY=1'); time.sleep(0.2); return 3\n"
BROKEN = "raise SystemExit('it cannot be read')\n"
THREADS = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\ndef main(): pass\n"


class OfProgram(msgspec.Struct):
    """What we look for in the status of a program."""

    zygote: int | None


class Status(msgspec.Struct):
    """What we look for in the supervisor's."""

    processes: list[OfProgram]


def zygote(box: Toys) -> int:
    """Tell the pid of the zygote that stands ready; 0 if none does."""
    status = msgspec.convert(ask(box.folder, '{"ask": "status"}'), Status)
    return status.processes[0].zygote or 0


def until_another(box: Toys, before: int) -> int:
    """Wait for a zygote that is not this one."""
    for _ in range(400):
        if (pid := zygote(box)) not in {0, before}:
            return pid
        is_gone(box.process.pid, 0.05)
    raise AssertionError("there is no other zygote")


def test_each_life_is_a_fork_of_one_process(tmp_path: Path) -> None:
    """Killed again and again, it comes back at once from what was read once; at the end nothing is left."""
    with toys(tmp_path, Toy(name="one", code=WARM, warm=True)) as box:
        box.says("all ready")
        mother = zygote(box)
        pids = box.pids()
        assert pids["one-zygote"] == mother
        for _ in range(3):
            os.kill(pids["one"], signal.SIGKILL)
            box.says("one ended (signal SIGKILL): again at once")
            box.says("one ready")
            assert box.pids()["one"] != pids["one"]
            pids = box.pids()
            assert zygote(box) == mother
            assert Path(f"/proc/{pids['one']}/comm").read_text() == "one\n"
            assert members(pids["one"], since=0) == [pids["one"]]
        box.process.send_signal(signal.SIGTERM)
        assert box.ends() == 0
    assert all(is_gone(pid) for pid in pids.values())
    assert (tmp_path / "log/one.log").read_text() == "told ['told'] True b''\n" * 4


def test_its_own_end_is_told_as_it_was(tmp_path: Path) -> None:
    """The exit code of a fork reaches the supervisor; it rose, so it starts again without a pause."""
    with toys(tmp_path, Toy(name="one", code=WRONG, warm=True)) as box:
        box.says("one ended (exit 3): it said nothing")
        box.says("one ready")


def test_a_program_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    """As with any other that does not start."""
    with toys(tmp_path, Toy(name="one", code=BROKEN, warm=True)) as box:
        assert box.says("one does not start") == (
            f"one does not start (exit 1): it cannot be read [{tmp_path}/log/one.log]"
        )
        assert box.ends() == 1


def test_what_starts_threads_while_it_is_read_is_not_forked(tmp_path: Path) -> None:
    """A thread would be missing in every fork, and its locks held for ever."""
    with toys(tmp_path, Toy(name="one", code=THREADS, warm=True)) as box:
        assert "started threads" in box.says("one does not start")
        assert box.ends() == 1


def test_changed_code_waits_for_the_next_start(tmp_path: Path) -> None:
    """A life of newer code than the other programs' would not understand them."""
    with toys(tmp_path, Toy(name="one", code=WARM, warm=True)) as box:
        box.says("all ready")
        mother = zygote(box)
        (tmp_path / "warm_one.py").write_text(WARM.replace('"told"', '"told anew"'))
        os.kill(box.pids()["one"], signal.SIGKILL)
        box.says("one ready")
        assert zygote(box) == mother
    assert (tmp_path / "log/one.log").read_text().splitlines()[-1].startswith("told ")
    assert "told anew" not in (tmp_path / "log/one.log").read_text()


def test_a_zygote_that_dies_takes_nobody_with_it(tmp_path: Path) -> None:
    """What it forked goes on; the end of that is still noticed; another zygote is made."""
    with toys(tmp_path, Toy(name="one", code=WARM, warm=True)) as box:
        box.says("all ready")
        before = box.pids()
        os.kill(before["one-zygote"], signal.SIGKILL)
        assert is_gone(before["one-zygote"])
        os.kill(before["one"], 0)
        os.kill(before["one"], signal.SIGTERM)
        box.says("one ended (signal SIGKILL): again at once")
        box.says("one ready")
        again = box.pids()
        os.kill(again["one-zygote"], signal.SIGSTOP)
        os.kill(again["one"], signal.SIGKILL)
        box.says("one ready")
        assert box.pids()["one-zygote"] != again["one-zygote"]
        assert is_gone(again["one-zygote"])


def test_a_zygote_is_made_anew_in_the_background(tmp_path: Path) -> None:
    """Nobody has to die first."""
    with toys(tmp_path, Toy(name="one", code=WARM, warm=True)) as box:
        box.says("all ready")
        before = box.pids()
        os.kill(before["one-zygote"], signal.SIGKILL)
        until_another(box, before["one-zygote"])
        assert box.pids()["one"] == before["one"]


def test_a_zygote_ends_with_its_supervisor(tmp_path: Path) -> None:
    """What it forked goes on, and is found by the next start, as any program that was left."""
    with toys(tmp_path, Toy(name="one", code=WARM, warm=True)) as box:
        box.says("all ready")
        left = box.pids()
        box.process.kill()
        box.ends()
        assert is_gone(left["one-zygote"])
        os.kill(left["one"], 0)
        again = Toys(tmp_path, box.argv)
        try:
            again.says(f"one (pid {left['one']}) was left behind")
            again.says("all ready")
            again.process.send_signal(signal.SIGTERM)
            assert again.ends() == 0
        finally:
            again.process.kill()
            again.close()


def test_the_end_may_come_while_it_is_read(tmp_path: Path) -> None:
    """Nobody waits for a zygote that will never be warm."""
    with toys(tmp_path, Toy(name="one", code="import signal; signal.pause()", warm=True)) as box:
        while "one-zygote" not in (pids := box.pids()):
            is_gone(box.process.pid, 0.02)
        box.process.send_signal(signal.SIGTERM)
        assert box.ends() == 0
        assert is_gone(pids["one-zygote"])
