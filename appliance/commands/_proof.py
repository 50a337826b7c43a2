"""The nightly proof: the newest backup, restored into a sandbox with ports of its own, started, and called into.

Nothing of the sandbox reaches out: it listens on loopback alone, and its trunks lead to the robot that calls. Before
any program but the database is started there, the configuration says so.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from appliance import api, document, sign_ins
from appliance.core import model
from appliance.places import LOOPBACK, PORTS_TAKEN, Places
from appliance.store.backup_frames import BackupError
from appliance.store.backup_jobs import TROUBLE, Job, Trouble, noted, trouble_of
from appliance.store.backup_places import opened
from appliance.store.backup_restore import Reading, prepare
from appliance.store.backup_words import BackupHome, Counts, Proof, Step
from appliance.store.knock import answers
from appliance.store.opened import Store, open_store
from appliance.store.reader import Reader, open_reader
from appliance.texts import marked

READY_S_MAX = 300.0
"A box starts in ten seconds; a busy one takes longer."
TEST_S_MAX = 300.0
STOP_S_MAX = 120.0
LOOK_S = 0.2
FIRST_PORT, PORTS_APART = 35_000, 3_000
SAID_MAX = 300
"Characters of what a program said that are kept."


def prove(box: BackupHome, places: Places, slug: str, tell: Callable[[Step], None]) -> Proof:
    """Restore a destination's newest backup, start it, call into it, and note what came of it."""
    before = box.state.proof
    with noted(box, "prove", slug) as job:
        began = time.monotonic()
        counts, name, steps = Counts(), "", list[Step]()

        def step(name: str, since: float, told: str = "", *, passed: bool = True) -> None:
            steps.append(Step(name=name, passed=passed, told=told, took_s=round(time.monotonic() - since, 2)))
            tell(steps[-1])

        trouble: Trouble | None = None
        sandbox = box.folder / "proof"
        try:
            with opened(box.destination(slug), box) as place:
                reading = Reading(place, box.key, "", job.progress)
                name = reading.manifest.name
                counts = prepare(reading, box, sandbox=sandbox)
            shutil.rmtree(sandbox / "backup", ignore_errors=True)  # or it would back itself up to where the box does
            step(marked("restored"), began)
            _try(sandbox_places(sandbox, places), job, step)
            if not all(one.passed for one in steps):
                trouble = Trouble(marked("A step of the self-test failed."), {})
        except (*TROUBLE, subprocess.TimeoutExpired) as error:
            trouble = trouble_of(error)
        finally:
            shutil.rmtree(sandbox, ignore_errors=True)
        result = job.result(None, name, trouble)
        proof = Proof(
            at=result.at,
            took_s=result.took_s,
            destination=slug,
            backup=name,
            counts=counts,
            steps=tuple(steps),
            problem=result.problem,
            values=result.values,
            good_at=(before.good_at if before else 0) if trouble else result.at,
        )
        job.done(lambda state: msgspec.structs.replace(state, proof=proof))
    return proof


def sandbox_places(home: Path, places: Places) -> Places:
    """Give a sandbox its places: ports that are free, on loopback alone."""
    for port in range(FIRST_PORT, 65_536 - PORTS_TAKEN, PORTS_APART):
        if abs(port - places.port) >= PORTS_APART and _free(port):
            return Places(home=home, port=port, listen=LOOPBACK, cache=places.cache)
    raise BackupError(marked("no row of ports is free for the sandbox; stop another box on this machine"))


def _free(port: int) -> bool:
    for offset, kind in ((0, socket.SOCK_STREAM), (1, socket.SOCK_STREAM), (5, socket.SOCK_DGRAM)):
        with socket.socket(socket.AF_INET, kind) as trial:
            try:
                trial.bind((LOOPBACK, port + offset))
            except OSError:
                return False
    return True


