"""The line that a self-test brings into a company: sound, its own alone, and gone without a trace."""

import msgspec
import pytest

from appliance import api, document, sample
from appliance.commands._own_line import FIRST, LAST, SLUG, with_line, without
from appliance.commands._robots import RobotsError
from appliance.core import model
from appliance.core.check import check
from appliance.overview import dialled
from appliance.places import places_of

PLACES = places_of({"SWITCHROOM_HOME": "/data/box", "HOME": "/root"})
COMPANIES = (api.Document(), sample.document(trunk_host="192.0.2.1", trunk_port=5060))


@pytest.mark.parametrize("company", COMPANIES)
@pytest.mark.parametrize("phone_alone", [False, True])
def test_it_comes_and_goes(company: api.Document, *, phone_alone: bool) -> None:
    """What a company had stays as it was, word for word; a line that a killed self-test left goes too."""
    lined = with_line(company, PLACES, phone_alone=phone_alone)
    assert check(lined.configuration) == check(company.configuration)
    assert without(lined) == company == without(company)
    assert document.write(without(with_line(without(lined), PLACES))) == document.write(company)
    old, new = company.configuration, lined.configuration
    for name in ("trunks", "numbers", "extensions", "agents", "queues", "flows", "prompts"):
        assert getattr(new, name)[: len(getattr(old, name))] == getattr(old, name)
    assert bool(new.trunks[len(old.trunks) :]) is not phone_alone


def test_it_leads_from_this_machine_by_one_key_to_its_own_agent() -> None:
    """No other workgroup can be reached by it, and no other trunk leads to it first."""
    lined = with_line(COMPANIES[1], PLACES).configuration
    trunk, number = lined.trunks[-1], lined.numbers[-1]
    assert trunk.accept == (PLACES.host,)
    ways = dialled(lined, number)
    assert {way.queue for way in ways.keys.values()} == {SLUG}
    assert lined.queues[-1].agents == (SLUG,)


def test_a_company_without_a_free_extension_is_told() -> None:
    """None of its own is touched."""
    phones = tuple(model.Extension(slug=str(digits)) for digits in range(FIRST, LAST + 1))
    full = msgspec.structs.replace(COMPANIES[0], configuration=model.Configuration(extensions=phones))
    with pytest.raises(RobotsError, match="no free extension"):
        with_line(full, PLACES)
