"""Backup: where copies of the box go, what is there, and whether the newest was restored on trial."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response

from appliance import api
from appliance.backups import KEEP_MAX, PORT_MAX, BackupSettings, Destination
from appliance.store.backup_words import BackupHome, Listed, Result, State
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.fields import Check, Choice, Field, Form, Number, Secret, Text, shown, typed
from webadmin.setup.section import posted, token_of
from webadmin.texts import marked
from webadmin.words import problem_text

PAGE = About(
    label=marked("Backup"),
    permission=Permission.SETUP,
    addresses=("/system/backup", "/system/backup/{slug}"),
    methods=FORM,
)
NEW = "~new"
"In the address, for a destination that is still to be made."
KINDS: Mapping[str, str] = {
    "folder": marked("Folder or disk of this machine"),
    "sftp": marked("SFTP server"),
    "smb": marked("Windows share (SMB)"),
}
WORKS: Mapping[str, str] = {
    "backup": marked("Backing up"),
    "verify": marked("Verifying"),
    "restore": marked("Restoring"),
    "prove": marked("Restoring on trial"),
}
STAGES: Mapping[str, str] = {
    "journal": marked("the journal"),
    "configuration": marked("the configuration"),
    "people": marked("people"),
    "recordings": marked("recordings"),
    "files": marked("small files"),
    "selftest": marked("the self-test"),
}
DONE: Mapping[str, str] = {
    "backup": marked("The backup has begun."),
    "verify": marked("Every byte is being read."),
    "prove": marked("The restore on trial has begun; it takes some minutes."),
    "restore": marked("The restore has begun. The box stops and starts again once all is ready."),
    "undo": marked("The box stops and comes back as it was before the restore."),
    "kept": marked("Saved."),
}
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
FIELDS: tuple[Field, ...] = (
    Text(name="slug", label=marked("Name"), longest=63, help=marked("Small letters, digits and hyphens.")),
    Choice(name="kind", label=marked("Kind")),
    Text(
        name="path",
        label=marked("Folder"),
        longest=500,
        help=marked("It has to be there. Of a share: the share's name, then its folder, such as backups/box."),
    ),
    Text(name="host", label=marked("Server"), longest=254, help=marked("Name or address; not of a folder.")),
    Number(name="port", label=marked("Port"), low=0, high=PORT_MAX, help=marked("0 for the usual one.")),
    Text(name="user", label=marked("User"), longest=128),
    Secret(
        name="password",
        label=marked("Password"),
        help=marked("Left empty, it stays as it is; an SFTP server without one must know the box's own key."),
    ),
    Number(name="keep", label=marked("Backups kept"), low=1, high=KEEP_MAX, default=14),
)
NIGHT: tuple[Field, ...] = (
    Check(name="nightly", label=marked("Back up every night"), default=True),
    Text(name="at", label=marked("At"), longest=5, help=marked("Local time, such as 02:30.")),
    Number(name="full_every", label=marked("Whole copy after so many backups"), low=1, high=100, default=7),
    Check(
        name="prove",
        label=marked("Restore the newest on trial, and call into it"),
        default=True,
        help=marked("In a sandbox beside the box; nothing of it reaches out."),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A destination and how it is."""

    destination: Destination
    kind: str
    result: Result | None
    verified: Result | None
    backups: tuple[Listed, ...]
    room: int | None


def view(request: PageRequest) -> Response:
    """Show destinations, their backups and the last proof; begin what is asked for."""
    if request.box.home is None:
        raise HTTPNotFound
    home = BackupHome(request.box.home)
    if slug := request.matchdict.get("slug", ""):
        return _destination(request, home.settings, slug)
    if request.method != "POST":
        return _show(request, home)
    step = str(request.POST.get("step", ""))
    if step == "night":
        return _night(request, home)
    if step not in DONE or step == "kept":
        return _show(request, home)
    asked = {"work": step, **{name: str(request.POST.get(name, "")) for name in ("destination", "name")}}
    work = msgspec.convert({**asked, "full": request.POST.get("full") == "y", "type": "do-backup"}, api.DoBackup)
    reply = request.ask(msgspec.structs.replace(work, token=token_of(request)))
    if reply.problems:
        return _show(request, home, error=" ".join(problem_text(request.say, one) for one in reply.problems))
    return HTTPSeeOther(f"{PAGE.addresses[0]}?done={step}")


