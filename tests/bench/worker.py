"""One side in a process of its own: `python -m tests.bench.worker SIDE BENCH PORT`."""

import json
import sys
from dataclasses import asdict


def main(side: str, bench: str, port: int) -> None:
    """Serve FastAGI until killed, or take in an AMI stream and print what it cost."""
    if bench == "fastagi-centre":
        from tests.bench import centre  # noqa: PLC0415  what is not used has no place in the memory that is measured

        centre.serve(port)
    if side == "ours":
        from tests.bench import ours  # noqa: PLC0415  what is not used has no place in the memory that is measured

        serve, hear = ours.fastagi, ours.ami
    else:
        from tests.bench import peers  # noqa: PLC0415  as above

        serve, hear = {
            "pyst2": (peers.pyst2_fastagi, peers.pyst2_ami),
            "panoramisk": (peers.panoramisk_fastagi, peers.panoramisk_ami),
        }[side]
    if bench == "fastagi":
        serve(port)
    else:
        sys.stdout.write(json.dumps(asdict(hear(port, subscribed=bench == "ami-subscribed"))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
