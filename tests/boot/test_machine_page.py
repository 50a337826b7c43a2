"""A whole box with a root part: an administrator sets the machine in a browser, page by page, form by form."""

import re
from pathlib import Path

import pytest

from appliance import sign_ins
from appliance.places import places_of
from tests.boot.root_part import kept_in, root_part
from tests.boot.whole import whole_box
from tests.whole.visitor import Visitor

pytestmark = [pytest.mark.contract, pytest.mark.slow]
PAGE = "/setup/machine"


def test_the_machine_is_set_from_the_console(tmp_path: Path) -> None:
    """What is wrong is told beside its field; what is right is on trial, kept, and shown as kept."""
    with root_part(tmp_path / "root") as part, whole_box(tmp_path) as box:
        box.environment["SWITCHROOM_PRIVILEGED"] = str(part.folder / "ask.sock")
        box.start()
        places = places_of(box.environment)
        made = sign_ins.read(places.sign_ins)
        assert made is not None
        with Visitor(places.address) as admin:
            admin.sign_in("admin", made.people["admin"])
            fresh = admin.get(PAGE)
            assert fresh.status == 200
            assert 'value="switchroom"' in fresh.text
            wrong = admin.post(PAGE, {"step": "network", "host": "box", "address": "192.0.2.10/24"})
            assert wrong.status == 422
            assert 'id="interface-wrong"' in wrong.text
            typed = {"host": "box", "interface": "eth0", "address": "192.0.2.10/24", "gateway": "192.0.2.1"}
            assert admin.post(PAGE, {"step": "network", **typed}).status == 303
            trial = admin.get(PAGE).text
            change = re.search(r'name="change" value="([0-9a-f]{32})"', trial)
            assert change is not None
            assert "A change is on trial." in trial
            refused = admin.post(PAGE, {"step": "zone", "zone": "Asia/Shanghai"})
            assert refused.status == 422
            assert "Another change is on trial" in refused.text
            assert admin.post(PAGE, {"step": "confirm", "change": "odd"}).status == 422
            assert admin.post(PAGE, {"step": "confirm", "change": change[1]}).status == 303
            assert "A change is on trial." not in admin.get(PAGE).text
            assert kept_in(part.folder).settings.network.address == "192.0.2.10/24"
            assert admin.post(PAGE, {"step": "zone", "zone": "Asia/Shanghai"}).status == 303
            chinese = Visitor(places.address)
            with chinese:
                chinese.sign_in("admin", made.people["admin"])
                chinese.post("/look", {"language": "zh", "back": PAGE})
                assert "主机时区" in chinese.get(PAGE).text
