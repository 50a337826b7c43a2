"""The peers' side: pyst2 0.5.1 in threads and panoramisk 1.4, each helped where it could not run at all.

What is cured, and nothing more:
- pyst2 `AGI` takes over SIGHUP, which only a main thread may: the signal is left alone.
- pyst2 `AGI` writes text while a socket takes bytes: the socket's file is opened as text.
- pyst2 `AGI` writes every line to stderr: it goes to a stream that forgets (its work for it stays).
- pyst2 `asterisk.fastagi` does not import: its server is written here, a thread a call.
- panoramisk asks for an event loop where there is none since Python 3.12: it is given one.
- panoramisk closes without waiting, and its handler spins at the end of a file: it is never shown one too early.
Each side imports its own library alone, as a program that uses it does. It matters: asyncio's streams read into a new
block of 256 KiB each time, and whether glibc keeps such a block hangs on what was allocated before. A program of
panoramisk alone costs 45 to 50 us a command here; with pyst2 imported beside it, some runs cost a third less.
pyst2's `has_key` on ChanVariable, its EOF ValueError and its order of replies do not come up here.
"""

import asyncio
import io
import signal
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from typing_extensions import override

from tests.bench.side import CHANNEL, GREETED, NAME, NUMBER, STATE, UNIQUEID, WANTED, Count, check


class _Forgets(io.TextIOBase):
    @override
    def write(self, text: str) -> int:
        return len(text)


@contextmanager
def _no_signals() -> Iterator[None]:
    """Let a thread make an AGI: signal.signal is for the main thread alone."""
    signal.signal = lambda *_: None
    yield


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1_024


def pyst2_fastagi(port: int) -> None:
    """Serve until we are killed."""
    from asterisk.agi import AGI  # noqa: PLC0415  each side has its own alone

    class Call(socketserver.BaseRequestHandler):
        """One call of pyst2, in its thread."""

        @override
        def handle(self) -> None:
            with self.request.makefile("rw", newline="\n", encoding="utf-8") as stream:
                agi = AGI(stream, stream, _Forgets())
                agi.answer()
                agi.set_variable("NAME", NAME)
                check(agi.get_variable("NAME") == NAME)
                agi.stream_file("welcome", "12")
                check(agi.get_option("menu", "123", 5_000) == "2")
                check(agi.wait_for_digit(3_000) == "#")
                agi.say_digits("12")
                agi.appexec("Wait", "0.1")
                agi.set_variable("DONE", "1")
                agi.noop()

    with _no_signals(), _Server(("127.0.0.1", port), Call) as server:
        server.serve_forever()


def pyst2_ami(port: int, *, subscribed: bool) -> Count:
    """Take in the stream, and give what was seen."""
    from asterisk.manager import Event, Manager  # noqa: PLC0415  as above

    count = Count()
    over = threading.Event()

    def hear(event: Event, _: Manager) -> None:
        get = event.get_header
        count.add(event.name, get(CHANNEL, ""), get(STATE, ""), get(NUMBER, ""), get(UNIQUEID, ""))

    manager = Manager()
    for name in WANTED if subscribed else ("*",):
        manager.register_event(name, hear)
    manager.register_event("BenchEnd", lambda *_: over.set())
    count.begin()
    manager.connect("127.0.0.1", port)
    manager.login("bench", "bench")
    over.wait()
    count.end()
    if not subscribed:
        count.events -= 1  # its own end is one of all
        count.letters -= len("BenchEnd")
    return count


async def _panoramisk_serve(port: int) -> None:
    from panoramisk.fast_agi import Application, Request  # noqa: PLC0415  as above

    async def script(request: Request) -> None:
        async def ask(command: str) -> dict[str, object]:
            reply = await request.send_command(command)
            check(reply["status_code"] == 200)
            return reply

        await ask("ANSWER")
        await ask(f'SET VARIABLE "NAME" "{NAME}"')
        check((await ask('GET VARIABLE "NAME"'))["result"] == ("1", NAME))
        check((await ask('STREAM FILE "welcome" "12" "0"'))["endpos"] == (str(GREETED), ""))
        check((await ask('GET OPTION "menu" "123" "5000"'))["result"] == ("50", ""))
        check((await ask('WAIT FOR DIGIT "3000"'))["result"] == ("35", ""))
        await ask('SAY DIGITS "12" ""')
        await ask('EXEC Wait "0.1"')
        await ask('SET VARIABLE "DONE" "1"')
        await ask("NOOP")

    application = Application(loop=asyncio.get_running_loop())
    application.add_route("call", script)
    server = await asyncio.start_server(application.handler, "127.0.0.1", port, backlog=1_024)
    await server.serve_forever()


def panoramisk_fastagi(port: int) -> None:
    """Serve until we are killed."""
    asyncio.run(_panoramisk_serve(port))


async def _panoramisk_ami(port: int, *, subscribed: bool) -> Count:
    import panoramisk  # noqa: PLC0415  as above

    loop = asyncio.get_running_loop()
    count = Count()
    over = loop.create_future()

    def hear(_: panoramisk.Manager, event: panoramisk.Message) -> None:
        if event.event != "BenchEnd":
            count.add(event.event, event.channel, event.channelstatedesc, event.calleridnum, event.uniqueid)

    manager = panoramisk.Manager(loop=loop, host="127.0.0.1", port=port, username="bench", secret="bench")
    for name in WANTED if subscribed else ("*",):
        manager.register_event(name, hear)
    manager.register_event("BenchEnd", lambda *_: over.set_result(None))
    count.begin()
    manager.connect()
    await over
    count.end()
    return count


def panoramisk_ami(port: int, *, subscribed: bool) -> Count:
    """Take in the stream, and give what was seen."""
    return asyncio.run(_panoramisk_ami(port, subscribed=subscribed))
