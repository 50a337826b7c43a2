"""The company of the stories: one trunk, two queues, a menu; times short enough to wait for."""

from appliance.api import Equipment
from appliance.core import model

RING_S = 4
WRAP_UP_S = 3
OUTSIDE = "5550199"
"The outside number that menu key 4 leads to."
EMERGENCY = "112"

AGENTS = {"anna": "101", "bela": "102", "chen": "103", "dora": "104", "emil": "105"}
"Agent to extension; the extensions 106 to 110 are nobody's."
NAMES = {"anna": "Anna Kovács", "bela": "Béla", "chen": "陈小明", "dora": "Dora", "emil": "Emil"}

PROMPTS = {
    "welcome": ("Welcome to the example company. We are glad that you call.", "欢迎致电示例公司。很高兴接到您的电话。"),
    "menu": (
        "For support, press one. For sales, press two. For a colleague, press three.",
        "技术支持请按一。销售请按二。同事请按三。",
    ),
    "invalid": ("That is not one of the choices. Please try again.", "没有这个选项。请再试一次。"),
    "busy": ("All our colleagues are talking. Please call again later today.", "所有同事都在通话中。请稍后再拨。"),
    "goodbye": ("Thank you for calling the example company. Goodbye.", "感谢您的来电。再见。"),
    "patience": (
        "You have reached the patient line. All our colleagues are talking just now.",
        "您好，欢迎致电耐心热线，所有同事都在通话中。",
    ),
    "please-wait": (
        "Please stay on the line, or press one to be called back without losing your place in the queue.",
        "请不要挂机，或按一，我们会按您的顺序给您回电。",
    ),
    "promise": ("We will call you back as soon as it is your turn. Thank you.", "轮到您时我们会马上回电。谢谢。"),
    "press-one": ("This is the example company calling you back. Please press one.", "这里是示例公司的回电。请按一。"),
    "unavailable": ("We cannot take your call just now. Please call us again later.", "现在无法接听。请稍后再拨。"),
}


def _flow(slug: str, *, hello: bool) -> model.Flow:
    """Give the flow of a number, with a welcome before the menu or without."""
    choices = {"1": "Support", "2": "Sales", "3": "Colleague", "4": "Outside"}
    exits = {"1": "support", "2": "sales", "3": "colleague", "4": "outside", "none": "bye"}
    options = {"prompt": "menu", "choices": choices, "invalid": "invalid", "wait_s": 3, "tries": 2}
    welcome = model.Node(id="hello", kind="announce", options={"prompt": "welcome"}, exits={"next": "menu"})
    return model.Flow(
        slug=slug,
        nodes=(
            *((welcome,) if hello else ()),
            model.Node(id="menu", kind="menu", options=options, exits=exits),
            model.Node(id="support", kind="queue", options={"queue": "support"}),
            model.Node(id="sales", kind="queue", options={"queue": "sales"}, exits={"timeout": "busy", "next": "bye"}),
            model.Node(
                id="colleague",
                kind="transfer",
                options={"extension": "110", "ring_s": RING_S},
                exits={"failed": "busy"},
            ),
            model.Node(id="outside", kind="transfer", options={"outside": OUTSIDE}, exits={"failed": "busy"}),
            model.Node(id="busy", kind="hang_up", options={"prompt": "busy"}),
            model.Node(id="bye", kind="hang_up", options={"prompt": "goodbye"}),
        ),
    )


def _straight() -> model.Flow:
    """Give a flow that is nothing but a queue."""
    return model.Flow(slug="straight", nodes=(model.Node(id="all", kind="queue", options={"queue": "all"}),))


def _patient(slug: str, *, customer_first: bool) -> model.Queue:
    """Give a queue that comforts its callers and calls them back."""
    return model.Queue(
        slug=slug,
        agents=("anna", "bela"),
        ring_s=RING_S,
        wrap_up_s=0,
        waiting=model.WaitingCaller(
            welcome="patience", sounds=("please-wait",), first_s=10, every_s=5, callback_key="1", leave_key="2"
        ),
        callback=model.Callback(
            customer_first=customer_first, ring_s=15, retry_s=10, accepted="promise", confirm="press-one"
        ),
    )


def _wait(slug: str) -> model.Flow:
    """Give a flow of a queue that can be left by a key."""
    return model.Flow(
        slug=slug,
        nodes=(
            model.Node(id="wait", kind="queue", options={"queue": slug}, exits={"left": "bye"}),
            model.Node(id="bye", kind="hang_up", options={"prompt": "goodbye"}),
        ),
    )


def company(*, carrier_port: int = 5060, calls_max: int = 0) -> model.Configuration:
    """Give the configuration; the carrier answers on loopback at this port."""
    return model.Configuration(
        company=model.Company(title="Example", emergency=(EMERGENCY,)),
        trunks=(model.Trunk(slug="carrier", host="127.0.0.1", port=carrier_port, probe_s=5, calls_max=calls_max),),
        numbers=(
            model.Number(slug="2001", flow="main"),
            model.Number(slug="2002", flow="main", language="zh"),
            model.Number(slug="2003", flow="quick"),
            model.Number(slug="2004", flow="straight"),
            model.Number(slug="2005", flow="patient"),
            model.Number(slug="2006", flow="patient-too"),
        ),
        extensions=(
            *(model.Extension(slug=extension, agent=agent) for agent, extension in AGENTS.items()),
            *(model.Extension(slug=str(number), outside=number != 106) for number in range(106, 111)),
        ),
        agents=tuple(model.Agent(slug=agent, extension=extension) for agent, extension in AGENTS.items()),
        queues=(
            model.Queue(slug="support", agents=("anna", "bela", "chen"), ring_s=RING_S, wrap_up_s=WRAP_UP_S),
            model.Queue(slug="all", agents=tuple(AGENTS), ring_s=RING_S, wrap_up_s=0),
            model.Queue(slug="sales", agents=("dora", "emil"), ring_s=RING_S, wrap_up_s=WRAP_UP_S, wait_s_max=8),
            _patient("patient", customer_first=False),
            _patient("patient-too", customer_first=True),
        ),
        flows=(
            _flow("main", hello=True),
            _flow("quick", hello=False),
            _straight(),
            _wait("patient"),
            _wait("patient-too"),
        ),
        prompts=tuple(
            model.Prompt(slug=slug, texts={"en": english, "zh": chinese})
            for slug, (english, chinese) in PROMPTS.items()
        ),
        breaks=(model.Reason(slug="lunch"),),
        dispositions=(model.Reason(slug="order"),),
    )


def equipment(configuration: model.Configuration) -> Equipment:
    """Give the configuration with names and passwords; the latter have in them what a file could stumble over."""
    secrets = {f"extension/{phone.slug}": password(phone.slug) for phone in configuration.extensions}
    return Equipment(configuration=configuration, names=NAMES, secrets=secrets)


def password(extension: str) -> str:
    """Give the SIP password of an extension."""
    return f"p;w={extension}#[x]"
