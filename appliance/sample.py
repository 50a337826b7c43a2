"""The sample company: what a fresh box starts with, so that a first call is answered.

It is imported by the same command as any other company, may be changed piece by piece, and is removed by
`switchroom config remove-sample`.
"""

from appliance import api
from appliance.core import model

TITLE = "Lakeside Outdoor 湖畔户外"
TRUNK = "sample-carrier"
ADMINISTRATOR = "admin"
SUPERVISOR = "supervisor"
AGENTS = {
    "li-wei": "Li Wei 李伟",
    "anna-smith": "Anna Smith",
    "wang-fang": "Wang Fang 王芳",
    "ben-carter": "Ben Carter",
    "zhang-min": "Zhang Min 张敏",
    "clara-jones": "Clara Jones",
    "liu-yang": "Liu Yang 刘洋",
    "david-brown": "David Brown",
    "chen-jing": "Chen Jing 陈静",
    "emma-white": "Emma White",
}
"Slug to name; their extensions are 301 to 310 in this order."
GEAR, REPAIRS = "gear", "repairs"
SKILLS: dict[str, dict[str, int]] = {
    "li-wei": {GEAR: 8},
    "anna-smith": {GEAR: 6},
    "wang-fang": {GEAR: 7},
    "ben-carter": {GEAR: 5},
    "zhang-min": {GEAR: 3, REPAIRS: 6},
    "clara-jones": {REPAIRS: 4},
    "liu-yang": {REPAIRS: 7},
    "david-brown": {REPAIRS: 5},
    "chen-jing": {REPAIRS: 9},
    "emma-white": {REPAIRS: 2},
}
"What each agent knows, and how well: advice on gear, repairs of it."
CALLBACK_KEY, LEAVE_KEY = "9", "*"
EXTENSION_FIRST = 301
RECEPTION = "300"

_PROMPTS = {
    "welcome": (
        "Welcome",
        "Thank you for calling Lakeside Outdoor.",
        "您好，欢迎致电湖畔户外。",
    ),
    "menu": (
        "Main menu",
        (
            "To place an order, press 1. For help with something you bought, press 2. "
            "For our opening hours, press 3. To speak to our office, press 0."
        ),
        "订购商品，请按一。售后服务，请按二。营业时间，请按三。联系办公室，请按零。",
    ),
    "invalid": (
        "Key without meaning",
        "I am sorry, that key has no meaning here.",
        "对不起，您按的键无效。",
    ),
    "hours": (
        "Opening hours",
        (
            "Our sales and service teams are here for you day and night, every day of the year. "
            "Our office is open from Monday to Friday, nine to six."
        ),
        "我们的销售和售后团队全天候为您服务，全年无休。办公室的工作时间是星期一到星期五，上午九点到下午六点。",
    ),
    "office-closed": (
        "Office closed",
        "Our office cannot take your call at the moment. Please choose one of our service teams instead.",
        "办公室暂时无法接听您的电话，请选择我们的客服团队。",
    ),
    "service": (
        "Service line",
        "This is the Lakeside Outdoor service line. The next free colleague will be with you shortly.",
        "这里是湖畔户外售后服务热线，客服人员将尽快为您服务。",
    ),
    "busy": (
        "Nobody free",
        "I am sorry, all of our colleagues are still busy. Please call again a little later. Goodbye.",
        "非常抱歉，我们的客服人员都在忙，请您稍后再拨。再见。",
    ),
    "callback-offer": (
        "Offer to call back",
        "You can also keep your place and be called back. For that, press 9. To go back, press star.",
        "您也可以保留排队位置，由我们给您回电，请按九。返回请按星号键。",
    ),
    "callback-accepted": (
        "Callback taken down",
        "Thank you. We keep your place and call you back at this number. Goodbye.",
        "谢谢，我们会保留您的排队位置，并拨打您的来电号码。再见。",
    ),
    "callback-confirm": (
        "Is it you?",
        "This is Lakeside Outdoor. You asked us to call you back. To speak to us now, press 1.",
        "这里是湖畔户外，您曾要求我们回电。现在通话，请按一。",
    ),
    "goodbye": (
        "Goodbye",
        "Thank you for your call. Goodbye.",
        "感谢您的来电，再见。",
    ),
}
"Slug to title, English words, Chinese words."


def document(*, trunk_host: str, trunk_port: int) -> api.Document:
    """Give the whole company; its trunk's far end is at this address."""
    return api.Document(
        configuration=model.Configuration(
            company=model.Company(
                title=TITLE, zone="Asia/Shanghai", emergency=("110", "119", "120", "122", "112"), prefix="9"
            ),
            trunks=(
                model.Trunk(
                    slug=TRUNK,
                    title="Sample carrier on this machine 本机示例中继",
                    host=trunk_host,
                    port=trunk_port,
                    accept=(trunk_host,),
                    probe_s=0,
                ),
            ),
            numbers=(
                model.Number(slug="8001", title="Main line", flow="main", language="en"),
                model.Number(slug="8002", title="Main line in Chinese 中文总机", flow="main", language="zh"),
                model.Number(slug="8003", title="Service line 售后热线", flow="service", language="en"),
            ),
            extensions=_extensions(),
            agents=tuple(
                model.Agent(slug=slug, extension=extension, skills=SKILLS[slug]) for slug, extension in _seats().items()
            ),
            queues=_queues(),
            flows=(_main(), _service()),
            hours=(
                model.Hours(
                    slug="office",
                    title="Office 办公室",
                    week=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (("09:00", "18:00"),)),
                ),
            ),
            prompts=tuple(
                model.Prompt(slug=slug, title=title, texts={"en": english, "zh": chinese})
                for slug, (title, english, chinese) in _PROMPTS.items()
            ),
            breaks=_reasons(
                ("lunch", "Lunch", "午餐"), ("pause", "Short break", "小休"), ("training", "Training", "培训")
            ),
            dispositions=_reasons(
                ("order", "Order taken", "已下单"),
                ("answered", "Question answered", "已解答"),
                ("complaint", "Complaint", "投诉"),
                ("follow-up", "To be followed up", "待跟进"),
                ("wrong-number", "Wrong number", "打错电话"),
            ),
        ),
        people=_people(),
    )


