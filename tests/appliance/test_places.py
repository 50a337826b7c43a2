"""Paths and ports come from the environment, and what cannot be used is said in one line."""

from pathlib import Path

import pytest

from appliance.places import PlacesError, places_of


def test_nothing_set_gives_the_users_own_folders() -> None:
    """Without variables the box lives under the user's home, on port 8080 of loopback."""
    places = places_of({"HOME": "/home/ann"})
    assert places.home == Path("/home/ann/.local/share/switchroom")
    assert places.cache == Path("/home/ann/.cache/switchroom")
    assert places.address == "https://127.0.0.1:8080/"
    assert (places.ami_port, places.http_port, places.agi_port, places.sip_port, places.far_port) == (
        8081,
        8082,
        8083,
        8085,
        8090,
    )
    assert (places.rtp_ports, places.udptl_ports) == ((9080, 10079), (10080, 10279))


def test_the_environment_of_places_gives_them_back() -> None:
    """What is handed to a child makes the same places there."""
    given = {
        "HOME": "/home/ann",
        "SWITCHROOM_HOME": "/srv/box",
        "SWITCHROOM_PORT": "11080",
        "SWITCHROOM_LISTEN": "0.0.0.0",  # noqa: S104  every address is what this test is about
        "SWITCHROOM_CACHE": "/srv/cache",
    }
    places = places_of(given)
    assert places_of(places.environment()) == places
    assert places.host == "127.0.0.1"


@pytest.mark.parametrize("port", ["0", "-1", "http", "63337", "8080 ", "٨٠٨٠", "1e4"])
def test_a_port_that_cannot_be_is_named(port: str) -> None:
    """The highest port of the box must exist too."""
    with pytest.raises(PlacesError, match=r"SWITCHROOM_PORT=.* set one such as 8080"):
        places_of({"HOME": "/h", "SWITCHROOM_PORT": port})


@pytest.mark.parametrize("listen", ["localhost", "::1", "127.0.0.256", "*"])
def test_an_address_that_cannot_be_is_named(listen: str) -> None:
    """Only an IPv4 address can be bound by all of the parts."""
    with pytest.raises(PlacesError, match=r"SWITCHROOM_LISTEN=.* set one of this machine's"):
        places_of({"HOME": "/h", "SWITCHROOM_LISTEN": listen})


def test_a_home_too_long_for_its_sockets_is_refused_by_the_byte() -> None:
    """The longest socket path that fits is taken, one byte more is not."""
    longest = 107 - len("/run/asterisk/asterisk.ctl")
    places_of({"HOME": "/h", "SWITCHROOM_HOME": "/" + "a" * (longest - 1)})
    with pytest.raises(PlacesError, match="is 1 bytes too long for the sockets"):
        places_of({"HOME": "/h", "SWITCHROOM_HOME": "/" + "a" * longest})


@pytest.mark.parametrize("home", ["/srv/a b", "/srv/a;b", "/srv/a\nb", "/srv/{x}", "/srv/$HOME", "/srv/a=>b"])
def test_a_home_that_configuration_files_cannot_hold_is_refused(home: str) -> None:
    """Nothing in a path may end a line or a value of nginx's or Asterisk's configuration."""
    with pytest.raises(PlacesError, match="choose a plain path"):
        places_of({"HOME": "/h", "SWITCHROOM_HOME": home})
