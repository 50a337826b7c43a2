"""Whether a configuration can be published: every name leads somewhere, every value is one that a box can live with.

A fault names the field by its path and says what is wrong by a stable word; the pages make the sentence of it.
"""

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from appliance.core import check_cards, check_waiting, lines, model
from appliance.core.fault import Fault
from appliance.core.plugins import all_strategies, node_kinds, options_of

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
NODE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
DIGITS = re.compile(r"[0-9]{2,15}")
DIALLED = re.compile(r"\+?[0-9]{2,20}")
HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
NETWORK = re.compile(r"[0-9A-Fa-f.:]{2,45}(/[0-9]{1,3})?")
LANGUAGES = ("en", "zh")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TEXT_MAX = 200
WORDS_MAX = 2000
PARTS_MAX = 5000
"How many parts a list of a configuration may hold."
RANGES: dict[str, tuple[int, int]] = {
    "ring_s": (3, 300),
    "wrap_up_s": (0, 3600),
    "wait_s_max": (0, 86_400),
    "length_max": (0, 10_000),
    "priority": (1, 9),
    "answer_within_s": (1, 3600),
    "short_abandon_s": (0, 60),
    "port": (1, 65_535),
    "calls_max": (0, 10_000),
    "probe_s": (0, 3600),
    "weight": (1, 9),
    "prefer_s": (0, 3600),
    "local_s": (0, 3600),
    "service_goal": (1, 100),
    "missed_s": (0, 3600),
    "units": (1, 20),
    "at_once_max": (0, PARTS_MAX),
    "minutes_max": (0, 1440),
    "spans.port": (1, 128),
    "numbers.priority": (0, 9),
    "flows.priority": (0, 9),
}
"What a number may be, by the name of its field, or of its list and field."
LEVELS = (1, 9)
"Of a skill; and what a priority may be."
NEEDS_MAX = 20
KEEP_DAYS_MAX = 36_500
"Of what is let go one day: a hundred years."
RELAX_S_MAX = 86_400


def check(configuration: model.Configuration) -> tuple[Fault, ...]:
    """Find everything that is wrong; empty if it can be published."""
    return tuple(_faults(configuration))


def _faults(configuration: model.Configuration) -> Iterator[Fault]:
    yield from _company(configuration.company)
    yield from _kept(configuration.company)
    yield from _media(configuration.company)
    for name in _LISTS:
        yield from _list(name, getattr(configuration, name))
    yield from _trunks(configuration.trunks)
    yield from check_cards.faults(configuration)
    yield from _numbers(configuration)
    yield from _extensions(configuration)
    yield from _queues(configuration)
    yield from _people(configuration)
    yield from _routing(configuration)
    for flow in configuration.flows:
        yield from _flow(configuration, flow)
    for hours in configuration.hours:
        yield from _hours(hours)
    yield from _texts(configuration)
    yield from lines.faults(configuration.lines)


_LISTS = (
    "trunks",
    "spans",
    "numbers",
    "extensions",
    "agents",
    "queues",
    "flows",
    "hours",
    "prompts",
    "breaks",
    "dispositions",
    "lines",
)
_DIGIT_LISTS = ("numbers", "extensions")


def _media(company: model.Company) -> Iterator[Fault]:
    for medium, rule in company.media.items():
        known = {"*", "voice", *company.media}
        if not SLUG.fullmatch(medium) or not 0 <= rule.units <= RANGES["units"][1] or not known.issuperset(rule.beside):
            yield Fault(f"company.media.{medium}", "invalid", ", ".join(rule.beside))


def _company(company: model.Company) -> Iterator[Fault]:
    if company.language not in LANGUAGES:
        yield Fault("company.language", "unknown", company.language)
    if len(company.title) > TEXT_MAX or not company.title.isprintable():
        yield Fault("company.title", "invalid", str(TEXT_MAX))
    if not re.fullmatch(r"[0-9]{0,3}", company.prefix):
        yield Fault("company.prefix", "invalid", company.prefix)
    if not 0 <= company.ageing_s <= RELAX_S_MAX:
        yield Fault("company.ageing_s", "out_of_range", f"0-{RELAX_S_MAX}")
    for grade, priority in company.grades.items():
        if not SLUG.fullmatch(grade) or not LEVELS[0] <= priority <= LEVELS[1]:
            yield Fault(f"company.grades.{grade}", "invalid", str(priority))
    for number in company.emergency:
        if not re.fullmatch(r"[0-9]{2,6}", number):
            yield Fault("company.emergency", "invalid", number)
    if not re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", company.zone):
        yield Fault("company.zone", "invalid", company.zone)


