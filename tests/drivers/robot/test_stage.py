"""A scene is played under a reactor of its own, in a process of its own, and gives what its coroutine gives."""

import subprocess
import sys
import textwrap


def played(scene: str) -> subprocess.CompletedProcess[str]:
    """Run a program that plays; every warning is an error."""
    program = "from drivers.robot.stage import Stage, play\nimport os, signal, time\n" + textwrap.dedent(scene)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )


def test_it_gives_what_the_scene_gives() -> None:
    """Several at once take as long as the longest, and blocking work does not hold the others up."""
    done = played("""
        async def one(stage, number):
            await stage.pause(1)
            return number
        async def scene(stage):
            began = time.monotonic()
            both = await stage.together(one(stage, 1), one(stage, 2), stage.aside(max, 3, 4))
            return both, time.monotonic() - began < 2
        print(play(scene))
    """)
    assert done.stdout == "([1, 2, 4], True)\n", done.stderr


def test_the_first_error_ends_the_others() -> None:
    """And is raised where the scene was played."""
    done = played("""
        async def late(stage):
            try:
                await stage.pause(60)
            finally:
                print("ended")
        async def wrong(stage):
            await stage.pause(0.01)
            raise LookupError("no")
        async def scene(stage):
            await stage.together(late(stage), wrong(stage))
        try:
            play(scene)
        except LookupError as error:
            print(error)
    """)
    assert done.stdout == "ended\nno\n", done.stderr


def test_a_scene_that_goes_on_by_itself_can_be_cancelled() -> None:
    """Its end is awaited like any other."""
    done = played("""
        async def late(stage):
            await stage.pause(60)
        async def scene(stage):
            begun = stage.begin(late(stage))
            begun.cancel()
            try:
                await begun
            except BaseException as error:
                return type(error).__name__
        print(play(scene))
    """)
    assert done.stdout == "CancelledError\n", done.stderr


def test_a_signal_ends_it() -> None:
    """Ctrl-C is KeyboardInterrupt for who plays."""
    done = played("""
        async def scene(stage):
            os.kill(os.getpid(), signal.SIGINT)
            await stage.pause(60)
        try:
            play(scene)
        except KeyboardInterrupt:
            print("interrupted")
    """)
    assert done.stdout == "interrupted\n", done.stderr
