"""Backups: when the night's are due, what an administrator asks for now, and how they are.

The work is done by processes of their own (`appliance.store.backup_jobs`, `switchroom backup prove`, `switchroom
restore`): they wait for disks and servers, and eat a core. What they are at and what became of it stands in a file that
they write, so a daemon that starts in the middle knows as much as the one that began.
"""

import datetime as dt
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from twisted.internet.process import reapAllProcesses
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from appliance import api
from appliance.backups import BackupSettings, faults_of
from appliance.daemon.reactor import Reactor
from appliance.store.backup_words import STALE_S, BackupHome, State

EVERY_S = 15.0
REST_S = 600.0
"A night's work that has come to nothing is tried again after this."
JOBS, COMMAND = "appliance.store.backup_jobs", "appliance.commands"
SECOND = 1_000_000
OK, NONE = "ok", ""

report = Logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What stands in the files."""

    settings: BackupSettings
    state: State


class Backups:
    """Starts what is due, one thing at a time."""

    def __init__(
        self,
        reactor: Reactor,
        *,
        home: Path,
        now: Callable[[], int],
        zone: Callable[[], str],
        changed: Callable[[], None],
    ) -> None:
        """Look after the backups of a home; `now` is the wall clock in microseconds, `zone` the company's."""
        self._reactor = reactor
        self._home = home
        self._box = BackupHome(home)
        self._now = now
        self._zone = zone
        self._changed = changed
        self._work: Work | None = None
        self._not_before: dict[str, int] = {}
        self.health = NONE
        "Empty while nothing is set up; `ok`, or what is wrong."

    async def look(self) -> None:
        """Look at the files, say how backups are, and begin what is due."""
        if self._work is not None and not self._work.ended:
            reapAllProcesses()  # with uvloop the signal that tells of an end may be lost
        seen = await deferToThread(self._read)
        now = self._now()
        if (health := health_of(seen, now)) != self.health:
            self.health = health
            self._changed()
        if seen.state.running is None and not self._busy:
            due = due_of(seen, now, ZoneInfo(self._zone()))
            if due is not None and now >= self._not_before.get(due.work, 0):
                self._not_before[due.work] = now + int(REST_S * SECOND)
                self._begin(*argv_of(due, self._home))

    def set(self, settings: BackupSettings, by: str) -> api.Reply:
        """Keep settings; the passphrase is in the answer the first time. Blocking for a moment."""
        kept = {one.slug: one.password for one in self._box.settings.destinations}
        settings = msgspec.structs.replace(
            settings,
            destinations=tuple(
                msgspec.structs.replace(one, password=one.password or kept.get(one.slug, ""))
                for one in settings.destinations
            ),
        )
        slugs = [one.slug for one in settings.destinations]
        faults = faults_of(settings)
        if len(set(slugs)) < len(slugs):
            faults.append(("taken", "slug", ""))
        if any(Path(one.path).is_relative_to(self._home) for one in settings.destinations if one.kind == "folder"):
            faults.append(("invalid", "path", ""))
        if faults:
            return api.Reply(
                problems=tuple(api.Problem(code=code, field=field, detail=detail) for code, field, detail in faults)
            )
        passphrase = self._box.set(settings)
        report.info("{by} has set the backups' destinations: {slugs}", by=by, slugs=", ".join(slugs))
        return api.Reply(password=passphrase)

    def do(self, request: api.DoBackup, by: str) -> api.Reply:
        """Begin what is asked for, unless something is at work."""
        if self._busy or self._box.state.running is not None:
            return api.Reply(problems=(api.Problem(code="busy"),))
        known = {one.slug for one in self._box.settings.destinations}
        if request.work not in {"night", "undo"} and request.destination not in known:
            return api.Reply(problems=(api.Problem(code="unknown", field="destination", detail=request.destination),))
        report.info("{by} asks for {work} of {destination}", by=by, work=request.work, destination=request.destination)
        self._begin(*argv_of(request, self._home))
        return api.Reply()

    @property
    def _busy(self) -> bool:
        return self._work is not None and not self._work.ended

    def _read(self) -> Seen:
        return Seen(settings=self._box.settings, state=self._box.state)

    def _begin(self, *argv: str) -> None:
        self._work = Work()
        whole = (sys.executable, "-m", *argv)
        self._reactor.spawnProcess(self._work, whole[0].encode(), [word.encode() for word in whole], env=None)


def argv_of(request: api.DoBackup, home: Path) -> tuple[str, ...]:
    """Give the module and its arguments that do what is asked."""
    match request.work:
        case "night":
            return (JOBS, "--home", str(home), "night")
        case "backup":
            return (JOBS, "--home", str(home), "backup", request.destination, *(["--full"] if request.full else []))
        case "verify":
            name = ["--name", request.name] if request.name else []
            return (JOBS, "--home", str(home), "verify", request.destination, *name)
        case "prove":
            return (COMMAND, "backup", "prove", request.destination)
        case "restore":
            return (COMMAND, "restore", request.destination, "--at", request.name, "--restart")
        case "undo":
            return (COMMAND, "restore", "--undo", "--restart")


def due_of(seen: Seen, now_us: int, zone: ZoneInfo) -> api.DoBackup | None:
    """Tell what the night's work is that has not been done yet: the backups, then the proof of the newest."""
    settings, state = seen.settings, seen.state
    if not settings.destinations or not settings.nightly:
        return None
    if state.night < last_us(settings.at, now_us, zone):
        return api.DoBackup(work="night")
    good = [slug for slug, result in state.results.items() if not result.problem and result.at >= state.night]
    if settings.prove and good and (state.proof is None or state.proof.at < state.night):
        first = next((one.slug for one in settings.destinations if one.slug in good), "")
        return api.DoBackup(work="prove", destination=first) if first else None
    return None


def last_us(at: str, now_us: int, zone: ZoneInfo) -> int:
    """Tell when a time of the day was last, microseconds UTC; in the hour that a spring day lacks, an hour later."""
    hour, minute = map(int, at.split(":"))
    now = dt.datetime.fromtimestamp(now_us / SECOND, tz=zone)
    moment = dt.datetime(now.year, now.month, now.day, hour, minute, tzinfo=zone)
    if moment.timestamp() * SECOND > now_us:
        before = now.date() - dt.timedelta(days=1)
        moment = dt.datetime(before.year, before.month, before.day, hour, minute, tzinfo=zone)
    return int(moment.timestamp()) * SECOND


def health_of(seen: Seen, now_us: int) -> str:
    """Give the word for the lamp: `ok`, `backup_failed`, `backup_old`, `proof_failed`, `proof_old`."""
    settings, state = seen.settings, seen.state
    stale = now_us - STALE_S * SECOND
    if not settings.destinations:
        return NONE
    results = [state.results.get(one.slug) for one in settings.destinations]
    if any(result is not None and result.problem for result in results):
        return "backup_failed"
    if settings.nightly and any(result is not None and result.good_at < stale for result in results):
        return "backup_old"
    if settings.prove and state.proof is not None:
        if state.proof.problem:
            return "proof_failed"
        if state.proof.good_at < stale:
            return "proof_old"
    return OK


class Work(ProcessProtocol):
    """A process at work; what it says is in its own notes."""

    ended = False

    @override
    def errReceived(self, data: bytes) -> None:
        """Log its one line."""
        report.warn("{line}", line=data.decode("utf-8", "replace").strip()[:500])

    @override
    def processEnded(self, reason: Failure) -> None:
        """Note that it is gone."""
        self.ended = True
