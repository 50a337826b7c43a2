"""The door: what people and pages ask, checked, carried out, and answered after the commit that holds it.

This is the one path for page, desk, command line and tests. It knows no HTTP (`web.py` does) and decides no rule of the
contact centre (the Centre and the settings do): it knows who may ask what, and whom to pass it to.
"""

import re
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import assert_never

import msgspec
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from appliance import api, root_work
from appliance.core import cards, effects, facts
from appliance.core import state as st
from appliance.daemon import rights
from appliance.daemon.backups import Backups
from appliance.daemon.hub import BusyError, Hub
from appliance.daemon.network import Network
from appliance.daemon.own_work import OwnWork
from appliance.daemon.reactor import Reactor, answer_of
from appliance.daemon.rights import Asker
from appliance.daemon.sessions import Sessions
from appliance.daemon.texts import Texts
from appliance.store.accounts import Accounts, Changed, Refused, SignedIn
from appliance.store.guard import StoreError
from appliance.store.people import NOTE_CHARACTERS_MAX, People
from appliance.store.settings import Applied, Settings

TOKEN_LENGTH_MAX = 64
ADDRESS_LENGTH_MAX = 64
SIGN_INS_BURST = 120
"Sign-ins that one address may try at once."
SIGN_INS_PER_S = 2
"And what it gets back a second."
ADDRESSES_MAX = 10_000
"Addresses remembered for that."
PRIORITY_MAX = 9
DIALLED = re.compile(r"\+?[0-9]{2,20}")
"What a call may be sent to that is neither a queue nor an agent."
PARTIES_MAX = 10_000
"Interactions remembered after their end."

report = Logger()

