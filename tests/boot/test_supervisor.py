"""The supervisor starts, keeps and stops real programs, and leaves none behind."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from boot.child import pause_after
from boot.notes import members
from boot.process import Notified, Process
from boot.program import GATE
from tests.boot.toy import NOTIFY, Toy, Toys, is_gone, toys

DEAF = NOTIFY + "signal.signal(15, signal.SIG_IGN); say('READY=1'); [signal.pause() for _ in range(99)]"
BEATS = NOTIFY + "say('READY=1'); [(say('WATCHDOG=1'), time.sleep(0.05)) for _ in range(4000)]"
TIDY = (
    NOTIFY
    + """
def end(*_):
    say("STOPPING=1")
    time.sleep(1.0)
    print("tidied up")
    raise SystemExit
signal.signal(15, end)
say("READY=1")
[(say("WATCHDOG=1"), time.sleep(0.05)) for _ in range(4000)]
"""
)
"A program that needs its time to stop."
HANGS_ONCE = (
    NOTIFY
    + """
lives = open(os.environ["NOTIFY_SOCKET"] + ".lives", "a+")
lives.write(".")
if lives.tell() == 2:
    say("SIGN")
    lives.flush()
    signal.pause()
say("READY=1")
lives.flush()
[(say("WATCHDOG=1"), time.sleep(0.05)) for _ in range(4000)]
"""
)
"A program whose second start hangs."
CROWD = NOTIFY + "[os.fork() or signal.pause() for _ in range(3)]; say('READY=1'); signal.pause()"
RUDE = NOTIFY + "say('READY=1') if os.fork() else None; signal.pause()"


def ask(folder: Path, question: str) -> dict[str, object]:
    """Ask the supervisor on its socket."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(20)
        door.connect(str(folder / "run/supervisor.sock"))
        door.sendall(question.encode() + b"\n")
        return dict(json.loads(door.makefile().readline()))


def test_programs_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    """Who needs another waits for it; the last started is the first stopped."""
    with toys(tmp_path, Toy(name="one"), Toy(name="two", after=("one",)), Toy(name="three", after=("two",))) as box:
        box.says("all ready")
        pids = box.pids()
        box.process.send_signal(signal.SIGTERM)
        box.says("all stopped")
        assert box.ends() == 0
    told = [line for line in box.said if not line.startswith("all")]
    assert told == ["one ready", "two ready", "three ready", "stopping three", "stopping two", "stopping one"]
    assert set(pids) == {"supervisor", "one", "two", "three"}
    assert all(is_gone(pid) for pid in pids.values())
    assert list((tmp_path / "run").iterdir()) == [tmp_path / "run/processes"]


