"""What we may say to Asterisk over AMI, and as whom: pyst2's builders, checked by our codec.

pyst2's `Manager` knows the names and the headers of actions; as shipped it also opens sockets, starts threads and
writes what it is given without a look. `Actions` keeps the first and replaces the rest: a builder returns an
`Action`, which the codec checks and writes. What pyst2 lacks is added in its style.
"""

import re
from collections.abc import Mapping
from enum import Enum

from asterisk.manager import Manager
from typing_extensions import override

from drivers.asterisk.codec import LocalProtocolError, clean
from drivers.asterisk.codec_ami import Action

_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}(?:\([A-Za-z0-9_,-]{1,40}\))?")
_SEPARATORS = re.compile(r'([\\",])')
_CALLER_NAME_UNSAID = re.compile(r'["<>\\]')


class Right(Enum):
    """The accounts of manager.conf, each with the least that it needs."""

    EVENTS = "events"
    "Reads events; asks for nothing."
    CALLS = "calls"
    "write = call,originate,reporting"
    CARE = "care"
    "write = system: a wide class, so the names below are the limit."


_SESSION = frozenset({"Challenge", "Login", "Logoff", "Ping"})
_ALLOWED = {
    Right.EVENTS: _SESSION,
    Right.CALLS: _SESSION
    | {
        "Bridge",
        "BridgeInfo",
        "BridgeList",
        "CoreShowChannels",
        "CoreStatus",
        "ExtensionState",
        "Getvar",
        "Hangup",
        "MixMonitorMute",
        "Originate",
        "PlayDTMF",
        "Redirect",
        "Setvar",
        "Status",
        "StopMixMonitor",
    },
    Right.CARE: _SESSION
    | {
        "DAHDIRestart",
        "DAHDIShowChannels",
        "ConfbridgeStartRecord",
        "ConfbridgeStopRecord",
        "PJSIPNotify",
        "PJSIPQualify",
        "PJSIPShowContacts",
        "PJSIPShowEndpoint",
        "PJSIPShowEndpoints",
        "PJSIPShowRegistrationsInboundContactStatuses",
        "PJSIPShowRegistrationsOutbound",
        "PRIShowSpans",
        "Reload",
    },
}


def allowed(right: Right, action: Action) -> bool:
    """Whether the account may say this; names are compared as written."""
    return action.name in _ALLOWED[right]


def variable(name: str, value: str | int) -> str:
    r"""Give one variable for a `Variable` header.

    Asterisk splits that header at commas, and takes quotes and backslashes out of it (main/manager.c,
    man_do_variable_value; main/app.c): without a backslash before each, a caller's name could set a variable.
    """
    if not _VARIABLE.fullmatch(name):
        raise LocalProtocolError(f"{name!r} cannot be the name of a variable")
    said = _SEPARATORS.sub(r"\\\1", clean(value, what=f"the variable {name}"))
    return f"{name}={said}"


def caller_id(name: str, number: str) -> str:
    """Give `"name" <number>`: what would end the name or begin a number inside it becomes a blank."""
    name = _CALLER_NAME_UNSAID.sub(" ", clean(name, what="a caller's name"))
    if not re.fullmatch(r"[0-9A-Za-z+*#._-]{0,80}", number):
        raise LocalProtocolError("that cannot be a caller's number")
    return f'"{name}" <{number}>'


