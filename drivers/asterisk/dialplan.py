"""The dialplan: it holds every call by itself and asks us what to do; it never depends on us to let people talk.

A caller goes round one loop: ask the daemon over AGI, do what it left in `SR_DONE`, ask again. The daemon sets
`SR_DONE` as its last command of a session, so an empty one means that it went away in the middle, or that another
leg was bridged in: in both cases ask again after a moment. After a minute without an answer the static fall-back
rings the desk phones.

Calls of the desk phones need nobody: emergency numbers, other extensions and outside numbers are matched here.
Variables that begin with `SR_` are ours; two underscores let them pass to the legs that a leg makes.
"""

import re
from pathlib import Path

from appliance.api import Equipment
from appliance.core.model import Configuration, Trunk
from drivers.asterisk.addresses import GLOBAL, digits, on_cards, phone_address, slug, trunk_address
from drivers.asterisk.conf import COMPANY, ConfError, Site, sections

FROM_TRUNK = "from-trunk"
PHONE_INSIDE = "phone-inside"
PHONE_OUTSIDE = "phone-outside"
CALLER = "sr-caller"
AGENT = "sr-agent"
FALL_BACK = "sr-fall-back"
SENT_INSIDE = "sr-sent-inside"
SENT_OUTSIDE = "sr-sent-outside"
"Where an agent's phone may send a caller on to (REFER): phones and numbers of ours, or outside numbers, too."
OUT_OF_SERVICE = "sr-out"
"Where calls in end on a line of a card that takes no new call."
OUTSIDE = "outside/"
"What stands before an outside number that a caller was sent on to."

MUSIC_S = 10
"Seconds of music between two questions to the daemon, where it has not said how many."
BEFORE_ASKING_S = 0.3
"How long after a talk a caller's leg asks us, by another line than the one that tells who hung up."
AGENT_WAITS_S = 150
"How long an agent's answered leg waits to be bridged: a customer may have to be called first."
AFTER_TALK_S = 5
"How long it waits to be hung up by us after the talk."
FALL_BACK_PHONES_MAX = 20
FALL_BACK_RING_S = 40
EMERGENCY_ROUNDS = 2
SORRY = "unavailable"
"The slug of the prompt that the fall-back says when nobody answers; Asterisk's own words where there is none."

_PATH = re.compile(r"/[A-Za-z0-9_./ +@-]{1,200}")

Step = str | tuple[str, str]
"An application with its arguments; or a label and one."


def path(given: Path) -> str:
    """Give a path if nothing in it means something to the dialplan."""
    if not _PATH.fullmatch(str(given)):
        raise ConfError(f"{given} has a character in its path that the dialplan would take for its own")
    return str(given)


def context(title: str, *parts: str) -> str:
    """Give a context of extensions and includes."""
    return f"[{title}]\n" + "".join(parts)


def extension(pattern: str, *steps: Step) -> str:
    """Give an extension: what is done, step by step."""
    lines: list[str] = []
    for number, step in enumerate(steps, start=1):
        label, application = step if isinstance(step, tuple) else ("", step)
        head = f"exten => {pattern},1" if number == 1 else " same => n"
        lines.append(f"{head}({label}),{application}" if label else f"{head},{application}")
    return "\n".join(lines) + "\n"


def _from_trunk(trunks: tuple[Trunk, ...]) -> str:
    """Give the entry of every call from a carrier: its digits are filtered, its trunk's limit kept."""
    busy = 'GotoIf($["${{SR_TRUNK}}" = "{0}" & ${{GROUP_COUNT({0}@trunk)}} > {1}]?full)'
    limits = [busy.format(slug(trunk.slug), trunk.calls_max) for trunk in trunks if trunk.calls_max]
    full: tuple[Step, ...] = (("full", "Hangup(34)"),) if limits else ()
    return context(
        FROM_TRUNK,
        extension(
            "_.",
            "Set(CALLERID(dnid)=${FILTER(0-9*#+,${EXTEN})})",
            "Set(SR_NUMBER=${CALLERID(dnid)})",
            "Set(GROUP(trunk)=${SR_TRUNK})",
            *limits,
            f"Goto({CALLER},s,1)",
            *full,
        ),
        # A line without dialled digits, such as an analogue one, has its trunk's number, if any.
        extension("s", "Set(SR_NUMBER=${SR_LINE})", "Set(GROUP(trunk)=${SR_TRUNK})", f"Goto({CALLER},s,1)"),
    )


