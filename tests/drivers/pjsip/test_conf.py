"""SIP trunks and desk phones as Asterisk reads them."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.api import Equipment
from appliance.core import model
from drivers.asterisk.conf import ConfError
from drivers.pjsip import conf
from tests.drivers.asterisk.conf_reader import Read, read
from tests.drivers.asterisk.played import SITE


def a_trunk(**other: object) -> model.Trunk:
    """Give a trunk."""
    return model.Trunk(**({"slug": "carrier", "host": "192.0.2.1"} | other))  # type: ignore[arg-type]  # what differs


def rendered(
    *,
    trunks: tuple[model.Trunk, ...] = (),
    phones: tuple[model.Extension, ...] = (),
    name: str = "Anna",
    secrets: Mapping[str, str] = MappingProxyType({}),
) -> list[Read]:
    """Render and read back the company's part; `secrets` are named as in the equipment."""
    configuration = model.Configuration(trunks=trunks, extensions=phones)
    equipment = Equipment(configuration=configuration, names={"anna": name}, secrets=secrets)
    return read(conf.files(SITE, equipment)["pjsip-company.conf"])


def of_type(sections: list[Read], kind: str) -> Read:
    """Give the one section of a type."""
    (found,) = (section for section in sections if section.get("type") == kind)
    return found


def test_transports_listen_on_our_address_alone() -> None:
    """By UDP and TCP; phones are known by their name before their address."""
    files = conf.files(SITE, Equipment(configuration=model.Configuration(), names={}, secrets={}))
    sections = {section.title: section for section in read(files["pjsip.conf"])}
    assert sections["global"].get("endpoint_identifier_order") == "username,ip,anonymous"
    assert {sections[name].get("bind") for name in ("udp", "tcp")} == {"127.0.0.1:8085"}
    six = conf.files(replace(SITE, listen="::1"), Equipment(configuration=model.Configuration(), names={}, secrets={}))
    assert "bind = [::1]:8085" in six["pjsip.conf"]


def test_a_trunk_is_known_by_its_address() -> None:
    """Without an account: no password, no registration; its audio is bound to our address."""
    sections = rendered(trunks=(a_trunk(port=5_070, probe_s=30),))
    endpoint = of_type(sections, "endpoint")
    assert endpoint.get("context") == "from-trunk"
    assert endpoint.get("set_var") == "SR_TRUNK=carrier"
    assert (endpoint.get("media_address"), endpoint.get("bind_rtp_to_media_address")) == ("127.0.0.1", "yes")
    assert of_type(sections, "aor").get("contact") == "sip:192.0.2.1:5070"
    assert of_type(sections, "aor").get("qualify_frequency") == "30"
    assert of_type(sections, "identify").get("match") == "192.0.2.1/32"
    assert {section.get("type") for section in sections} == {"endpoint", "aor", "identify"}


def test_a_trunk_with_an_account_registers() -> None:
    """With its password, from the networks that it names."""
    trunk = a_trunk(host="sip.example.com", username="user+1", register=True, accept=("198.51.100.0/24", "2001:db8::1"))
    sections = rendered(trunks=(trunk,), secrets={"trunk/carrier": "a;b=c"})
    assert of_type(sections, "auth").settings == [("type", "auth"), ("username", "user+1"), ("password", "a;b=c")]
    registration = of_type(sections, "registration")
    assert registration.get("client_uri") == "sip:user+1@sip.example.com:5060"
    assert registration.get("server_uri") == "sip:sip.example.com:5060"
    matches = [value for name, value in of_type(sections, "identify").settings if name == "match"]
    assert matches == ["198.51.100.0/24", "2001:db8::1/128"]
    assert of_type(sections, "endpoint").get("outbound_auth") == "carrier"


def test_a_trunk_by_name_is_matched_by_name() -> None:
    """Asterisk looks the name up."""
    sections = rendered(trunks=(a_trunk(host="sip.example.com"),))
    assert of_type(sections, "identify").get("match") == "sip.example.com"


def test_a_phone_has_a_password_and_a_class_of_service() -> None:
    """Its context says whether it may call outside."""
    phones = (model.Extension(slug="101", agent="anna"),)
    sections = rendered(phones=phones, secrets={"extension/101": "s"})
    assert of_type(sections, "endpoint").get("context") == "phone-outside"
    assert of_type(sections, "endpoint").get("callerid") == '"Anna" <101>'
    assert of_type(sections, "auth").get("password") == "s"
    assert of_type(sections, "aor").get("max_contacts") == "1"
    inside = rendered(phones=(model.Extension(slug="106", outside=False),), secrets={"extension/106": "s"})
    assert of_type(inside, "endpoint").get("context") == "phone-inside"
    assert of_type(inside, "endpoint").get("callerid") == "<106>"


def test_a_phone_without_a_password_is_left_out() -> None:
    """Nobody registers without one."""
    assert rendered(phones=(model.Extension(slug="101"),)) == []


def test_an_address_of_every_interface_binds_no_audio() -> None:
    """It could not be told to the other side."""
    site = replace(SITE, listen="0.0.0.0")  # noqa: S104  that is what is tried
    equipment = Equipment(configuration=model.Configuration(trunks=(a_trunk(),)), names={}, secrets={})
    assert "media_address" not in conf.files(site, equipment)["pjsip-company.conf"]


@pytest.mark.parametrize(
    "trunk",
    [
        a_trunk(host="a b"),
        a_trunk(host="x;y"),
        a_trunk(host="x\n[general]"),
        a_trunk(host=""),
        a_trunk(host="-x"),
        a_trunk(slug="a]"),
        a_trunk(username="u@h"),
        a_trunk(username="u;x"),
        a_trunk(username="", register=True),
        a_trunk(accept=("10.0.0.0/8,0.0.0.0/0",)),
    ],
)
def test_a_trunk_that_cannot_be_said_is_refused(trunk: model.Trunk) -> None:
    """Before anything is written."""
    with pytest.raises(ConfError):
        rendered(trunks=(trunk,))


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_name_or_password_bends_a_section(name: str, password: str) -> None:
    """The name is cut to what a phone can show; the password comes back as it was, or is refused."""
    try:
        sections = rendered(
            phones=(model.Extension(slug="101", agent="anna"),), name=name, secrets={"extension/101": password}
        )
    except ConfError:
        return
    if not password:
        assert sections == []
        return
    assert [section.title for section in sections] == ["101"] * 3
    assert of_type(sections, "auth").get("password") == password
    shown = of_type(sections, "endpoint").get("callerid")
    assert shown.endswith("<101>")
    assert not set(shown.removesuffix("<101>").strip().strip('"')) & set('"<>\\;[]=\r\n')
