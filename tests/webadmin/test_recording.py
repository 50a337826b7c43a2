"""A recording through the page: by ranges, as its owner's belonging, and not after the erasure."""

from pathlib import Path

import numpy as np
import pytest

from appliance.store.seal import Sealed, obey
from tests.webadmin.conftest import WAIT_S, Pages

SECONDS = 25
TONE = (np.sin(np.arange(8_000 * SECONDS) / 7).repeat(2) * 8_000).astype("<i2").tobytes()
WAV = 44
"Bytes of the header of a WAV file."


@pytest.fixture
def interaction(pages: Pages, tmp_path: Path) -> str:
    """Seal a recording of a call of a party of its own."""
    name = pages.interactions[1]
    told = pages.reader.call(name)
    assert told is not None
    people, recording = pages.store.people, told.cdr.recording
    (tmp_path / f"{recording}.raw").write_bytes(TONE)
    order = people.seal_order(recording, 1, interaction=name, party=told.cdr.party).result(WAIT_S)
    assert order is not None
    sealed = obey(order, tmp_path, pages.media)
    assert isinstance(sealed, Sealed)
    people.sealed(sealed, 1).result(WAIT_S)
    return name


def test_it_plays_from_anywhere(pages: Pages, interaction: str) -> None:
    """Give all, a part, an end, and no more than there is; nothing that may be kept by others on the way."""
    address, size = f"/calls/{interaction}/recording.wav", WAV + len(TONE)
    whole = pages.get(address, "supervisor")
    assert (whole.status_int, whole.content_length, whole.headers["Accept-Ranges"]) == (200, size, "bytes")
    assert whole.body[:4] == b"RIFF"
    assert whole.body[WAV:] == TONE
    middle = 500_001
    for asked, start, stop in (
        (f"bytes={middle}-{middle + 99}", middle, middle + 100),
        (f"bytes={middle}-", middle, size),
        ("bytes=-50", size - 50, size),
        ("bytes=0-0", 0, 1),
        (f"bytes={size - 1}-{size + 999}", size - 1, size),
    ):
        request = pages.request(address, "supervisor")
        request.headers["Range"] = asked
        part = pages.answer(request)
        assert (part.status_int, part.headers["Content-Range"]) == (206, f"bytes {start}-{stop - 1}/{size}"), asked
        assert part.body == whole.body[start:stop], asked
    request = pages.request(address, "supervisor")
    request.headers["Range"] = f"bytes={size}-"
    refused = pages.answer(request)
    assert (refused.status_int, refused.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert pages.get(address, "agent").status_int in {403, 404}
    outline = pages.get(f"/calls/{interaction}/recording.json", "supervisor")
    assert outline.json_body["seconds"] == SECONDS
