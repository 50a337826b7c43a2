"""The dialplan as a graph: where a call can go, and that emergency numbers need nobody."""

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.api import Equipment
from appliance.core import model
from drivers.asterisk import dialplan
from drivers.asterisk.conf import ConfError
from tests.contract.company import company
from tests.drivers.asterisk.played import SITE

LINE = re.compile(
    r"\[[a-z-]+\]|(?:exten => [A-Za-z0-9_.*#]+,1| same => n)(?:\([a-z0-9]+\))?,[A-Za-z]+\(.*\)"
    r"|include => [a-z-]+|#tryinclude extensions-company\.conf|[a-z]+ = yes|; Written by .*|"
)

Steps = list[tuple[str, str]]


def plan(configuration: model.Configuration) -> dict[str, dict[str, Steps]]:
    """Read the rendered dialplan: context, extension, steps of label and application; includes under the name ''."""
    files = dialplan.files(SITE, Equipment(configuration=configuration, names={}, secrets={}))
    contexts: dict[str, dict[str, Steps]] = {}
    context: dict[str, Steps] = {}
    steps: Steps = []
    for line in "\n".join(files.values()).split("\n"):
        assert LINE.fullmatch(line), line
        if line.startswith("["):
            context = contexts.setdefault(line.strip("[]"), {})
        elif line.startswith("include"):
            context.setdefault("", []).append(("", line.removeprefix("include => ")))
        elif " => " in line:
            head, _, application = line.partition("=> ")[2].partition(",")
            if line.startswith("exten"):
                steps = context.setdefault(head, [])
                application = application.removeprefix("1")
            else:
                application = head.removeprefix("n") + "," + application
            label, _, call = application.partition(",")
            steps.append((label.strip("()"), call))
    return contexts


def targets(step: str) -> list[str]:
    """Name the places that a step may jump to."""
    if plain := re.fullmatch(r"Goto\((.*)\)", step):
        return [plain[1]]
    if step.startswith("GotoIf("):
        branches = step.rpartition("?")[2].removesuffix(")").split(":")
        return [branch for branch in branches if branch]
    return [f"{name},s,1" for name in re.findall(r"(?:Gosub\(|\?:|b\()(sr-[a-z]+)[,^]s[,^]1", step)]


def test_every_jump_leads_somewhere() -> None:
    """Each label, extension and context that is named is there."""
    contexts = plan(company(calls_max=3))
    jumps = 0
    for name, extensions in contexts.items():
        for extension, steps in extensions.items():
            labels = {label for label, _ in steps}
            for target in (target for _, step in steps for target in targets(step)):
                context, _, where = target.partition(",")
                found = context in labels if not where else where.split(",")[0] in contexts[context]
                assert found, (name, extension, target)
                jumps += 1
    assert jumps > 30
    assert "ask" in {label for label, _ in contexts[dialplan.CALLER]["s"]}
    assert contexts[dialplan.AGENT]["wait"]
    assert contexts[dialplan.FALL_BACK]["s"]


@pytest.mark.parametrize("context", [dialplan.PHONE_INSIDE, dialplan.PHONE_OUTSIDE])
def test_emergency_numbers_are_matched_first_and_ask_nobody(context: str) -> None:
    """They stand in the first include of each phone's context, with and without the prefix, and no AGI follows."""
    contexts = plan(company())
    assert contexts[context][""][0] == ("", "sr-emergency-numbers")
    assert set(contexts[context]) == {""}
    assert set(contexts["sr-emergency-numbers"]) == {"112", "9112"}
    steps = [step for _, step in contexts["sr-emergency"]["112"]]
    assert steps[0] == "Set(__SR_EMERGENCY=1)"
    everything = " ".join([*steps, *(step for _, step in contexts["sr-clear"]["s"])])
    assert "AGI" not in everything
    assert everything.count("Dial(PJSIP/112@carrier,120)") == 4


def test_an_emergency_call_goes_over_every_trunk_in_order() -> None:
    """First those that answer probes; then a line is cleared on them; then the others."""
    trunks = (model.Trunk(slug="one", host="h"), model.Trunk(slug="two", host="h"))
    contexts = plan(model.Configuration(trunks=trunks))
    steps = " ".join(step for _, step in contexts["sr-emergency"]["112"])
    assert re.findall(r"@(one|two),120", steps) == ["one", "two"] * 4
    assert [contexts["sr-emergency"]["112"][index][1].startswith("ExecIf") for index in (2, 4)] == [True, True]


def test_an_extension_that_bears_an_emergency_number_does_not_hide_it() -> None:
    """Includes are searched in their order."""
    contexts = plan(model.Configuration(extensions=(model.Extension(slug="112"),), trunks=()))
    assert contexts[dialplan.PHONE_INSIDE][""] == [("", "sr-emergency-numbers"), ("", "sr-inside")]


