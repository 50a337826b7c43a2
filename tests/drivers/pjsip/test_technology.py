"""What PJSIP's events say of phones and carriers; headers as a real Asterisk 22.10 sent them."""

import pytest

from drivers.asterisk.conf import Seen
from drivers.pjsip.technology import Pjsip


def seen(event: str, **headers: str) -> Seen | None:
    """Read an event."""
    return Pjsip().seen(event, lambda name: headers.get(name, ""))


@pytest.mark.parametrize(
    ("status", "reachable"),
    [
        ("Reachable", True),
        ("NonQualified", True),
        ("Updated", True),
        ("Created", True),
        ("Unreachable", False),
        ("Removed", False),
        ("Unknown", False),
    ],
)
def test_a_contact_comes_and_goes(status: str, *, reachable: bool) -> None:
    """The address of record is the extension."""
    assert seen("ContactStatus", AOR="101", URI="sip:101@x", ContactStatus=status) == Seen(
        name="101", contact="sip:101@x", reachable=reachable
    )


@pytest.mark.parametrize(
    ("contacts", "state", "reachable"),
    [
        ("101/sip:101@x,", "Not in use", True),
        ("101/sip:101@x,", "Unavailable", False),
        ("", "Unavailable", False),
    ],
)
def test_an_endpoint_is_listed(contacts: str, state: str, *, reachable: bool) -> None:
    """Trunks too, whose contact is fixed."""
    found = seen("EndpointList", ObjectName="101", Contacts=contacts, DeviceState=state)
    assert found == Seen(name="101", contact="sip:101@x" if contacts else "", reachable=reachable)


def test_a_registration_with_a_carrier_is_listed() -> None:
    """By the trunk's name; an event of it names the account alone and says nothing by itself."""
    found = seen("OutboundRegistrationDetail", ObjectName="carrier", Status="Registered")
    assert found == Seen(name="carrier", registered=True)
    assert seen("Registry", Username="sip:user@host", Status="Registered") is None
    assert "Registry" in Pjsip.events
