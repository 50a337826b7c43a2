"""What we may say to Asterisk, and as whom."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.asterisk.codec import LocalProtocolError
from drivers.asterisk.codec_ami import Action, write_action
from drivers.asterisk.vocabulary import Actions, Right, allowed, caller_id, variable


def headers(action: Action) -> list[tuple[str, str]]:
    """Give what Asterisk would read, after the name and the ActionID."""
    lines = write_action(action, "1").decode().split("\r\n")[:-2]
    assert lines[:2] == [f"Action: {action.name}", "ActionID: 1"]
    pairs = [line.split(": ", 1) for line in lines[2:]]
    return [(name, value) for name, value in pairs]


def separate(text: str) -> list[str]:
    """Split at commas as main/app.c, __ast_app_separate_args, does when it takes quotes and backslashes out."""
    words = [""]
    round_ = square = 0
    quoted = False
    characters = iter(text)
    for character in characters:
        if character == "\\":
            words[-1] += next(characters, "")
        elif character == '"':
            quoted = not quoted
        elif character == "," and not (round_ or square or quoted):
            words.append("")
        else:
            round_ = max(0, round_ + (character == "(") - (character == ")"))
            square = max(0, square + (character == "[") - (character == "]"))
            words[-1] += character
    return words


def test_originate_has_what_it_was_given_and_no_empty_header() -> None:
    """Variables are repeated headers, each escaped."""
    action = Actions().originate(
        "PJSIP/100",
        context="switchroom",
        exten="offer",
        priority="1",
        timeout="20000",
        caller_id=caller_id("Anna", "600"),
        variables={"A": 'x,B=1 "y" \\z', "__N": 7},
        channel_id="box-7",
        other_channel_id="box-8",
        codecs="ulaw",
    )
    assert headers(action) == [
        ("Channel", "PJSIP/100"),
        ("Exten", "offer"),
        ("Context", "switchroom"),
        ("Priority", "1"),
        ("Timeout", "20000"),
        ("CallerID", '"Anna" <600>'),
        ("Async", "yes"),
        ("Variable", 'A=x\\,B=1 \\"y\\" \\\\z'),
        ("Variable", "__N=7"),
        ("ChannelId", "box-7"),
        ("OtherChannelId", "box-8"),
        ("Codecs", "ulaw"),
    ]
    assert headers(Actions().originate("PJSIP/1", application="Wait", data="1", run_async=False, account="a")) == [
        ("Channel", "PJSIP/1"),
        ("Application", "Wait"),
        ("Data", "1"),
        ("Account", "a"),
    ]


SAY = Actions()


@pytest.mark.parametrize(
    ("action", "name", "pairs"),
    [
        (SAY.hangup("c"), "Hangup", [("Channel", "c")]),
        (SAY.hangup("c", 17), "Hangup", [("Channel", "c"), ("Cause", "17")]),
        (
            SAY.redirect("c", "s", context="x"),
            "Redirect",
            [("Channel", "c"), ("Exten", "s"), ("Priority", "1"), ("Context", "x")],
        ),
        (
            SAY.redirect("c", "s", "2", "d", "x", "t", "y"),
            "Redirect",
            [
                *[("Channel", "c"), ("Exten", "s"), ("Priority", "2"), ("Context", "x"), ("ExtraChannel", "d")],
                *[("ExtraExten", "t"), ("ExtraContext", "y"), ("ExtraPriority", "2")],
            ],
        ),
        (SAY.bridge("c", "d"), "Bridge", [("Channel1", "c"), ("Channel2", "d"), ("Tone", "no")]),
        (SAY.setvar("c", "V", "a,b"), "Setvar", [("Channel", "c"), ("Variable", "V"), ("Value", "a,b")]),
        (SAY.getvar("c", "CALLERID(num)"), "Getvar", [("Channel", "c"), ("Variable", "CALLERID(num)")]),
        (SAY.core_show_channels(), "CoreShowChannels", []),
        (SAY.status("c", "A,B"), "Status", [("Channel", "c"), ("Variables", "A,B")]),
        (SAY.bridge_list(), "BridgeList", []),
        (SAY.bridge_info("b"), "BridgeInfo", [("BridgeUniqueid", "b")]),
        (
            SAY.mix_monitor_mute("c", "both", on=True),
            "MixMonitorMute",
            [("Channel", "c"), ("Direction", "both"), ("State", "1")],
        ),
        (SAY.stop_mix_monitor("c"), "StopMixMonitor", [("Channel", "c")]),
        (SAY.pjsip_show_endpoints(), "PJSIPShowEndpoints", []),
        (SAY.pjsip_show_contacts(), "PJSIPShowContacts", []),
        (SAY.pjsip_qualify("100"), "PJSIPQualify", [("Endpoint", "100")]),
        (SAY.reload("res_pjsip.so"), "Reload", [("Module", "res_pjsip.so")]),
        (SAY.playdtmf("c", "1"), "PlayDTMF", [("Channel", "c"), ("Digit", "1")]),
        (SAY.extension_state("1", "x"), "ExtensionState", [("Exten", "1"), ("Context", "x")]),
        (SAY.send_action(Action="X", Variable=["a=1", "b=2"]), "X", [("Variable", "a=1"), ("Variable", "b=2")]),
    ],
)
def test_each_builder_says_what_it_means(action: Action, name: str, pairs: list[tuple[str, str]]) -> None:
    """Those of pyst2, and those that it lacks."""
    assert (action.name, headers(action)) == (name, pairs)


def test_builders_share_nothing() -> None:
    """pyst2's own default argument is one dictionary for all."""
    Actions().send_action(Action="A", Channel="c")
    assert headers(Actions().send_action(Action="B")) == []


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a,b", "SHELL(a b)", "${X}", "a\n"])
def test_what_is_no_variable_is_refused(name: str) -> None:
    """In each place where one is named."""
    for build in (lambda: variable(name, "x"), lambda: SAY.setvar("c", name, "x"), lambda: SAY.getvar("c", name)):
        with pytest.raises(LocalProtocolError):
            build()


@settings(max_examples=2_000, deadline=None)
@given(st.text('ab ,"\\()[]=é', max_size=20))
def test_a_variable_is_one_variable_whatever_its_value(value: str) -> None:
    """A caller's name with a comma in it sets no other; brackets that are never closed swallow nothing."""
    assert separate(variable("A", value)) == [f"A={value}"]


def test_a_callers_name_cannot_become_a_number() -> None:
    """What would end the name is a blank."""
    assert caller_id('x" <911> \\', "600") == '"x   911   " <600>'
    assert caller_id("", "") == '"" <>'
    for number in ("6 0", "6>", '6"', "6\n", "é"):
        with pytest.raises(LocalProtocolError):
            caller_id("x", number)
    with pytest.raises(LocalProtocolError):
        caller_id("x\r\ny", "6")


def test_each_account_has_its_names() -> None:
    """None may run a command, write a file or start a program."""
    for right in Right:
        assert allowed(right, Action(name="Ping"))
        for name in ("Command", "UpdateConfig", "GetConfig", "MixMonitor", "ModuleLoad", "DBPut", "Filter", "ping"):
            assert not allowed(right, Action(name=name))
    assert allowed(Right.CALLS, SAY.originate("PJSIP/1"))
    assert not allowed(Right.EVENTS, SAY.originate("PJSIP/1"))
    assert not allowed(Right.CARE, SAY.originate("PJSIP/1"))
    assert allowed(Right.CARE, SAY.reload("x"))
    assert not allowed(Right.CALLS, SAY.reload("x"))