def test_only_the_callers_loop_asks_us() -> None:
    """Everything else lives without a daemon."""
    contexts = plan(company())
    asking = [name for name, extensions in contexts.items() if "AGI(" in str(extensions)]
    assert asking == [dialplan.CALLER]


def test_what_a_trunk_dials_is_filtered_before_anything_else() -> None:
    """It may be any text: only what a telephone can dial goes on, as the dialled number too."""
    for configuration in (company(), company(calls_max=2)):
        steps = [step for _, step in plan(configuration)[dialplan.FROM_TRUNK]["_."]]
        assert steps[0] == "Set(CALLERID(dnid)=${FILTER(0-9*#+,${EXTEN})})"
        assert "EXTEN" not in "".join(steps[1:])


def test_no_leg_is_recorded_by_the_dialplan() -> None:
    """It would come too late: a phone may be picked up at once."""
    assert "MixMonitor" not in str(plan(company()))


def test_nobody_stays_in_an_application_for_ever() -> None:
    """Music, waits and rings have an end, so that a caller comes back to us."""
    for name, extensions in plan(company()).items():
        for step in (step for steps in extensions.values() for _, step in steps):
            assert not re.fullmatch(r"(?:MusicOnHold\([^,]*|Wait\(|Dial\([^,]*|Echo\(.*)\)", step), (name, step)


def test_a_phone_that_may_not_call_outside_has_no_way_there() -> None:
    """But reaches extensions, our own numbers and emergency."""
    contexts = plan(company())
    assert [include for _, include in contexts[dialplan.PHONE_INSIDE][""]] == ["sr-emergency-numbers", "sr-inside"]
    assert [include for _, include in contexts[dialplan.PHONE_OUTSIDE][""]][2:] == ["sr-outbound"]
    assert set(contexts["sr-outbound"]) == {"_9."}
    assert {"101", "110", "2001"} <= set(contexts["sr-inside"])


def test_without_a_prefix_every_number_is_outside() -> None:
    """And nothing is cut off."""
    contexts = plan(model.Configuration(company=model.Company(prefix=""), trunks=company().trunks))
    assert contexts["sr-outbound"]["_X."][0][1] == "Set(SR_OUT=${FILTER(0-9*#+,${EXTEN})})"
    assert set(contexts["sr-emergency-numbers"]) == {"112"}


def test_a_limit_of_calls_is_kept_both_ways() -> None:
    """Counted for each trunk by itself; a trunk without a limit has none."""
    limited = company(calls_max=2)
    contexts = plan(limited)
    assert "GROUP_COUNT(carrier@trunk)} > 2" in str(contexts[dialplan.FROM_TRUNK])
    assert "GROUP_COUNT(carrier@trunk)} >= 2" in str(contexts["sr-outside"])
    assert "GROUP_COUNT" not in str(plan(company()))


def test_the_fall_back_speaks_the_companys_words_if_there_are_any() -> None:
    """Else Asterisk's own; without phones it only speaks."""
    steps = [step for _, step in plan(company())[dialplan.FALL_BACK]["s"]]
    assert "Playback(/box/prompts/en/unavailable)" in steps
    assert "Dial(PJSIP/101&PJSIP/102&PJSIP/103&PJSIP/104&PJSIP/105,40,m(default))" in steps
    steps = [step for _, step in plan(model.Configuration())[dialplan.FALL_BACK]["s"]]
    assert "Playback(all-circuits-busy-now)" in steps
    assert not any(step.startswith("Dial") for step in steps)


@given(st.text(max_size=20), st.sampled_from(["extension", "number", "trunk", "emergency", "prefix", "language"]))
def test_no_name_bends_the_dialplan(text: str, field: str) -> None:
    """A hostile name is refused, or every line has the form that it should have."""
    usual = company()
    made = {
        "extension": lambda: msgspec.structs.replace(usual, extensions=(model.Extension(slug=text, agent="a"),)),
        "number": lambda: msgspec.structs.replace(usual, numbers=(model.Number(slug=text, flow="main"),)),
        "trunk": lambda: msgspec.structs.replace(usual, trunks=(model.Trunk(slug=text, host="h", calls_max=1),)),
        "emergency": lambda: msgspec.structs.replace(usual, company=model.Company(emergency=(text,))),
        "prefix": lambda: msgspec.structs.replace(usual, company=model.Company(prefix=text)),
        "language": lambda: msgspec.structs.replace(usual, company=model.Company(language=text)),
    }[field]()
    try:
        contexts = plan(made)
    except ConfError:
        return
    assert set(contexts) == set(plan(usual))


@pytest.mark.parametrize("folder", ["/box/a,b", "/box/${x}", "/box/a;b", "relative", "/box/a&b", '/box/"'])
def test_a_path_that_means_something_to_the_dialplan_is_refused(folder: str) -> None:
    """A comma would end an argument."""
    site = replace(SITE, recordings=Path(folder))
    with pytest.raises(ConfError):
        dialplan.files(site, Equipment(configuration=company(), names={}, secrets={}))