def _caller(site: Site) -> str:
    """Give the loop that a caller goes round."""
    music = 'MusicOnHold(${{IF($["${{SR_MUSIC}}" = ""]?default:${{SR_MUSIC}})}},{seconds})'
    # The place has two commas in it, so what comes behind it is counted from there.
    names = ("TRUNK", "NUMBER", "INTERACTION", "QUEUE", "SENT", "PLACE", "KEY")
    asked = ",".join(f"${{SR_{name}}}" for name in names)
    seconds = f"${{IF($[0${{SR_SECONDS}} > 0]?${{SR_SECONDS}}:{MUSIC_S})}}"
    jumps = [f'GotoIf($["${{SR_DONE}}" = "{word}"]?{word})' for word in ("hold", "forward", "outside", "again", "end")]
    return context(
        CALLER,
        extension(
            "s",
            "Set(SR_LOST=)",
            # A leg that is hung up or bridged leaves AGI at once; else it would wait there until we close.
            "Set(AGIEXITONHANGUP=yes)",
            ("ask", "Set(SR_DONE=)"),
            f"AGI(agi://127.0.0.1:{site.agi_port}/leg,{asked})",
            "Set(SR_KEY=)",
            'ExecIf($["${SR_DONE}" != ""]?Set(SR_SENT=))',
            *jumps,
            f'GotoIf($["${{SR_DONE}}" = "fall-back"]?{FALL_BACK},s,1)',
            # Nobody said what to do: the daemon is away, or the leg was bridged while it listened to a prompt.
            'ExecIf($["${SR_LOST}" = ""]?Set(SR_LOST=${EPOCH}))',
            f"GotoIf($[${{EPOCH}} - ${{SR_LOST}} >= {site.without_daemon_s_max}]?{FALL_BACK},s,1)",
            "Wait(0.${RAND(200,399)})",
            'GotoIf($["${SR_AGAIN}" = "" | "${CHANNEL(state)}" != "Up"]?quiet)',
            music.format(seconds=1),
            ("quiet", "Set(SR_AGAIN=1)"),
            "Goto(ask)",
            ("hold", "Set(SR_LOST=)"),
            "Set(SR_AGAIN=)",
            'GotoIf($["${SR_DONE}" = "hold" & "${SR_SECONDS}" = "0"]?ask)',
            "Set(SR_SINCE=${EPOCH})",
            'GotoIf($["${SR_DONE}" = "hold" & "${SR_KEYS}" != ""]?keys)',
            # Whom we bridge is to ask when the talk is over, though it never came to its music (perform.py).
            f'ExecIf($["${{SR_DONE}}" = "hold"]?{music.format(seconds=seconds)})',
            'GotoIf($["${SR_DONE}" = "again"]?again)',
            # Music that ends at once (a class without files) must not spin.
            "ExecIf($[${EPOCH} - ${SR_SINCE} < 1]?Wait(1))",
            "Goto(ask)",
            # A key that is pressed here is an extension of its own, below.
            ("keys", f"WaitExten({seconds},m(${{FILTER(a-z0-9-,${{SR_MUSIC}})}}))"),
            'GotoIf($["${SR_DONE}" = "again"]?again)',
            "Goto(ask)",
            ("forward", "Set(SR_LOST=)"),
            f"Set(SR_AT=${{{GLOBAL}${{FILTER(0-9,${{SR_TO}})}}}})",
            'Set(SR_AT=${IF($["${SR_AT}" = ""]?PJSIP/${FILTER(0-9*#,${SR_TO})}:${SR_AT})})',
            "Dial(${SR_AT},${FILTER(0-9,${SR_RING})})",
            "Goto(ask)",
            ("outside", "Set(SR_LOST=)"),
            "Set(SR_OUT=${FILTER(0-9*#+,${SR_TO})})",
            "Gosub(sr-outside,s,1)",
            "Goto(ask)",
            # The end of the phone that hung up is told by then.
            ("again", f"Wait({BEFORE_ASKING_S})"),
            "Goto(ask)",
            ("end", "Hangup(${FILTER(0-9,${SR_CAUSE})})"),
        ),
        *(extension(key, "Set(SR_KEY=${EXTEN})", f"Goto({CALLER},s,ask)") for key in ("_X", "*", "#")),
    )


def _agent() -> str:
    """Give what an agent's leg does until it is bridged, and after it.

    A bridge ends the first wait. After the talk it waits again, so that the end of the leg which hung up is told first.
    An agent whose customer is still to be called hears music meanwhile.
    """
    after = (f"Wait({AFTER_TALK_S})", "Hangup()")
    return context(
        AGENT,
        extension("wait", f"Wait({AGENT_WAITS_S})", *after),
        extension("call", f"MusicOnHold(default,{AGENT_WAITS_S})", *after),
    )


