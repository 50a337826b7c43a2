"""Every request is walked with every role; what the table does not name is refused."""

from typing import get_args

import msgspec
import pytest

from appliance import api, root_work
from appliance.backups import BackupSettings
from appliance.daemon.rights import CONSOLE, ROLES, Asker, Role, agent_of, refusal

REQUESTS: dict[type[api.Request], api.Request] = {
    type(request): request
    for request in (
        api.SignOut(),
        api.SetLanguage(language="zh"),
        api.SetPassword(person="pia", password="x", present="y"),
        api.TakeSeat(),
        api.LeaveSeat(),
        api.TakeBreak(reason="lunch"),
        api.EndBreak(),
        api.EndWrapUp(),
        api.ExtendWrapUp(),
        api.HangUpCall(interaction="i"),
        api.TransferCall(interaction="i", queue="q"),
        api.Conclude(interaction="i"),
        api.Put(base="", list="company", value=msgspec.Raw(b"{}")),
        api.Drop(base="", list="queues", slug="q"),
        api.PutPerson(person=api.Person(slug="pia")),
        api.DropPerson(slug="pia"),
        api.Revert(change=1),
        api.Import(text=""),
        api.SetSecret(of="trunk/carrier"),
        api.Erase(party="p1"),
        api.SetParty(party="p1", priority=1),
        api.AskRoot(question=root_work.Look()),
        api.SetBackups(settings=BackupSettings()),
        api.DoBackup(work="backup", destination="disk"),
        api.SendSms(number="10086", text="x"),
        api.ClearLine(span="e1", place=1),
        api.TestNetwork(),
        api.NoteStep(step="network"),
        api.PlaceTestCall(),
        api.Update(work="stop"),
    )
}
OFFICE = {
    *(api.Put, api.Drop, api.PutPerson, api.DropPerson, api.Revert, api.Import, api.SetSecret, api.Erase),
    *(api.AskRoot, api.ClearLine, api.TestNetwork, api.NoteStep, api.PlaceTestCall, api.Update),
    *(api.SetBackups, api.DoBackup),
}


def an_asker(role: Role, agent: str = "pia") -> Asker:
    """Make somebody signed in."""
    return Asker(person="pia", role=role, agent=agent, key="k")


def test_every_request_stands_in_the_table() -> None:
    """But for those that make the asker."""
    assert set(get_args(api.AnyRequest)) == {*ROLES, api.SignIn, api.TakeBox}
    assert set(REQUESTS) == set(ROLES)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("kind", list(REQUESTS), ids=lambda kind: kind.__name__)
def test_roles(kind: type[api.Request], role: Role) -> None:
    """The office is the administrator's, callers and texts are the supervisor's, too; one's own seat is everybody's."""
    allowed = role is Role.ADMINISTRATOR or kind not in OFFICE
    if kind in {api.SetParty, api.SendSms}:
        allowed = role is not Role.AGENT
    assert (refusal(an_asker(role), REQUESTS[kind]) is None) is allowed


def test_what_is_not_in_the_table_is_refused() -> None:
    """Deny by default."""
    problem = refusal(an_asker(Role.ADMINISTRATOR), api.Request())
    assert problem is not None
    assert problem.code == "not_allowed"


@pytest.mark.parametrize(
    ("role", "allowed"), [(Role.AGENT, False), (Role.SUPERVISOR, True), (Role.ADMINISTRATOR, True)]
)
def test_another_agents_seat(role: Role, *, allowed: bool) -> None:
    """A supervisor may act for others, an agent for nobody else."""
    request = api.TakeSeat(agent="quinn")
    assert (refusal(an_asker(role), request) is None) is allowed
    assert agent_of(an_asker(role), request) == "quinn"
    assert agent_of(an_asker(role), api.TakeSeat()) == "pia"


def test_who_is_no_agent_names_one() -> None:
    """Or is asked to."""
    problem = refusal(an_asker(Role.SUPERVISOR, agent=""), api.TakeSeat())
    assert problem is not None
    assert (problem.code, problem.field) == ("unknown_agent", "agent")


@pytest.mark.parametrize(
    ("role", "allowed"), [(Role.AGENT, False), (Role.SUPERVISOR, False), (Role.ADMINISTRATOR, True)]
)
def test_another_persons_password(role: Role, *, allowed: bool) -> None:
    """Only an administrator sets it."""
    request = api.SetPassword(person="quinn", password="x")
    assert (refusal(an_asker(role), request) is None) is allowed


def test_the_console_has_no_session_and_no_language() -> None:
    """It administers, and is nobody."""
    console = Asker(person=CONSOLE, role=Role.ADMINISTRATOR)
    assert refusal(console, api.SignOut()) is not None
    assert refusal(console, api.SetLanguage(language="zh")) is not None
    assert refusal(console, api.Revert(change=1)) is None