def test_another_shell_is_told_how_it_is_and_stops_it(tmp_path: Path) -> None:
    """`stop` is answered when every program is gone."""
    with toys(tmp_path, Toy(name="one")) as box:
        box.says("all ready")
        status = ask(tmp_path, '{"ask": "status"}')
        assert status["ready"] is True
        assert status["processes"] == [
            {"name": "one", "state": "ready", "pid": box.pids()["one"], "restarts": 0, "status": "well"}
        ]
        assert ask(tmp_path, '{"ask": "tea"}') == {"error": "ask status, restart or stop"}
        assert (tmp_path / "run/supervisor.sock").stat().st_mode & 0o777 == 0o600
        pid = box.pids()["one"]
        assert ask(tmp_path, '{"ask": "stop"}') == {"stopped": True}
        assert not Path(f"/proc/{pid}").exists()
        assert box.ends() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_ending_signal_stops_everything(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and the terminal's closing are the same to us."""
    with toys(tmp_path, Toy(name="one")) as box:
        box.says("all ready")
        pids = box.pids()
        box.process.send_signal(number)
        assert box.ends() == 0
        assert all(is_gone(pid) for pid in pids.values())


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("shell", ["", "cd . && "])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_make_alone_stops_everything(tmp_path: Path, number: signal.Signals, shell: str) -> None:
    """GNU make passes only SIGTERM on; the others are noticed."""
    (tmp_path / "Makefile").write_text(f"run:\n\t@{shell}{sys.executable} -m tests.boot.toy {tmp_path}\n")
    with toys(tmp_path, Toy(name="one"), under=["make", "-f", str(tmp_path / "Makefile"), "run"]) as box:
        box.says("all ready")
        pids = box.pids()
        box.process.send_signal(number)
        box.says("stopping one")
        box.says("all stopped")
        assert box.ends() != 0
        assert all(is_gone(pid) for pid in pids.values())


def test_a_program_that_dies_is_started_again(tmp_path: Path) -> None:
    """With a short pause, and the others go on."""
    with toys(tmp_path, Toy(name="one"), Toy(name="two")) as box:
        box.says("all ready")
        before = box.pids()
        os.kill(before["one"], signal.SIGKILL)
        box.says("one ended (signal SIGKILL): again in 0.1 s")
        box.says("one ready")
        after = box.pids()
        assert after["one"] != before["one"]
        assert after["two"] == before["two"]
        assert ask(tmp_path, '{"ask": "status"}')["ready"] is True


def test_a_program_that_hangs_is_killed_and_started_again(tmp_path: Path) -> None:
    """Silence longer than the watchdog's is death."""
    with toys(tmp_path, Toy(name="one", code=BEATS, watchdog_s=0.5)) as box:
        box.says("all ready")
        os.kill(box.pids()["one"], signal.SIGSTOP)
        why = box.says("one gave no sign of life")
        box.says("one ready")
    figures = r"for 0\.5 s: killed \(\d+\.\d\d s by the clock, .* 0\.\d\d s for a processor; its state is T, "
    assert re.search(figures, why)


@pytest.mark.parametrize("sign", ["", "WATCHDOG=1"])
def test_a_start_that_hangs_is_ended_too(tmp_path: Path, sign: str) -> None:
    """Callers wait for it as well: it has to give a sign of life in time, and from then on."""
    code = HANGS_ONCE.replace("SIGN", sign)
    with toys(tmp_path, Toy(name="one", code=code, watchdog_s=0.5, start_s_max=2.0)) as box:
        box.says("all ready")
        os.kill(box.pids()["one"], signal.SIGKILL)
        box.says("one ended (signal SIGKILL)")
        if sign:
            box.says("one gave no sign of life for 0.5 s: killed")
        else:
            box.says("one gave no sign of life in 2 s: killed")
        box.says("one ended (signal SIGKILL)")
        box.says("one ready")


def test_a_program_may_not_speak_for_another(tmp_path: Path) -> None:
    """The kernel says who sent a datagram: a child of a program does not make it ready."""
    rude = NOTIFY + "os.fork() or say('READY=1'); signal.pause()"
    with toys(tmp_path, Toy(name="one", code=rude, start_s_max=1.0)) as box:
        box.says("one was not ready within 1 s")
        assert box.ends() == 1


def test_all_of_a_programs_children_go_with_it(tmp_path: Path) -> None:
    """The whole group is killed once its leader has ended."""
    with toys(tmp_path, Toy(name="one", code=CROWD)) as box:
        box.says("all ready")
        leader = box.pids()["one"]
        crowd = members(leader, since=0)
        assert len(crowd) == 4
        box.process.send_signal(signal.SIGTERM)
        assert box.ends() == 0
        assert all(is_gone(pid) for pid in crowd)


def test_a_program_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    """SIGTERM, its time, SIGKILL."""
    with toys(tmp_path, Toy(name="one", code=DEAF, stop_s=0.5)) as box:
        box.says("all ready")
        box.process.send_signal(signal.SIGTERM)
        box.says("one did not stop within 0 s: killed")
        assert box.ends() == 0


def test_a_program_that_stops_owes_no_signs_of_life(tmp_path: Path) -> None:
    """It has its time to write everything down, however short its watchdog is."""
    with toys(tmp_path, Toy(name="one", code=TIDY, watchdog_s=0.3)) as box:
        box.says("all ready")
        box.process.send_signal(signal.SIGTERM)
        box.says("all stopped")
        assert box.ends() == 0
    assert not [line for line in box.said if "no sign of life" in line]
    assert (tmp_path / "log/one.log").read_text() == "tidied up\n"


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    """Who presses Ctrl-C twice is in a hurry."""
    with toys(tmp_path, Toy(name="one", code=DEAF, stop_s=60.0)) as box:
        box.says("all ready")
        box.process.send_signal(signal.SIGINT)
        box.says("stopping one")
        box.process.send_signal(signal.SIGINT)
        assert box.ends() == 0


def test_a_program_that_cannot_start_is_one_clear_line(tmp_path: Path) -> None:
    """Its own last words, and where the rest stands."""
    broken = "import sys; print('x', flush=True); sys.exit('the database is broken: restore it')"
    with toys(tmp_path, Toy(name="one"), Toy(name="two", code=broken, hopeless=frozenset({1}), after=("one",))) as box:
        line = box.says("two does not start")
        assert line == f"two does not start (exit 1): the database is broken: restore it [{tmp_path}/log/two.log]"
        assert box.ends() == 1
        assert box.said.count("stopping one") == 1


def test_a_program_gets_three_tries_at_first(tmp_path: Path) -> None:
    """What does not come up at all is not tried for ever."""
    with toys(tmp_path, Toy(name="one", code="raise SystemExit(3)")) as box:
        assert box.says("one does not start") == (
            f"one does not start (exit 3): it said nothing [{tmp_path}/log/one.log]"
        )
        assert box.ends() == 1


@pytest.mark.parametrize(("failures", "pause_s"), [(1, 0.1), (2, 0.2), (4, 0.8), (7, 5.0), (1_100, 5.0), (10**9, 5.0)])
def test_the_pause_doubles_up_to_its_longest(failures: int, pause_s: float) -> None:
    """However often a program has failed in a row: the supervisor lives on."""
    assert (
        pause_after(Process(name="toy", argv=("true",), ready=Notified(), restart_s=0.1, restart_s_max=5.0), failures)
        == pause_s
    )


def test_the_end_may_come_during_the_start(tmp_path: Path) -> None:
    """Nobody waits for a program that will never be ready."""
    with toys(tmp_path, Toy(name="one", code="import signal; signal.pause()"), Toy(name="two", after=("one",))) as box:
        while "one" not in (pids := box.pids()):
            is_gone(box.process.pid, 0.02)
        box.process.send_signal(signal.SIGTERM)
        assert box.ends() == 0
        assert is_gone(pids["one"])


def test_what_a_killed_supervisor_left_is_ended_by_the_next(tmp_path: Path) -> None:
    """Programs, and the children of programs that are themselves gone."""
    with toys(tmp_path, Toy(name="one", code=CROWD), Toy(name="two", code=RUDE), Toy(name="three")) as box:
        box.says("all ready")
        left = box.pids()
        box.process.kill()
        box.ends()
        assert all(Path(f"/proc/{left[name]}").exists() for name in ("one", "two", "three"))
        os.kill(left["two"], signal.SIGKILL)
        os.kill(left["three"], signal.SIGSTOP)
        again = Toys(tmp_path, box.argv)
        try:
            for name in ("three", "two", "one"):
                again.says(f"{name} (pid {left[name]}) was left behind")
            again.says("all ready")
            assert all(is_gone(left[name]) for name in ("one", "two", "three"))
            again.process.send_signal(signal.SIGTERM)
            assert again.ends() == 0
        finally:
            again.process.kill()
            again.close()


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone(tmp_path: Path) -> None:
    """The start time tells."""
    stranger = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
    try:
        (tmp_path / "run").mkdir()
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text()
        started = int(Path(f"/proc/{stranger.pid}/stat").read_text().rpartition(")")[2].split()[19])
        notes = (f"one {stranger.pid} {started + 1}", "nonsense", f"two {2**22} 1")
        (tmp_path / "run/processes").write_text(boot_id + "\n".join(notes) + "\n")
        with toys(tmp_path, Toy(name="one")) as box:
            box.says("all ready")
            assert stranger.poll() is None
            box.process.send_signal(signal.SIGTERM)
            assert box.ends() == 0
    finally:
        stranger.kill()
        stranger.wait()


def test_a_program_whose_pid_was_never_noted_never_starts(tmp_path: Path) -> None:
    """If the supervisor dies between the start and the note, the gate stays shut."""
    mark = tmp_path / "started"
    gate = subprocess.Popen(["/bin/sh", "-c", GATE, "sh", "/bin/touch", str(mark)], stdin=subprocess.PIPE)
    gate.communicate(b"", timeout=20)
    assert gate.returncode != 0
    assert not mark.exists()