def _fall_back(site: Site, configuration: Configuration) -> str:
    """Give what a caller meets when nobody has answered for a minute: the desk phones, then some words."""
    phones = [phone for phone in configuration.extensions if phone.agent] or list(configuration.extensions)
    group = "&".join(phone_address(configuration, phone) for phone in phones[:FALL_BACK_PHONES_MAX])
    spoken = any(prompt.slug == SORRY for prompt in configuration.prompts)
    words = (
        f"{path(site.prompts)}/{slug(configuration.company.language)}/{SORRY}" if spoken else "all-circuits-busy-now"
    )
    ring: tuple[Step, ...] = (
        (f"Dial({group},{FALL_BACK_RING_S},m(default))", 'GotoIf($["${DIALSTATUS}" = "ANSWER"]?end)') if group else ()
    )
    # When it began stands in the chronicle, beside the call's end.
    begin = ("Answer()", "Set(SR_STATE=fall-back)", "Set(CHANNEL(userfield)=${EPOCH})")
    steps: tuple[Step, ...] = (*begin, *ring, f"Playback({words})", ("end", "Hangup()"))
    return context(FALL_BACK, extension("s", *steps))


def _emergency(configuration: Configuration) -> str:
    """Give the emergency numbers: every trunk in order, then again with another call cleared before each."""
    company = configuration.company
    entries: list[str] = []
    calls: list[str] = []
    ended = 'GotoIf($["${DIALSTATUS}" = "ANSWER" | "${DIALSTATUS}" = "CANCEL"]?end)'
    for number in map(digits, company.emergency):
        doors = [number, f"{digits(company.prefix)}{number}"] if company.prefix else [number]
        entries += [extension(door, f"Goto(sr-emergency,{number},1)") for door in doors]
        steps: list[Step] = ["Set(__SR_EMERGENCY=1)", "Set(SR_ROUND=0)"]
        trunks = [slug(trunk.slug) for trunk in configuration.trunks]
        dials = {trunk.slug: f"Dial({trunk_address(trunk, number)},120)" for trunk in configuration.trunks}
        # A card tells at once that its line is dead, so nothing is asked of it before.
        sip = {trunk.slug for trunk in configuration.trunks if not on_cards(trunk)}
        away = {trunk: f'"${{DEVICE_STATE(PJSIP/{trunk})}}" = "UNAVAILABLE"' for trunk in sip}
        clears = {trunk: f"{'sr-clear' if trunk in sip else 'sr-clear-line'},s,1({trunk})" for trunk in trunks}
        for trunk in trunks:
            steps += [f"ExecIf($[{away[trunk]}]?NoOp():{dials[trunk]})" if trunk in sip else dials[trunk], ended]
        # A trunk that answers no probe costs half a minute, so a line is cleared on those that do first.
        for trunk in trunks:
            clear = f"GosubIf($[{away[trunk]}]?:{clears[trunk]})" if trunk in sip else f"Gosub({clears[trunk]})"
            cleared = f'ExecIf($["${{GOSUB_RETVAL}}" = "1"]?{dials[trunk]})'
            steps += ["Set(GOSUB_RETVAL=)", clear, cleared, ended]
        for trunk in trunks:
            steps += [f"ExecIf($[{away[trunk]}]?{dials[trunk]})", ended] if trunk in sip else []
        steps.append(("clear", "Set(SR_ROUND=$[${SR_ROUND} + 1])"))
        for trunk in trunks:
            steps += [f"Gosub({clears[trunk]})", dials[trunk], ended]
        steps += [
            f"GotoIf($[${{SR_ROUND}} < {EMERGENCY_ROUNDS}]?clear)",
            "PlayTones(congestion)",
            "Wait(10)",
            ("end", "Hangup(${HANGUPCAUSE})"),
        ]
        calls.append(extension(number, *steps))
    return "\n".join((context("sr-emergency-numbers", *entries), context("sr-emergency", *calls)))


def _clear() -> str:
    """Give the subroutine that ends one call of a trunk, never an emergency call."""
    return context(
        "sr-clear",
        extension(
            "s",
            "Set(LOCAL(left)=${CHANNELS(^PJSIP/${ARG1}-[0-9a-f]{8}$)})",
            ("next", 'GotoIf($["${left}" = ""]?none)'),
            "Set(LOCAL(one)=${SHIFT(left,\\x20)})",
            'GotoIf($["${IMPORT(${one},SR_EMERGENCY)}" = "1"]?next)',
            "SoftHangup(${one})",
            "Wait(0.5)",
            "Return(1)",
            ("none", "Return(0)"),
        ),
    )


def _clear_line() -> str:
    """Give the same for lines of cards: a channel's name does not tell its trunk, its group does."""
    return context(
        "sr-clear-line",
        extension(
            "s",
            "Set(LOCAL(left)=${CHANNELS(^DAHDI/)})",
            ("next", 'GotoIf($["${left}" = ""]?none)'),
            "Set(LOCAL(one)=${SHIFT(left,\\x20)})",
            'GotoIf($["${IMPORT(${one},GROUP(trunk))}" != "${ARG1}"]?next)',
            'GotoIf($["${IMPORT(${one},SR_EMERGENCY)}" = "1"]?next)',
            "SoftHangup(${one})",
            "Wait(0.5)",
            "Return(1)",
            ("none", "Return(0)"),
        ),
    )


