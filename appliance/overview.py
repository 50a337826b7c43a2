"""What a person or a program has to know to use the box: address, accounts, numbers, and what each key does.

`make run` prints it, `switchroom status --json` gives it, selftest and demo place their calls by it.
"""

import msgspec

from appliance import sign_ins
from appliance.core import model
from appliance.places import Places
from appliance.store.reader import Reader

STEPS_MAX = 100
"How far a flow is followed; a longer way is a circle."


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A desk phone's SIP account."""

    extension: str
    "Its digits, which are the SIP user name too."
    password: str = ""
    agent: str = ""
    name: str = ""
    queues: tuple[str, ...] = ()


class SignIn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who may sign in."""

    person: str
    name: str
    role: str
    password: str = ""
    "Only of the sample company, as long as it is there."


class Way(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a caller meets on one way through a flow."""

    says: str = ""
    "What the key chooses, in the menu's words."
    prompts: tuple[str, ...] = ()
    "Slugs of what is heard, in order, up to its end."
    queue: str = ""
    extension: str = ""
    outside: str = ""
    ends: str = ""
    "Where it leads if to none of these: `menu`, `hours`, `hang_up` or `nowhere`."


class Dialled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number of ours."""

    number: str
    title: str = ""
    language: str = ""
    way: Way
    "From the beginning; where it ends in a menu, `keys` go on from there."
    keys: dict[str, Way] = {}


class Sip(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send SIP, by UDP or TCP. A call from `trunk_from` that names no account comes in by the trunk."""

    host: str
    port: int
    trunk_from: tuple[str, ...] = ()


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    company: str
    address: str
    sip: Sip
    sample: bool
    "Whether the sample company, with passwords made by chance, is still there."
    accounts: tuple[Account, ...] = ()
    sign_ins: tuple[SignIn, ...] = ()
    numbers: tuple[Dialled, ...] = ()


def overview(places: Places, reader: Reader) -> Overview:
    """Look at the configuration that holds now; raises what the reader raises if the store is not there."""
    standing = reader.standing()
    known = sign_ins.read(places.sign_ins) or sign_ins.SignIns()
    secrets = reader.secrets()
    configuration = standing.configuration
    names = reader.names()
    return Overview(
        company=configuration.company.title,
        address=places.address,
        sip=Sip(
            host=places.host,
            port=places.sip_port,
            trunk_from=tuple(host for trunk in configuration.trunks for host in trunk.accept or (trunk.host,)),
        ),
        sample=bool(known.people or known.extensions),
        accounts=tuple(
            Account(
                extension=phone.slug,
                password=secrets.get(f"extension/{phone.slug}", ""),
                agent=phone.agent,
                name=names.get(phone.agent, ""),
                queues=tuple(queue.slug for queue in configuration.queues if phone.agent in queue.agents),
            )
            for phone in configuration.extensions
        ),
        sign_ins=tuple(
            SignIn(
                person=person.slug,
                name=names.get(person.slug, ""),
                role=person.role,
                password=known.people.get(person.slug, ""),
            )
            for person in standing.people
            if not person.disabled
        ),
        numbers=tuple(dialled(configuration, number) for number in configuration.numbers),
    )


def dialled(configuration: model.Configuration, number: model.Number) -> Dialled:
    """Say what a number does."""
    flow = model.by_slug(configuration.flows).get(number.flow)
    nodes = {node.id: node for node in flow.nodes} if flow else {}
    first = flow.nodes[0].id if flow and flow.nodes else ""
    way, last = _follow(nodes, first)
    keys: dict[str, Way] = {}
    if last is not None and last.kind == "menu":
        for key, says in last.options.get("choices", {}).items():
            onward, _ = _follow(nodes, last.exits.get(key, ""))
            keys[key] = msgspec.structs.replace(onward, says=says)
    return Dialled(
        number=number.slug,
        title=number.title,
        language=number.language or configuration.company.language,
        way=way,
        keys=keys,
    )


def _follow(nodes: dict[str, model.Node], begin: str) -> tuple[Way, model.Node | None]:
    """Follow a flow to where a key, the clock or a person decides."""
    prompts: list[str] = []
    node = nodes.get(begin)
    for _ in range(STEPS_MAX):
        if node is None:
            break
        options = node.options
        match node.kind:
            case "announce":
                prompts.append(options.get("prompt", ""))
                node = nodes.get(node.exits.get("next", ""))
                continue
            case "menu":
                return Way(prompts=(*prompts, options.get("prompt", "")), ends="menu"), node
            case "queue":
                return Way(prompts=tuple(prompts), queue=options.get("queue", "")), node
            case "transfer":
                extension, outside = options.get("extension", ""), options.get("outside", "")
                return Way(prompts=tuple(prompts), extension=extension, outside=outside), node
            case "hang_up" if options.get("prompt"):
                return Way(prompts=(*prompts, options["prompt"]), ends="hang_up"), node
            case kind:
                return Way(prompts=tuple(prompts), ends=kind), node
    return Way(prompts=tuple(prompts), ends="nowhere"), None