class Actions(Manager):
    """pyst2's builders: each returns the action in place of sending it.

    Those below are pyst2's with more headers or with names that Asterisk 16 to 22 want, or are not in pyst2 at all.
    """

    def __init__(self) -> None:
        """Begin with nothing: no socket, no thread, no queue."""

    @override
    def __del__(self) -> None:
        """End with nothing: pyst2 logs off here, and fails."""

    @override
    def send_action(self, cdict: Mapping[str, object] | None = None, **kwargs: object) -> Action:
        """Give the action; a header whose value is a list comes once for each."""
        headers = {**(cdict or {}), **kwargs}
        name = str(headers.pop("Action"))
        pairs: list[tuple[str, str]] = []
        for header, value in headers.items():
            values = value if isinstance(value, list) else [value]
            pairs.extend((header, str(item)) for item in values)
        return Action(name=name, headers=tuple(pairs))

    @override
    def hangup(self, channel: str, cause: int | None = None) -> Action:
        """Hang up the channel: its full name, or the ChannelId that we gave it."""
        return self._more(super().hangup(channel), Cause=cause)

    @override
    def redirect(
        self,
        channel: str,
        exten: str,
        priority: str = "1",
        extra_channel: str = "",
        context: str = "",
        extra_exten: str = "",
        extra_context: str = "",
    ) -> Action:
        """Send the channel, and a second one that it is bridged with, to places in the dialplan."""
        extra_priority = priority if extra_exten else None
        action = super().redirect(channel, exten, priority, extra_channel, context)
        return self._more(action, ExtraExten=extra_exten, ExtraContext=extra_context, ExtraPriority=extra_priority)

    @override
    def originate(
        self,
        channel: str,
        exten: str = "",
        context: str = "",
        priority: str = "",
        timeout: str = "",
        application: str = "",
        data: str = "",
        caller_id: str = "",
        run_async: bool = True,
        earlymedia: str = "",
        account: str = "",
        variables: Mapping[str, str | int] | None = None,
        channel_id: str = "",
        other_channel_id: str = "",
        codecs: str = "",
    ) -> Action:
        """Call a channel and send it to a place in the dialplan; `timeout` is in milliseconds.

        `caller_id` is what `caller_id()` gives. `channel_id` becomes the channel's Uniqueid; a Local channel has two.
        """
        action: Action = super().originate(
            channel, exten, context, priority, timeout, application, data, caller_id, run_async, earlymedia, account
        )
        pairs = tuple(("Variable", variable(name, value)) for name, value in (variables or {}).items())
        kept = tuple(pair for pair in action.headers if pair[1])
        action = Action(name=action.name, headers=(*kept, *pairs))
        return self._more(action, ChannelId=channel_id, OtherChannelId=other_channel_id, Codecs=codecs)

    def bridge(self, channel1: str, channel2: str, tone: str = "no") -> Action:
        """Join two channels, each by its full name: Asterisk also takes the beginning of one."""
        return self.send_action({"Action": "Bridge", "Channel1": channel1, "Channel2": channel2, "Tone": tone})

    def setvar(self, channel: str, name: str, value: str | int) -> Action:
        """Set a variable of the channel; the value is taken as it is."""
        if not _VARIABLE.fullmatch(name):
            raise LocalProtocolError(f"{name!r} cannot be the name of a variable")
        return self.send_action({"Action": "Setvar", "Channel": channel, "Variable": name, "Value": value})

    def getvar(self, channel: str, name: str) -> Action:
        """Ask for a variable of the channel (`Answer.get("Value")`)."""
        if not _VARIABLE.fullmatch(name):
            raise LocalProtocolError(f"{name!r} cannot be the name of a variable")
        return self.send_action({"Action": "Getvar", "Channel": channel, "Variable": name})

    def core_show_channels(self) -> Action:
        """Ask for all channels (`Answer.events`)."""
        return self.send_action({"Action": "CoreShowChannels"})

    @override
    def status(self, channel: str = "", variables: str = "") -> Action:
        """Ask for one channel or all, with some of their variables (names and commas)."""
        return self._more(super().status(channel), Variables=variables)

    def bridge_list(self) -> Action:
        """Ask for all bridges (`Answer.events`)."""
        return self.send_action({"Action": "BridgeList"})

    def bridge_info(self, bridge: str) -> Action:
        """Ask who is in a bridge (`Answer.events`)."""
        return self.send_action({"Action": "BridgeInfo", "BridgeUniqueid": bridge})

    def mix_monitor_mute(self, channel: str, direction: str, *, on: bool) -> Action:
        """Write silence into a recording, or sound again; the direction is read, write or both."""
        headers = {"Channel": channel, "Direction": direction, "State": int(on)}
        return self.send_action({"Action": "MixMonitorMute", **headers})

    def stop_mix_monitor(self, channel: str) -> Action:
        """End the recordings of the channel."""
        return self.send_action({"Action": "StopMixMonitor", "Channel": channel})

    def pjsip_show_endpoints(self) -> Action:
        """Ask for all SIP endpoints (`Answer.events`)."""
        return self.send_action({"Action": "PJSIPShowEndpoints"})

    def pjsip_show_endpoint(self, endpoint: str) -> Action:
        """Ask for one SIP endpoint, with addresses of it that nobody registered (`Answer.events`)."""
        return self.send_action({"Action": "PJSIPShowEndpoint", "Endpoint": endpoint})

    def pjsip_show_contacts(self) -> Action:
        """Ask where SIP phones are registered (`Answer.events`)."""
        return self.send_action({"Action": "PJSIPShowContacts"})

    def pjsip_qualify(self, endpoint: str) -> Action:
        """Probe an endpoint now."""
        return self.send_action({"Action": "PJSIPQualify", "Endpoint": endpoint})

    def _more(self, action: Action, **headers: str | int | None) -> Action:
        given = ((name, str(value)) for name, value in headers.items() if value is not None and value != "")
        return Action(name=action.name, headers=(*action.headers, *given))