def _kept(company: model.Company) -> Iterator[Fault]:
    for name in ("keep_journal_days", "keep_calls_days", "keep_recordings_days"):
        if not 0 <= getattr(company, name) <= KEEP_DAYS_MAX:
            yield Fault(f"company.{name}", "out_of_range", f"0-{KEEP_DAYS_MAX}")


def _list(name: str, parts: tuple[model.Part, ...]) -> Iterator[Fault]:
    if len(parts) > PARTS_MAX:
        yield Fault(name, "too_many", str(PARTS_MAX))
    for slug, times in Counter(part.slug for part in parts).items():
        if times > 1:
            yield Fault(f"{name}.{slug}", "twice", slug)
    pattern = DIGITS if name in _DIGIT_LISTS else SLUG
    for part in parts:
        if not pattern.fullmatch(part.slug):
            yield Fault(f"{name}.{part.slug}.slug", "invalid", part.slug)
        title = getattr(part, "title", "")
        for words in title.values() if isinstance(title, dict) else (title,):
            if len(words) > TEXT_MAX or not words.isprintable():
                yield Fault(f"{name}.{part.slug}.title", "invalid", str(TEXT_MAX))
        for field, usual in RANGES.items():
            low, high = RANGES.get(f"{name}.{field}", usual)
            value = getattr(part, field, low)
            if not low <= value <= high:
                yield Fault(f"{name}.{part.slug}.{field}", "out_of_range", f"{low}-{high}")


def _trunks(trunks: tuple[model.Trunk, ...]) -> Iterator[Fault]:
    for trunk in trunks:
        if trunk.channels:
            continue
        if not HOST.fullmatch(trunk.host):
            yield Fault(f"trunks.{trunk.slug}.host", "invalid", trunk.host)
        if any(not NETWORK.fullmatch(network) for network in trunk.accept):
            yield Fault(f"trunks.{trunk.slug}.accept", "invalid", ", ".join(trunk.accept))
        if not re.fullmatch(r"[A-Za-z0-9_.+-]{0,64}", trunk.username):
            yield Fault(f"trunks.{trunk.slug}.username", "invalid", trunk.username)
        if trunk.register and not trunk.username:
            yield Fault(f"trunks.{trunk.slug}.username", "empty")


def _numbers(configuration: model.Configuration) -> Iterator[Fault]:
    flows, extensions = model.by_slug(configuration.flows), model.by_slug(configuration.extensions)
    for number in configuration.numbers:
        if number.flow not in flows:
            yield Fault(f"numbers.{number.slug}.flow", "missing", number.flow)
        if number.language not in ("", *LANGUAGES):
            yield Fault(f"numbers.{number.slug}.language", "unknown", number.language)
        if number.slug in extensions:
            yield Fault(f"numbers.{number.slug}", "twice", number.slug)


def _extensions(configuration: model.Configuration) -> Iterator[Fault]:
    agents, extensions = model.by_slug(configuration.agents), model.by_slug(configuration.extensions)
    for extension in configuration.extensions:
        if extension.agent and extension.agent not in agents:
            yield Fault(f"extensions.{extension.slug}.agent", "missing", extension.agent)
        if extension.slug in configuration.company.emergency:
            yield Fault(f"extensions.{extension.slug}.slug", "twice", extension.slug)
    for agent in configuration.agents:
        if agent.extension not in extensions:
            yield Fault(f"agents.{agent.slug}.extension", "missing", agent.extension)
    for extension_slug, times in Counter(agent.extension for agent in configuration.agents).items():
        if times > 1:
            yield Fault(f"extensions.{extension_slug}.agent", "twice", extension_slug)


def _queues(configuration: model.Configuration) -> Iterator[Fault]:
    agents = model.by_slug(configuration.agents)
    for queue in configuration.queues:
        where = f"queues.{queue.slug}"
        for slug in queue.agents:
            if slug not in agents:
                yield Fault(f"{where}.agents", "missing", slug)
        if len(dict.fromkeys(queue.agents)) != len(queue.agents):
            yield Fault(f"{where}.agents", "twice")
        if not SLUG.fullmatch(queue.music):
            yield Fault(f"{where}.music", "invalid", queue.music)
        yield from check_waiting.faults(configuration, queue)
        strategy = all_strategies().get(queue.strategy)
        if strategy is None:
            yield Fault(f"{where}.strategy", "unknown", queue.strategy)
            continue
        try:
            options_of(strategy, queue.strategy_options)
        except msgspec.ValidationError as error:
            yield Fault(f"{where}.strategy_options", "invalid", str(error))