def _try(places: Places, job: Job, step: Callable[..., None]) -> None:
    """Start the restored box and call into it."""
    environment = {**os.environ, **places.environment(), "LC_ALL": "C.UTF-8"}
    since = time.monotonic()
    places.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _program(["appliance.store.server", *_store(places)], environment) as zeo:
        _until(lambda: answers(places.zeo_socket), zeo, READY_S_MAX)
        store = open_store(folder=places.store, socket=places.zeo_socket, clock=lambda: 0)
        reader = open_reader(places.zeo_socket)
        try:
            told = harmless(store, reader, places)
        finally:
            reader.close()
            store.close()
        zeo.terminate()
        zeo.wait(STOP_S_MAX)
    step(marked("databases opened"), since, told)
    job.progress("selftest", 0, 0)
    since = time.monotonic()
    with _program(["boot.run"], environment) as box:
        try:
            _until(lambda: is_ready(places), box, READY_S_MAX)
            step(marked("every program ready"), since)
            _call(environment, step)
        finally:
            subprocess.run(_argv("boot.stop"), env=environment, check=False, capture_output=True, timeout=STOP_S_MAX)
            box.wait(STOP_S_MAX)


def harmless(store: Store, reader: Reader, places: Places) -> str:
    """Lead every trunk of a restored company to this machine, and its phones to the robots; tells what there is."""
    found = reader.document()
    trunks = tuple(_led_here(trunk, places) for trunk in found.configuration.trunks)
    if not trunks:
        trunks = (_led_here(model.Trunk(slug="proof", host=LOOPBACK), places),)
    configuration = msgspec.structs.replace(found.configuration, trunks=trunks)
    asked = api.Import(text=document.write(msgspec.structs.replace(found, configuration=configuration)))
    now = time.time_ns() // 1000
    reply = store.settings.apply(asked, by="proof", now_us=now).result(READY_S_MAX).reply
    if reply.problems:
        raise BackupError(
            marked("the restored company was refused: {code} {field}"),
            code=reply.problems[0].code,
            field=reply.problems[0].field,
        )
    for phone in configuration.extensions:
        secret = api.SetSecret(of=f"extension/{phone.slug}", secret=sign_ins.make_password())
        store.settings.apply(secret, by="proof", now_us=now).result(READY_S_MAX)
    sign_ins.write(
        places.sign_ins,
        sign_ins.SignIns(complete=True, extensions={phone.slug: "proof" for phone in configuration.extensions}),
    )
    return f"{len(configuration.numbers)} / {len(configuration.extensions)} / {reader.count()}"


def _led_here(trunk: model.Trunk, places: Places) -> model.Trunk:
    return msgspec.structs.replace(
        trunk,
        host=LOOPBACK,
        port=places.far_port,
        accept=(LOOPBACK,),
        username="",
        register=False,
        probe_s=0,
    )


def _call(environment: dict[str, str], step: Callable[..., None]) -> None:
    since = time.monotonic()
    done = subprocess.run(
        _argv("appliance.commands", "selftest", "--json"),
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=TEST_S_MAX,
    )
    for line in done.stdout.splitlines():
        row = json.loads(line)
        step(str(row["name"]), time.monotonic() - float(row["took_s"]), str(row["told"]), passed=bool(row["passed"]))
    if done.returncode and not done.stdout:
        step(marked("self-test"), since, done.stderr.strip()[-SAID_MAX:], passed=False)


def is_ready(places: Places) -> bool:
    """Ask a box's supervisor whether calls can be taken."""
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(5.0)
            door.connect(str(places.supervisor_socket))
            door.sendall(b'{"ask": "status"}\n')
            with door.makefile() as answer:
                return bool(json.loads(answer.readline()).get("ready"))
    except (OSError, ValueError):
        return False


def _until(true: Callable[[], bool], program: subprocess.Popen[bytes], limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while not true():
        if program.poll() is not None:
            said = program.stderr.read().decode("utf-8", "replace") if program.stderr else ""
            raise BackupError(marked("the restored box did not start: {why}"), why=said.strip()[-SAID_MAX:])
        if time.monotonic() > deadline:
            raise BackupError(marked("the restored box was not ready within {limit} s"), limit=round(limit_s))
        time.sleep(LOOK_S)


def _program(module: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        _argv(*module),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _argv(module: str, *more: str) -> list[str]:
    return [sys.executable, "-m", module, *more]


def _store(places: Places) -> list[str]:
    return ["--folder", str(places.store), "--socket", str(places.zeo_socket)]