def _show(request: PageRequest, home: BackupHome, *, error: str = "", form: Form | None = None) -> Response:
    settings, state = home.settings, home.state
    return request.show(
        "backup",
        status=422 if error or (form and form.errors) else 200,
        rows=[_row(request, one, state) for one in settings.destinations],
        night=form or shown(NIGHT, request.say, {}, msgspec.structs.asdict(settings)),
        errors=form.errors if form else {},
        running=state.running,
        works=WORKS,
        stages=STAGES,
        proof=state.proof,
        previous=(home.folder / "previous" / "store").is_dir(),
        done=DONE.get(str(request.GET.get("done", "")), ""),
        restoring=(str(request.GET.get("restore", ""))[:63], str(request.GET.get("name", ""))[:63]),
        error=error,
        clock=request.calendar.moment,
        megabytes=_megabytes,
        zone=request.standing.configuration.company.zone,
    )


def _row(request: PageRequest, one: Destination, state: State) -> Row:
    return Row(
        destination=one,
        kind=request.say(KINDS[one.kind]),
        result=state.results.get(one.slug),
        verified=state.verified.get(one.slug),
        backups=state.lists.get(one.slug, ()),
        room=state.rooms.get(one.slug),
    )


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB"


def _night(request: PageRequest, home: BackupHome) -> Response:
    form = typed(NIGHT, request.say, {}, posted(request))
    errors = dict(form.errors)
    if not TIME.fullmatch(str(form.values.get("at", ""))):
        errors["at"] = request.say("A time such as 02:30, please.")
    if errors:
        return _show(request, home, form=replace(form, errors=errors))
    settings = msgspec.convert({**msgspec.structs.asdict(home.settings), **form.values}, BackupSettings)
    reply = request.ask(api.SetBackups(token=token_of(request), settings=_without_passwords(settings)))
    if reply.problems:
        return _show(request, home, error=" ".join(problem_text(request.say, one) for one in reply.problems))
    return HTTPSeeOther(f"{PAGE.addresses[0]}?done=kept")


def _without_passwords(settings: BackupSettings) -> BackupSettings:
    """Leave passwords out: those that are empty stay as they are."""
    kept = tuple(msgspec.structs.replace(one, password="") for one in settings.destinations)
    return msgspec.structs.replace(settings, destinations=kept)


def _destination(request: PageRequest, settings: BackupSettings, slug: str) -> Response:
    """Show the form of a destination, keep it, or drop it."""
    known = {one.slug: one for one in settings.destinations}
    if slug != NEW and slug not in known:
        raise HTTPNotFound
    kinds = {"kind": [(kind, request.say(text)) for kind, text in KINDS.items()]}
    old = known.get(slug) or Destination(slug="", path="")
    form = shown(FIELDS, request.say, kinds, msgspec.structs.asdict(old))
    if request.method != "POST":
        return _form(request, slug, form, {})
    others = tuple(one for one in settings.destinations if one.slug != slug)
    if request.POST.get("step") == "drop":
        after = others
    else:
        form = typed(FIELDS, request.say, kinds, posted(request))
        if form.errors:
            return _form(request, slug, form, form.errors)
        after = (*others, msgspec.convert(form.values, Destination))
    asked = msgspec.structs.replace(_without_passwords(settings), destinations=after)
    reply = request.ask(api.SetBackups(token=token_of(request), settings=asked))
    errors = {one.field or "all": problem_text(request.say, one) for one in reply.problems}
    if errors:
        return _form(request, slug, form, errors)
    if reply.password:
        return request.show("backup_passphrase", passphrase=reply.password)
    return HTTPSeeOther(f"{PAGE.addresses[0]}?done=kept")


def _form(request: PageRequest, slug: str, form: Form, errors: Mapping[str, str]) -> Response:
    return request.show(
        "backup_destination",
        status=422 if errors else 200,
        form=form,
        errors=errors,
        slug=slug,
        fresh=slug == NEW,
        address=f"{PAGE.addresses[0]}/{slug}",
        back=PAGE.addresses[0],
    )