def _people(configuration: model.Configuration) -> Iterator[Fault]:
    sites = {agent.site for agent in configuration.agents} | {""}
    for agent in configuration.agents:
        if not re.fullmatch(rf"({SLUG.pattern})?", agent.site):
            yield Fault(f"agents.{agent.slug}.site", "invalid", agent.site)
        for skill, level in agent.skills.items():
            if not SLUG.fullmatch(skill) or not LEVELS[0] <= level <= LEVELS[1]:
                yield Fault(f"agents.{agent.slug}.skills.{skill}", "invalid", str(level))
    for number in configuration.numbers:
        if number.site not in sites:
            yield Fault(f"numbers.{number.slug}.site", "missing", number.site)


def _routing(configuration: model.Configuration) -> Iterator[Fault]:
    skills = {skill for agent in configuration.agents for skill in agent.skills}
    queues = model.by_slug(configuration.queues)
    for queue in configuration.queues:
        where = f"queues.{queue.slug}"
        if len(queue.requirement) > NEEDS_MAX:
            yield Fault(f"{where}.requirement", "too_many", str(NEEDS_MAX))
        for need in queue.requirement:
            if need.skill not in skills:
                yield Fault(f"{where}.requirement", "missing", need.skill)
            if not (LEVELS[0] <= need.level <= LEVELS[1] and 0 <= need.relax_s <= RELAX_S_MAX):
                yield Fault(f"{where}.requirement", "out_of_range", need.skill)
        for lender in queue.lenders:
            if lender not in queues or lender == queue.slug:
                yield Fault(f"{where}.lenders", "missing", lender)
        if len(dict.fromkeys(queue.lenders)) != len(queue.lenders):
            yield Fault(f"{where}.lenders", "twice")


def _flow(configuration: model.Configuration, flow: model.Flow) -> Iterator[Fault]:
    where = f"flows.{flow.slug}"
    if not flow.nodes:
        yield Fault(f"{where}.nodes", "empty")
    ids = [node.id for node in flow.nodes]
    if len(dict.fromkeys(ids)) != len(ids):
        yield Fault(f"{where}.nodes", "twice")
    for node in flow.nodes:
        at = f"{where}.{node.id}"
        if not NODE_ID.fullmatch(node.id):
            yield Fault(at, "invalid", node.id)
        kind = node_kinds().get(node.kind)
        if kind is None:
            yield Fault(f"{at}.kind", "unknown", node.kind)
            continue
        try:
            options = options_of(kind, node.options)
        except msgspec.ValidationError as error:
            yield Fault(f"{at}.options", "invalid", str(error))
            continue
        for exit_name, target in node.exits.items():
            if exit_name not in kind.exits(options):
                yield Fault(f"{at}.exits", "unknown", exit_name)
            if target not in ids:
                yield Fault(f"{at}.exits.{exit_name}", "missing", target)
        yield from _names(configuration, at, node)


_NAMES = {
    "prompt": "prompts",
    "invalid": "prompts",
    "queue": "queues",
    "hours": "hours",
    "extension": "extensions",
}
"Which list an option of a node names, by the option's name."


def _names(configuration: model.Configuration, at: str, node: model.Node) -> Iterator[Fault]:
    for option, name in _NAMES.items():
        slug = node.options.get(option, "")
        if slug and all(part.slug != slug for part in getattr(configuration, name)):
            yield Fault(f"{at}.options.{option}", "missing", str(slug))
    outside = node.options.get("outside", "")
    if outside and not DIALLED.fullmatch(str(outside)):
        yield Fault(f"{at}.options.outside", "invalid", str(outside))


def _hours(hours: model.Hours) -> Iterator[Fault]:
    where = f"hours.{hours.slug}"
    for day, stretches in hours.week.items():
        if day not in DAYS:
            yield Fault(f"{where}.week", "unknown", day)
        last = ""
        for begin, end in stretches:
            if not (TIME.fullmatch(begin) and TIME.fullmatch(end) and last <= begin < end):
                yield Fault(f"{where}.week.{day}", "invalid", f"{begin}-{end}")
            last = end
    for date in hours.closed:
        if not DATE.fullmatch(date):
            yield Fault(f"{where}.closed", "invalid", date)


def _texts(configuration: model.Configuration) -> Iterator[Fault]:
    for prompt in configuration.prompts:
        for language, words in prompt.texts.items():
            where = f"prompts.{prompt.slug}.texts.{language}"
            if language not in LANGUAGES:
                yield Fault(where, "unknown", language)
            if not words.strip():
                yield Fault(where, "empty")
            if len(words) > WORDS_MAX:
                yield Fault(where, "too_long", str(WORDS_MAX))