Answer = tuple[HTTPStatus, api.Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    """Those behind the door."""

    hub: Hub
    sessions: Sessions
    accounts: Accounts
    settings: Settings
    people: People
    clear_line: Callable[[int], Awaitable[bool]]
    "Ends the call on a channel of a card; says whether there was one."
    applied: Callable[[Applied], Awaitable[None]]
    "Makes a committed change of the settings hold: publishes it, tells the drivers, reads names and roles again."
    root: Callable[[root_work.AnyQuestion], Awaitable[root_work.Answer]]
    "Asks the machine's root part; raises `RootAwayError`."
    cards_applied: Callable[[], Awaitable[None]]
    "Lets the exchanges take lines of cards anew, if root has told the cards' drivers something."
    texts: Texts
    network: Network
    own_work: OwnWork
    backups: Backups | None = None
    "None where there is no home to back up."


def refused(status: HTTPStatus, code: str, field: str = "", detail: str = "") -> Answer:
    """Say no."""
    return status, api.Reply(problems=(api.Problem(code=code, field=field, detail=detail),))


class Door:
    """Takes one request at a time from any number of askers."""

    def __init__(self, reactor: Reactor, offices: Offices) -> None:
        """Open for those who come through `web.py`."""
        self._reactor = reactor
        self._offices = offices
        self._sign_ins = SignIns()
        self._worked: dict[str, str] = {}
        "Agent to the interaction finished last."
        self._parties: OrderedDict[str, str] = OrderedDict()
        "Interactions that ended lately to their parties, for notes that come after the end."
        offices.hub.listen_filed(self._filed)

    async def ask(self, asker: Asker | None, request: api.AnyRequest, address: str = "") -> Answer:
        """Carry a request out; never raises."""
        try:
            return await self._ask(asker, request, address)
        except BusyError:
            return refused(HTTPStatus.SERVICE_UNAVAILABLE, "busy")
        except (StoreError, TimeoutError) as error:
            report.error(
                "the store refused {request}: {error}", request=type(request).__name__, error=type(error).__name__
            )
            return refused(HTTPStatus.SERVICE_UNAVAILABLE, "busy", detail="store")
        except Exception:  # noqa: BLE001  no request, however odd, may end in a broken answer; it is logged whole
            report.failure("the door failed at {request}", request=type(request).__name__)
            return refused(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error")

    async def _ask(self, asker: Asker | None, request: api.AnyRequest, address: str) -> Answer:
        if len(request.token) > TOKEN_LENGTH_MAX:
            return refused(HTTPStatus.BAD_REQUEST, "invalid", "token", str(TOKEN_LENGTH_MAX))
        if isinstance(request, api.SignIn):
            return await self._sign_in(request, address or request.address)
        if isinstance(request, api.TakeBox):
            return await self._offices.own_work.take(request, (address or request.address)[:ADDRESS_LENGTH_MAX])
        if asker is None:
            return refused(HTTPStatus.UNAUTHORIZED, "not_signed_in")
        problem = rights.refusal(asker, request)
        if problem is not None:
            return HTTPStatus.FORBIDDEN, api.Reply(problems=(problem,))
        if asker.key:
            await self._offices.sessions.use(asker.key)
        return await self._carry_out(asker, request)

    async def _carry_out(self, asker: Asker, request: api.AnyRequest) -> Answer:  # noqa: PLR0911  one line a request
        token = f"{asker.person}:{request.token or secrets.token_hex(16)}"
        match request:
            case api.SignOut():
                await self._offices.sessions.end(asker.key)
                return HTTPStatus.OK, api.Reply()
            case api.SetPassword():
                return await self._set_password(asker, request)
            case api.Erase() | api.SetParty():
                return await self._about_party(request)
            case api.AskRoot(question=question):
                return await self._ask_root(question)
            case api.SendSms():
                return await self._offices.texts.send(asker.person, token if request.token else "", request)
            case api.ClearLine():
                return await self._clear_line(request)
            case api.TestNetwork():
                return HTTPStatus.OK, self._offices.network.test(asker.person)
            case api.NoteStep() | api.PlaceTestCall() | api.Update():
                return HTTPStatus.OK, await self._offices.own_work.do(request, asker.person)
            case api.AgentRequest():
                return await self._about_agent(rights.agent_of(asker, request), request, token)
            case _:
                return await self._apply(asker, msgspec.structs.replace(request, token=token if request.token else ""))

    # -- people

    async def _sign_in(self, request: api.SignIn, address: str) -> Answer:
        address = address[:ADDRESS_LENGTH_MAX]
        now = self._offices.hub.now
        if not self._sign_ins.may(address, now):
            return refused(HTTPStatus.TOO_MANY_REQUESTS, "too_many")
        answer = await answer_of(
            self._reactor, self._offices.accounts.sign_in(request.person, request.password, address, now)
        )
        match answer:
            case SignedIn(secret=secret, session=session):
                self._offices.sessions.add(session)
                return HTTPStatus.OK, api.Reply(session=secret)
            case Refused():
                return _account_refused(answer)
            case _:
                assert_never(answer)

    async def _set_password(self, asker: Asker, request: api.SetPassword) -> Answer:
        present = request.present if request.person == asker.person else None
        answer = await answer_of(
            self._reactor,
            self._offices.accounts.set_password(
                request.person, request.password, present, asker.person, self._offices.hub.now, asker.key
            ),
        )
        match answer:
            case Changed(password=password):
                await self._offices.sessions.refresh()
                return HTTPStatus.OK, api.Reply(password="" if request.password else password)
            case Refused():
                return _account_refused(answer)
            case _:
                assert_never(answer)

    async def _about_party(self, request: api.Erase | api.SetParty) -> Answer:
        if isinstance(request, api.SetParty):
            return await self._set_party(request)
        known = await answer_of(self._reactor, self._offices.people.erase(request.party, self._offices.hub.now))
        return (HTTPStatus.OK, api.Reply()) if known else refused(HTTPStatus.OK, "unknown", "party")

    async def _set_party(self, request: api.SetParty) -> Answer:
        """Change what routing knows of a caller; the next call goes by it."""
        directory = self._offices.hub.centre.directory
        if request.grade and request.grade not in directory.company.grades:
            return refused(HTTPStatus.OK, "missing", "grade", request.grade)
        if request.priority is not None and not 0 <= request.priority <= PRIORITY_MAX:
            return refused(HTTPStatus.OK, "out_of_range", "priority", f"0-{PRIORITY_MAX}")
        if request.preferred and request.preferred not in directory.agents:
            return refused(HTTPStatus.OK, "unknown_agent", "preferred")
        known = {
            name: value
            for name in ("grade", "priority", "preferred", "blocked")
            if (value := getattr(request, name)) is not None
        }
        done = await answer_of(
            self._reactor, self._offices.people.set_view(request.party, known, self._offices.hub.now)
        )
        return (HTTPStatus.OK, api.Reply()) if done else refused(HTTPStatus.OK, "unknown", "party", request.party)

    async def _ask_root(self, question: root_work.AnyQuestion) -> Answer:
        try:
            told = await self._offices.root(question)
        except root_work.RootDiedError:
            return refused(HTTPStatus.OK, "root_died")
        except root_work.RootAwayError:
            return refused(HTTPStatus.OK, "no_root_part")
        if isinstance(question, root_work.ApplyCards):
            await self._offices.cards_applied()
        problems = (api.Problem(code=told.problem, detail=told.detail),) if told.problem else ()
        return HTTPStatus.OK, api.Reply(problems=problems, machine=told)

    # -- calls

    async def _clear_line(self, request: api.ClearLine) -> Answer:
        """End the call on a line of a card, which may be none that the core knows."""
        span = self._offices.hub.centre.directory.spans.get(request.span)
        if span is None or not 1 <= request.place <= span.channels:
            return refused(HTTPStatus.OK, "missing", "place")
        done = await self._offices.clear_line(cards.channel(span, request.place))
        return (HTTPStatus.OK, api.Reply()) if done else refused(HTTPStatus.OK, "no_call", "place")

    async def _command(self, command: facts.AnyFact) -> Answer:
        problem = await self._offices.hub.ask(command)
        return HTTPStatus.OK, api.Reply(problems=(api.Problem(code=problem),) if problem else ())

    async def _about_agent(self, agent: str, request: api.AgentRequest, token: str) -> Answer:
        match request:
            case api.Conclude():
                return await self._conclude(agent, request, token)
            case api.TransferCall():
                return await self._transfer(agent, request, token)
            case _:
                return await self._command(_command_of(request, agent, token))

    async def _transfer(self, agent: str, request: api.TransferCall, token: str) -> Answer:
        """Send a caller on; what is dialled outside is a party from here on."""
        if request.number and not DIALLED.fullmatch(request.number):
            return refused(HTTPStatus.BAD_REQUEST, "invalid", "number")
        directory, number = self._offices.hub.centre.directory, request.number
        to = facts.Target(queue=request.queue, agent=request.to_agent)
        if number in directory.extensions:
            to = msgspec.structs.replace(to, extension=number)
        elif number in directory.numbers:
            to = msgspec.structs.replace(to, number=number)
        elif number:
            asked = self._offices.people.party_of(number, "", self._offices.hub.now)
            to = msgspec.structs.replace(to, party=(await answer_of(self._reactor, asked)).party)
        return await self._command(facts.TransferCall(token=token, agent=agent, interaction=request.interaction, to=to))

    async def _conclude(self, agent: str, request: api.Conclude, token: str) -> Answer:
        if request.note is not None:
            if len(request.note) > NOTE_CHARACTERS_MAX:
                return refused(HTTPStatus.BAD_REQUEST, "invalid", "note", str(NOTE_CHARACTERS_MAX))
            if not self._has_in_hand(agent, request.interaction):
                return refused(HTTPStatus.OK, "not_your_call", "interaction")
            party = self._party_of(request.interaction)
            await answer_of(
                self._reactor,
                self._offices.people.write_note(request.interaction, party, agent, request.note, self._offices.hub.now),
            )
        if not request.disposition:
            return HTTPStatus.OK, api.Reply()
        return await self._command(
            facts.Dispose(token=token, agent=agent, interaction=request.interaction, disposition=request.disposition)
        )

    def _party_of(self, interaction: str) -> str:
        live = self._offices.hub.centre.state.interactions.get(interaction)
        return live.party if live else self._parties.get(interaction, "")

    def _has_in_hand(self, agent: str, interaction: str) -> bool:
        """Tell whether an interaction is the agent's, now or as the last one."""
        found = self._offices.hub.centre.state.agents.get(agent)
        match found.state if found else None:
            case st.Talking(interaction=mine) | st.WrapUp(interaction=mine) if mine == interaction:
                return True
            case _:
                return self._worked.get(agent) == interaction

    def remember(self, row: api.Row) -> None:
        """Learn from a replayed row whose interactions were finished last."""
        for kept in row.kept:
            self._filed(kept)

    def _filed(self, kept: effects.Kept) -> None:
        match kept:
            case effects.WorkFiled():
                self._worked[kept.agent] = kept.interaction
            case effects.CallFiled(cdr=cdr) if cdr.agent:
                self._parties[cdr.interaction] = cdr.party
                while len(self._parties) > PARTIES_MAX:
                    self._parties.popitem(last=False)
            case _:
                pass

    # -- settings

    async def _apply(self, asker: Asker, request: api.AnyRequest) -> Answer:
        backups = self._offices.backups
        if isinstance(request, api.SetBackups) and backups is not None:
            return HTTPStatus.OK, await deferToThread(backups.set, request.settings, asker.person)
        if isinstance(request, api.DoBackup) and backups is not None:
            return HTTPStatus.OK, backups.do(request, asker.person)
        if not isinstance(
            request,
            api.Put
            | api.Drop
            | api.PutPerson
            | api.DropPerson
            | api.Revert
            | api.Import
            | api.SetSecret
            | api.SetLanguage,
        ):
            return refused(HTTPStatus.FORBIDDEN, "not_allowed")
        applied = await answer_of(
            self._reactor,
            self._offices.settings.apply(request, by=asker.person, now_us=self._offices.hub.now),
        )
        await self._offices.applied(applied)
        return HTTPStatus.OK, applied.reply


class SignIns:
    """How fast an address may try to sign in: a leaky bucket each."""

    def __init__(self) -> None:
        """Remember no address."""
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def may(self, address: str, now_us: int) -> bool:
        """Take one try of an address, if it has one left."""
        level, at = self._buckets.pop(address, (0.0, now_us))
        level = max(0.0, level - (now_us - at) / 1_000_000 * SIGN_INS_PER_S)
        allowed = level <= SIGN_INS_BURST - 1
        self._buckets[address] = (level + 1 if allowed else level, now_us)
        while len(self._buckets) > ADDRESSES_MAX:
            self._buckets.popitem(last=False)
        return allowed


def _account_refused(answer: Refused) -> Answer:
    match answer.code:
        case "locked_out":
            return refused(HTTPStatus.TOO_MANY_REQUESTS, answer.code, detail=str(answer.until))
        case "busy":
            return refused(HTTPStatus.SERVICE_UNAVAILABLE, answer.code)
        case _:
            return refused(HTTPStatus.OK, answer.code)


def _command_of(request: api.AgentRequest, agent: str, token: str) -> facts.AnyFact:  # noqa: PLR0911  one line a command
    match request:
        case api.TakeSeat():
            return facts.SignOn(token=token, agent=agent)
        case api.LeaveSeat():
            return facts.SignOff(token=token, agent=agent)
        case api.TakeBreak(reason=reason):
            return facts.TakeBreak(token=token, agent=agent, reason=reason)
        case api.EndBreak():
            return facts.EndBreak(token=token, agent=agent)
        case api.EndWrapUp():
            return facts.EndWrapUp(token=token, agent=agent)
        case api.ExtendWrapUp(by_s=by_s):
            return facts.ExtendWrapUp(token=token, agent=agent, by_s=by_s)
        case api.HangUpCall(interaction=interaction):
            return facts.HangUpCall(token=token, agent=agent, interaction=interaction)
    raise TypeError(f"{type(request).__name__} is no command about an agent")
