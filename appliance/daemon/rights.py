"""Who may ask for what: one table, deny by default.

The table is keyed by the request's type; a type that is not in it is refused to everybody. What a request is *about* is
checked here too: an agent acts for oneself, a person changes the own password.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from appliance import api


class Role(StrEnum):
    """What a signed-in person is."""

    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    AGENT = "agent"


EVERYBODY = frozenset(Role)
LEADERS = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

CONSOLE = "console"
"The name under which the user who runs the box acts by the command line."

ROLES: Mapping[type[api.Request], frozenset[Role]] = {
    api.SignOut: EVERYBODY,
    api.SetLanguage: EVERYBODY,
    api.SetPassword: EVERYBODY,
    api.TakeSeat: EVERYBODY,
    api.LeaveSeat: EVERYBODY,
    api.TakeBreak: EVERYBODY,
    api.EndBreak: EVERYBODY,
    api.EndWrapUp: EVERYBODY,
    api.ExtendWrapUp: EVERYBODY,
    api.HangUpCall: EVERYBODY,
    api.TransferCall: EVERYBODY,
    api.Conclude: EVERYBODY,
    api.Put: ADMINISTRATORS,
    api.Drop: ADMINISTRATORS,
    api.PutPerson: ADMINISTRATORS,
    api.DropPerson: ADMINISTRATORS,
    api.Revert: ADMINISTRATORS,
    api.Import: ADMINISTRATORS,
    api.SetSecret: ADMINISTRATORS,
    api.Erase: ADMINISTRATORS,
    api.SetParty: LEADERS,
    api.AskRoot: ADMINISTRATORS,
    api.SendSms: LEADERS,
    api.SetBackups: ADMINISTRATORS,
    api.DoBackup: ADMINISTRATORS,
    api.ClearLine: ADMINISTRATORS,
    api.TestNetwork: ADMINISTRATORS,
    api.NoteStep: ADMINISTRATORS,
    api.PlaceTestCall: ADMINISTRATORS,
    api.Update: ADMINISTRATORS,
}
"`SignIn` and `TakeBox` stand outside: they make the asker."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Somebody who stands at the door."""

    person: str
    "Sign-in name, or `CONSOLE`."
    role: Role
    agent: str = ""
    "The agent this person is, if any."
    key: str = ""
    "The session's hash; empty for the console, which needs no session."


def refusal(asker: Asker, request: api.Request) -> api.Problem | None:
    """Why this asker may not ask this, None if it is allowed."""
    if asker.role not in ROLES.get(type(request), frozenset()):
        return api.Problem(code="not_allowed")
    match request:
        case api.SignOut() | api.SetLanguage() if asker.person == CONSOLE:
            return api.Problem(code="not_allowed", detail="console")
        case api.SetPassword(person=person) if person != asker.person and asker.role not in ADMINISTRATORS:
            return api.Problem(code="not_allowed", field="person")
        case api.AgentRequest(agent=agent):
            return _about_agent(asker, agent)
    return None


def agent_of(asker: Asker, request: api.AgentRequest) -> str:
    """Tell which agent an allowed request is about."""
    return request.agent or asker.agent


def _about_agent(asker: Asker, agent: str) -> api.Problem | None:
    if not agent and not asker.agent:
        return api.Problem(code="unknown_agent", field="agent")
    if agent and agent != asker.agent and asker.role not in LEADERS:
        return api.Problem(code="not_allowed", field="agent")
    return None
