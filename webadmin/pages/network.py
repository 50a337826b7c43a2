"""Network test: how calls to each telephone and trunk were, how all answer now, names and clock."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from appliance import api, network
from appliance.client import Client, DoorClosedError
from appliance.network import Leg, Level, Lookup, Probed, Run, Standing, Verdict
from appliance.store.network_runs import NetworkHome
from webadmin.numerals import whole_number
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.section import token_of
from webadmin.texts import marked
from webadmin.words import problem_text

PAGE = About(label=marked("Network test"), permission=Permission.SETUP, addresses=("/system/network",), methods=FORM)
LAMPS: Mapping[Level, tuple[str, str, str]] = {
    "good": ("available", "●", marked("good")),
    "fair": ("amber", "!", marked("fair")),
    "bad": ("missed", "✕", marked("bad")),
}
"A level to its state, its sign and its word."
STEPS: Mapping[str, str] = {
    "names": marked("Looking names up"),
    "clock": marked("Asking about the clock"),
    "probes": marked("Probing telephones and trunks"),
}
MOMENT_MAX = 10**17
"A moment in an address is no later, microseconds."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A telephone or trunk, as the page draws it."""

    name: str
    title: str
    tested: Probed | None
    probes: Verdict | None
    legs: tuple[tuple[Leg, Verdict], ...]
    "The newest first."

    @property
    def last(self) -> tuple[Leg, Verdict] | None:
        """The newest call."""
        return self.legs[0] if self.legs else None

    @property
    def lowest(self) -> float:
        """The worst score of its calls."""
        return min(leg.mos for leg, _ in self.legs)


def view(request: PageRequest) -> Response:
    """Show what is known, or begin a test."""
    if request.method != "POST":
        return _show(request)
    reply = request.ask(api.TestNetwork(token=token_of(request)))
    if reply.problems:
        return _show(request, error=" ".join(problem_text(request.say, one) for one in reply.problems))
    return HTTPSeeOther(PAGE.addresses[0])


def _show(request: PageRequest, *, error: str = "") -> Response:
    standing, away = _standing(request)
    at = whole_number(request.GET.get("at"), MOMENT_MAX)
    run = next((each for each in standing.runs if at is None or each.at == at), None)
    return request.show(
        "network",
        status=422 if error else 200,
        standing=standing,
        run=run,
        run_verdict=network.verdict_on_run(run) if run else None,
        rows=_rows(request, standing, run),
        lookups=[
            (each, network.verdict_on_lookup(each), _uses(request, each)) for each in (run.lookups if run else ())
        ],
        clock_verdict=network.verdict_on_clock(run.clock) if run else None,
        verdict=network.verdict_on_run,
        lamps=LAMPS,
        steps=STEPS,
        away=away,
        error=error,
        moment=request.calendar.moment,
        figure=_figure,
        zone=request.standing.configuration.company.zone,
    )


def _standing(request: PageRequest) -> tuple[Standing, bool]:
    """Ask the daemon; where it is away, look at what it has kept, and say that it is."""
    try:
        return Client(request.box.door, request.session_secret, timeout_s=3.0).network(), False
    except DoorClosedError:
        if request.box.home is None:
            return Standing(), True
        kept = NetworkHome(request.box.home).kept
        return Standing(runs=kept.runs, calls=kept.calls), True


def _rows(request: PageRequest, standing: Standing, run: Run | None) -> list[Row]:
    """Give trunks, then telephones, of the configuration and of the test."""
    configuration = request.standing.configuration
    trunks = {trunk.slug for trunk in configuration.trunks if not trunk.channels}
    phones = {phone.slug for phone in configuration.extensions if not phone.line}
    whose = _whose(request)
    tested = {each.name: each for each in (run.tested if run else ())}
    trunks |= {each.name for each in tested.values() if each.kind == "trunk"}
    rows = []
    for name in (*sorted(trunks), *sorted((phones | tested.keys()) - trunks)):
        one = tested.get(name)
        rows.append(
            Row(
                name=name,
                title=request.say("Trunk {name}", name=name) if name in trunks else whose.get(name, name),
                tested=one,
                probes=network.verdict_on_probed(one) if one else None,
                legs=tuple((leg, network.verdict_on_leg(leg)) for leg in standing.calls.get(name, ())),
            )
        )
    return rows


def _whose(request: PageRequest) -> dict[str, str]:
    """Give telephones with who sits at them, where somebody does."""
    configuration = request.standing.configuration
    agents = {agent.extension: agent.slug for agent in configuration.agents}
    agents |= {phone.slug: phone.agent for phone in configuration.extensions if phone.agent}
    return {phone: f"{phone} · {name}" for phone, agent in agents.items() if (name := request.names.get(agent, ""))}


def _uses(request: PageRequest, lookup: Lookup) -> str:
    said = []
    for use in lookup.used:
        kind, _, name = use.partition("/")
        match kind:
            case "trunk":
                said.append(request.say("Trunk {name}", name=name))
            case "backup":
                said.append(request.say("Backup to {name}", name=name))
            case _:
                said.append(request.say("Time server {place}", place=name))
    return ", ".join(said)


def _figure(value: float | None, places: int = 1) -> str:
    """Write a figure; a dash for one that nobody knows."""
    return "—" if value is None else f"{value:,.{places}f}"
