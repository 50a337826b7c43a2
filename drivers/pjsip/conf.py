"""The SIP side of Asterisk's configuration: transports, carriers' trunks, desk phones.

Every endpoint binds its audio to our own address, because Asterisk binds it to every interface otherwise. A phone is
known by its user name before an address is looked at: phones and a carrier may share one.
"""

import ipaddress
import re
from collections.abc import Mapping

from appliance.api import Equipment
from appliance.core.model import Company, Extension, Trunk
from drivers.asterisk.render import COMPANY, ConfError, Setting, Site, section, sections

PROBE_PHONE_S = 5
"Seconds between two OPTIONS to a phone: a dead one is found out within ten."
PROBE_ANSWER_S = 3.0
SILENCE_S_MAX = 20
"Seconds without any audio packet after which a leg is ended."
CODECS = "ulaw,alaw"

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_USER = re.compile(r"[A-Za-z0-9._+-]{1,80}")
_SHOWN = re.compile(r"[^\w .,'-]+")
NAME_CHARACTERS_MAX = 60


def host(text: str) -> str:
    """Give the text as it stands in a SIP address: a name, an IPv4 address, or an IPv6 one in brackets."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        if _HOST.fullmatch(text):
            return text
        raise ConfError(f"{text!r} is neither a host name nor an address") from None
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004  the version's name


def network(text: str) -> str:
    """Give the text as an identify section takes it: a network, an address or a name."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return host(text).strip("[]")


def user(text: str) -> str:
    """Give the text if it can be a SIP user name."""
    if not _USER.fullmatch(text):
        raise ConfError(f"{text!r} cannot be a SIP user name")
    return text


def shown(name: str) -> str:
    """Give a name as a phone shows it: letters of any script, digits and a few signs."""
    return _SHOWN.sub(" ", name)[:NAME_CHARACTERS_MAX].strip()


def _media(site: Site) -> list[Setting]:
    """Give the settings that keep audio on our own address; an address of every interface cannot be bound."""
    if ipaddress.ip_address(site.listen).is_unspecified:
        return []
    return [("media_address", site.listen), ("bind_rtp_to_media_address", True)]


def _endpoint(site: Site) -> list[Setting]:
    return [
        ("type", "endpoint"),
        ("disallow", "all"),
        ("allow", CODECS),
        ("direct_media", False),
        ("rtp_symmetric", True),
        ("force_rport", True),
        ("dtmf_mode", "rfc4733"),
        ("rtp_timeout", SILENCE_S_MAX),
        ("timers_sess_expires", 120),
        ("allow_overlap", False),
        *_media(site),
    ]


def _trunk(site: Site, trunk: Trunk, secret: str, company: Company) -> list[str]:
    """Give a carrier's sections."""
    title = trunk.slug
    address = f"sip:{host(trunk.host)}:{trunk.port}"
    endpoint: list[Setting] = [
        *_endpoint(site),
        ("context", "from-trunk"),
        ("aors", title),
        ("trust_id_inbound", True),
        ("allow_subscribe", False),
        ("allow_transfer", False),
        ("language", company.language),
        ("set_var", f"SR_TRUNK={title}"),
    ]
    parts: list[str] = []
    if trunk.username:
        name = user(trunk.username)
        endpoint += [("from_user", name), ("outbound_auth", title)]
        parts.append(section(title, [("type", "auth"), ("username", name), ("password", secret)]))
    if trunk.register:
        registration: list[Setting] = [
            ("type", "registration"),
            ("server_uri", address),
            ("client_uri", f"sip:{user(trunk.username)}@{host(trunk.host)}:{trunk.port}"),
            ("contact_user", user(trunk.username)),
            ("outbound_auth", title),
            ("endpoint", title),
            ("line", False),
            ("retry_interval", 10),
            ("forbidden_retry_interval", 60),
            ("fatal_retry_interval", 60),
            ("max_retries", 1_000_000),
            ("expiration", 300),
        ]
        parts.append(section(title, registration))
    matches = [("match", network(each)) for each in trunk.accept or (trunk.host,)]
    return [
        section(title, endpoint),
        section(
            title,
            [
                ("type", "aor"),
                ("contact", address),
                ("qualify_frequency", trunk.probe_s),
                ("qualify_timeout", PROBE_ANSWER_S),
            ],
        ),
        section(title, [("type", "identify"), ("endpoint", title), *matches]),
        *parts,
    ]


def _phone(site: Site, phone: Extension, name: str, secret: str) -> list[str]:
    """Give a desk phone's sections; without a password it has none and cannot register."""
    title = user(phone.slug)
    if not secret:
        return []
    own = shown(name)
    endpoint: list[Setting] = [
        *_endpoint(site),
        ("context", "phone-outside" if phone.outside else "phone-inside"),
        ("auth", title),
        ("aors", title),
        ("rewrite_contact", True),
        ("callerid", f'"{own}" <{title}>' if own else f"<{title}>"),
        ("language", "en"),
    ]
    aor: list[Setting] = [
        ("type", "aor"),
        ("max_contacts", 1),
        ("remove_existing", True),
        ("minimum_expiration", 30),
        ("qualify_frequency", PROBE_PHONE_S),
        ("qualify_timeout", PROBE_ANSWER_S),
    ]
    auth: list[Setting] = [("type", "auth"), ("auth_type", "userpass"), ("username", title), ("password", secret)]
    return [section(title, endpoint), section(title, auth), section(title, aor)]


def files(site: Site, equipment: Equipment) -> Mapping[str, str]:
    """Give pjsip.conf (transports) and the company's part of it (trunks and phones).

    Raises `ConfError` for a trunk or phone that cannot be said; then nothing of it is used.
    """
    configuration = equipment.configuration
    bind = f"{host(site.listen)}:{site.sip_port}"
    order = "username,ip,anonymous"
    agents = {agent.extension: agent.slug for agent in configuration.agents}
    trunks = [
        part
        for trunk in configuration.trunks
        if not trunk.channels
        for part in _trunk(site, trunk, equipment.secrets.get(f"trunk/{trunk.slug}", ""), configuration.company)
    ]
    phones = [
        part
        for phone in configuration.extensions
        if not phone.line
        for part in _phone(
            site,
            phone,
            equipment.names.get(phone.agent or agents.get(phone.slug, ""), ""),
            equipment.secrets.get(f"extension/{phone.slug}", ""),
        )
    ]
    return {
        "pjsip.conf": sections(
            section("global", [("type", "global"), ("user_agent", "Switchroom"), ("endpoint_identifier_order", order)]),
            section("system", [("type", "system"), ("threadpool_initial_size", 4), ("threadpool_max_size", 50)]),
            section("udp", [("type", "transport"), ("protocol", "udp"), ("bind", bind)]),
            section("tcp", [("type", "transport"), ("protocol", "tcp"), ("bind", bind)]),
            include=f"pjsip{COMPANY}",
        ),
        f"pjsip{COMPANY}": sections(*trunks, *phones),
    }
