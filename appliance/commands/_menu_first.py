"""The first boot at the console: language, where to open the pages and with which code, and the network of the box."""

from collections.abc import Callable, Iterable

import msgspec

from appliance import first_boot, root_work
from appliance.places import Places
from appliance.texts import Texts, marked

KEEP = marked("keep")
"What has to be typed so that a change on trial holds."
FIELDS = (
    ("interface", marked("Network card")),
    ("address", marked("Address")),
    ("gateway", marked("Gateway")),
    ("dns", marked("Name server")),
)
Ask = Callable[[str], str]
Show = Callable[[Iterable[str]], None]


def waits(places: Places) -> first_boot.FirstBoot | None:
    """Give the first boot while the box waits for its first administrator."""
    first = first_boot.read(places.first_boot) if not places.sample else None
    return first if first is not None and first.is_open else None


def welcome(places: Places, first: first_boot.FirstBoot, say: Texts) -> list[str]:
    """Say where to go on, and with which code."""
    addresses = [text.split()[-1].partition("/")[0] for text in _addresses(places)]
    port = "" if places.web_port == HTTPS else f":{places.web_port}"
    where = [f"  https://{address}{port}/" for address in addresses] or [f"  {places.address}"]
    return [
        "",
        say("This box is new. Open one of these addresses in a browser of the same network:"),
        *where,
        "",
        say("and type this set-up code there: {code}", code=first.shown_code),
        say("The certificate is the box's own, so the browser warns of it at first."),
        "",
    ]


HTTPS = 443


def _addresses(places: Places) -> tuple[str, ...]:
    try:
        seen = root_work.ask(places.privileged, root_work.Look()).seen
    except root_work.RootAwayError:
        return ()
    return seen.addresses if seen is not None else ()


def set_network(places: Places, say: Texts, ask: Ask, show: Show) -> None:
    """Ask for an address, or for none; try it for a minute, and keep it if the word is typed."""
    try:
        seen = root_work.ask(places.privileged, root_work.Look()).seen
    except root_work.RootAwayError:
        seen = None
    if seen is None:
        show([say("The network of this machine is not ours to set.")])
        return
    show([*seen.addresses, say("Address by DHCP") if not seen.network.address else seen.network.address, ""])
    show([say("Leave all empty for an address by DHCP. An address has its prefix, such as 192.168.1.10/24.")])
    typed = {name: ask(say("{field}:", field=say(label))) for name, label in FIELDS}
    given = {**typed, "dns": tuple(typed["dns"].split())}
    try:
        network = msgspec.structs.replace(seen.network, **given)
    except ValueError as error:
        show([say("This cannot be: {field}", field=str(error))])
        return
    answer = _asked(places, root_work.SetNetwork(network=network))
    if answer.problem:
        show([say("Refused: {problem}", problem=answer.problem), answer.detail])
        return
    word = say(KEEP)
    show([say("It holds for {seconds} s, and longer only if you keep it.", seconds=answer.left_s)])
    if ask(say("Type {word} to keep it:", word=word)) != word:
        _asked(places, root_work.TakeBack())
        show([say("Nothing was changed.")])
        return
    kept = _asked(places, root_work.Confirm(change=answer.change))
    show([say("Done.") if not kept.problem else say("Refused: {problem}", problem=kept.problem)])


def _asked(places: Places, question: root_work.AnyQuestion) -> root_work.Answer:
    try:
        return root_work.ask(places.privileged, question)
    except root_work.RootAwayError as problem:
        return root_work.Answer(problem="no_root_part", detail=str(problem))
