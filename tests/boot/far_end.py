"""The far end of a trunk, answering whoever calls with a tone: `python -m tests.boot.far_end SIP_PORT OWN_PORT`.

It says `ready`, then the number of each call that it answers, until it is ended.
"""

import sys

from drivers.robot.line import Options
from drivers.robot.phone import Phone
from drivers.robot.sound import TONES
from drivers.robot.stage import Stage, play

FOREVER_S = 600.0


async def answer(stage: Stage, server: int, port: int) -> None:
    """Answer one call after the other."""
    options = Options(user="carrier", server=("127.0.0.1", server), port=port, tone_hz=TONES[0], auto_answer_s=0.2)
    phone = Phone(stage.reactor, options)
    await phone.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        call = await phone.next_call(FOREVER_S)
        sys.stdout.write(f"{call!r}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    play(lambda stage: answer(stage, int(sys.argv[1]), int(sys.argv[2])))