def _seats() -> dict[str, str]:
    """Pair the agents with their extensions."""
    return {slug: str(EXTENSION_FIRST + place) for place, slug in enumerate(AGENTS)}


def _extensions() -> tuple[model.Extension, ...]:
    desks = (model.Extension(slug=extension, agent=slug) for slug, extension in _seats().items())
    return (model.Extension(slug=RECEPTION), *desks)


def _queues() -> tuple[model.Queue, ...]:
    agents = tuple(AGENTS)
    waiting = model.WaitingCaller(
        sounds=("callback-offer",),
        every_s=45,
        position=True,
        expected_wait=True,
        leave_key=LEAVE_KEY,
        callback_key=CALLBACK_KEY,
    )
    callback = model.Callback(accepted="callback-accepted", confirm="callback-confirm")
    return (
        model.Queue(
            slug="sales",
            title="Sales 销售",
            agents=agents[:6],
            ring_s=15,
            wrap_up_s=20,
            length_max=100,
            requirement=(model.Need(skill=GEAR, level=5, relax_s=6), model.Need(skill=GEAR, level=1, relax_s=15)),
            overflow=(model.Overflow(when="wait", limit=240),),
            waiting=waiting,
            callback=callback,
        ),
        model.Queue(
            slug="support",
            title="Service 售后",
            agents=agents[4:],
            strategy="most_skilled",
            ring_s=15,
            wrap_up_s=20,
            wait_s_max=600,
            length_max=100,
            requirement=(model.Need(skill=REPAIRS, level=4, relax_s=8),),
            waiting=waiting,
            callback=callback,
        ),
    )


def _main() -> model.Flow:
    return model.Flow(
        slug="main",
        title="Main line 总机",
        nodes=(
            model.Node(id="welcome", kind="announce", options={"prompt": "welcome"}, exits={"next": "menu"}),
            model.Node(
                id="menu",
                kind="menu",
                options={
                    "prompt": "menu",
                    "choices": {"1": "Order 订购", "2": "Service 售后", "3": "Hours 营业时间", "0": "Office 办公室"},
                    "invalid": "invalid",
                },
                exits={"1": "sales", "2": "support", "3": "hours", "0": "office", "none": "support"},
            ),
            model.Node(
                id="sales",
                kind="queue",
                options={"queue": "sales"},
                exits={"timeout": "support", "full": "busy", "left": "menu"},
            ),
            model.Node(
                id="support",
                kind="queue",
                options={"queue": "support"},
                exits={"timeout": "busy", "full": "busy", "left": "menu"},
            ),
            model.Node(id="hours", kind="announce", options={"prompt": "hours"}, exits={"next": "menu"}),
            model.Node(
                id="office", kind="hours", options={"hours": "office"}, exits={"open": "reception", "closed": "closed"}
            ),
            model.Node(id="reception", kind="transfer", options={"extension": RECEPTION}, exits={"failed": "closed"}),
            model.Node(id="closed", kind="announce", options={"prompt": "office-closed"}, exits={"next": "menu"}),
            model.Node(id="busy", kind="hang_up", options={"prompt": "busy"}),
        ),
    )


def _service() -> model.Flow:
    return model.Flow(
        slug="service",
        title="Service line 售后热线",
        nodes=(
            model.Node(id="welcome", kind="announce", options={"prompt": "service"}, exits={"next": "support"}),
            model.Node(
                id="support",
                kind="queue",
                options={"queue": "support"},
                exits={"timeout": "busy", "full": "busy", "left": "goodbye", "next": "goodbye"},
            ),
            model.Node(id="busy", kind="hang_up", options={"prompt": "busy"}),
            model.Node(id="goodbye", kind="hang_up", options={"prompt": "goodbye"}),
        ),
    )


def _reasons(*rows: tuple[str, str, str]) -> tuple[model.Reason, ...]:
    return tuple(model.Reason(slug=slug, title={"en": english, "zh": chinese}) for slug, english, chinese in rows)


def _people() -> tuple[api.Person, ...]:
    return (
        api.Person(slug=ADMINISTRATOR, name="Administrator 管理员", role="administrator"),
        api.Person(slug=SUPERVISOR, name="Grace Taylor", role="supervisor"),
        *(
            api.Person(slug=slug, name=name, role="agent", agent=slug, language="zh" if not name.isascii() else "en")
            for slug, name in AGENTS.items()
        ),
    )