def _cards(configuration: Configuration) -> tuple[str, ...]:
    """Give what cards need beside, where there are any: which phones are theirs, what ends calls on resting lines."""
    if not configuration.spans:
        return ()
    phones = [phone for phone in configuration.extensions if phone.line]
    where = "".join(f"{GLOBAL}{digits(each.slug)} = {phone_address(configuration, each)}\n" for each in phones)
    refuse = "Hangup(44)"
    return (
        f"[globals]\n{where}",
        context(OUT_OF_SERVICE, extension("_[0-9*#+]!", refuse), extension("s", refuse)),
        _clear_line(),
    )


def _outside(trunks: tuple[Trunk, ...]) -> str:
    """Give the subroutine that calls `SR_OUT` over the first trunk that takes it."""
    steps: list[Step] = ["Set(DIALSTATUS=)"]
    taken = " & ".join(f'"${{DIALSTATUS}}" != "{status}"' for status in ("", "CHANUNAVAIL", "CONGESTION"))
    for number, trunk in enumerate(trunks):
        label = f"after{number}"
        if trunk.calls_max:
            steps.append(f"GotoIf($[${{GROUP_COUNT({slug(trunk.slug)}@trunk)}} >= {trunk.calls_max}]?{label})")
        slug(trunk.slug)
        steps.append(f"Dial({trunk_address(trunk, '${SR_OUT}')},60,b(sr-count^s^1({trunk.slug})))")
        steps.append((label, f"ExecIf($[{taken}]?Return())"))
    return "\n".join(
        (
            context("sr-outside", extension("s", *steps, "Return()")),
            context("sr-count", extension("s", "Set(GROUP(trunk)=${ARG1})", "Return()")),
        )
    )


def _phones(configuration: Configuration) -> str:
    """Give what a desk phone may dial, emergency numbers before all else."""
    prefix = configuration.company.prefix
    inside = [
        extension(digits(phone.slug), f"Dial({phone_address(configuration, phone)},45)", "Hangup(${HANGUPCAUSE})")
        for phone in configuration.extensions
    ]
    ours = [
        extension(digits(number.slug), f"Set(SR_NUMBER={number.slug})", f"Goto({CALLER},s,1)")
        for number in configuration.numbers
    ]
    outside = f"_{digits(prefix)}." if prefix else "_X."
    dialled = f"${{FILTER(0-9*#+,{f'${{EXTEN:{len(prefix)}}}' if prefix else '${EXTEN}'})}}"
    outbound = extension(outside, f"Set(SR_OUT={dialled})", "Gosub(sr-outside,s,1)", "Hangup(${HANGUPCAUSE})")
    known = dict.fromkeys(digits(part.slug) for part in (*configuration.extensions, *configuration.numbers))
    sent = [extension(number, f"Set(SR_SENT={number})", f"Goto({CALLER},s,ask)") for number in known]
    sent_out = extension(outside, f"Set(SR_SENT={OUTSIDE}{dialled})", f"Goto({CALLER},s,ask)")
    return "\n".join(
        (
            context("sr-inside", *inside, *ours),
            context("sr-outbound", outbound),
            context("sr-sent", *sent),
            context("sr-sent-out", sent_out),
            context(SENT_INSIDE, "include => sr-emergency-numbers\ninclude => sr-sent\n"),
            context(SENT_OUTSIDE, "include => sr-emergency-numbers\ninclude => sr-sent\ninclude => sr-sent-out\n"),
            context(PHONE_INSIDE, "include => sr-emergency-numbers\ninclude => sr-inside\n"),
            context(PHONE_OUTSIDE, "include => sr-emergency-numbers\ninclude => sr-inside\ninclude => sr-outbound\n"),
        )
    )


def files(site: Site, equipment: Equipment) -> dict[str, str]:
    """Give the dialplan's files, name to text; raises `ConfError` for a part that the dialplan cannot hold."""
    configuration = equipment.configuration
    path(site.recordings)  # said to MixMonitor over AGI, which takes the same characters for its own
    general = "[general]\nstatic = yes\nwriteprotect = yes\nautofallthrough = yes\nclearglobalvars = yes\n"
    return {
        "extensions.conf": sections(general, _caller(site), _agent(), _clear(), include=f"extensions{COMPANY}"),
        f"extensions{COMPANY}": sections(
            *_cards(configuration),
            _from_trunk(configuration.trunks),
            _fall_back(site, configuration),
            _emergency(configuration),
            _outside(configuration.trunks),
            _phones(configuration),
        ),
    }
