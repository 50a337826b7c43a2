"""The company under fire: a crowd's desks, which SIPp answers, desks of robots that listen, and a brisk one."""

from dataclasses import dataclass

from appliance import api
from appliance.core import model

CARRIER_PORT = 10
"Where the trunk's far end answers, counted from the base of ports."
CROWD, CHECKED, BRISK, MENU = "2004", "2005", "2006", "2001"
"The numbers: the crowd's queue, the robots' queue, the queue of short talks, a menu."
HURRIED = "2007"
"Leads to the queue of short talks too, with a better priority."
HURRIED_PRIORITY = 2
RING_S = 10
PROMPTS = {
    "welcome": "Welcome to the example company. We are glad that you call. Please listen to all of this.",
    "menu": "For support, press one. For sales, press two. For a colleague, press three.",
    "goodbye": "Thank you for calling. Goodbye.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How many there are."""

    waiting: int
    "Callers in the crowd's queue that nobody serves."
    talking: int
    "Talks, those of the robots among them."
    robots: int
    "Talks in which robots check what they hear."

    @property
    def desks(self) -> tuple[str, ...]:
        """The extensions that machines answer."""
        return tuple(str(200 + number) for number in range(1, self.talking - self.robots + 1))

    @property
    def checked(self) -> tuple[str, ...]:
        """The extensions of robots that talk all the time."""
        return tuple(str(100 + number) for number in range(1, self.robots + 1))

    @property
    def brisk(self) -> tuple[str, ...]:
        """The extension of the robot whose talks are short."""
        return ("190",)

    @property
    def phones(self) -> tuple[str, ...]:
        """All extensions."""
        return (*self.desks, *self.checked, *self.brisk)


def agent(extension: str) -> str:
    """Name the agent of an extension."""
    return f"agent-{extension}"


def password(extension: str) -> str:
    """Give the SIP password of an extension; SIPp's files have `;` between fields, so it has none."""
    return f"secret-{extension}"


def company(crowd: Crowd, *, carrier_port: int) -> model.Configuration:
    """Give the configuration; the carrier answers on loopback at this port."""
    queues = {"crowd": crowd.desks, "checked": crowd.checked, "brisk": crowd.brisk}
    numbers = {CROWD: "crowd", CHECKED: "checked", BRISK: "brisk"}
    return model.Configuration(
        company=model.Company(title="Crowd"),
        trunks=(model.Trunk(slug="carrier", host="127.0.0.1", port=carrier_port, probe_s=5),),
        numbers=(
            *(model.Number(slug=number, flow=queue) for number, queue in numbers.items()),
            model.Number(slug=MENU, flow="main"),
            model.Number(slug=HURRIED, flow="brisk", priority=HURRIED_PRIORITY),
        ),
        extensions=tuple(model.Extension(slug=phone, agent=agent(phone)) for phone in crowd.phones),
        agents=tuple(model.Agent(slug=agent(phone), extension=phone) for phone in crowd.phones),
        queues=tuple(
            model.Queue(slug=slug, agents=tuple(map(agent, phones)), ring_s=RING_S, wrap_up_s=0, missed_s=1)
            for slug, phones in queues.items()
        ),
        flows=(*(_straight(queue) for queue in queues), _main()),
        prompts=tuple(model.Prompt(slug=slug, texts={"en": text}) for slug, text in PROMPTS.items()),
    )


def people(crowd: Crowd) -> tuple[api.Person, ...]:
    """Give everybody a name."""
    agents = (
        api.Person(slug=agent(phone), name=f"Agent {phone}", role="agent", agent=agent(phone)) for phone in crowd.phones
    )
    return (*agents, api.Person(slug="ada", name="Ada", role="administrator"))


def _straight(queue: str) -> model.Flow:
    return model.Flow(slug=queue, nodes=(model.Node(id="all", kind="queue", options={"queue": queue}),))


def _main() -> model.Flow:
    options = {"prompt": "menu", "choices": {"1": "Crowd"}, "wait_s": 3, "tries": 2}
    return model.Flow(
        slug="main",
        nodes=(
            model.Node(id="hello", kind="announce", options={"prompt": "welcome"}, exits={"next": "menu"}),
            model.Node(id="menu", kind="menu", options=options, exits={"1": "crowd", "none": "bye"}),
            model.Node(id="crowd", kind="queue", options={"queue": "crowd"}),
            model.Node(id="bye", kind="hang_up", options={"prompt": "goodbye"}),
        ),
    )
