"""Recording: the sound of a call and its outline, for those who may hear it."""

import logging

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from appliance.store.reader import Playable
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.texts import marked
from webadmin.told import find_call

PAGE = About(
    label=marked("Recording"),
    permission=Permission.RECORDINGS,
    addresses=(
        "/calls/{interaction:[0-9A-Za-z-]{3,64}}/recording.wav",
        "/calls/{interaction:[0-9A-Za-z-]{3,64}}/recording.json",
    ),
)
BUCKETS = 1_600
FULL = 128
log = logging.getLogger("webadmin.recordings")


def view(request: PageRequest) -> Response:
    """Give the sound by ranges, or its outline."""
    told = find_call(request)
    playable = request.reader.recording(told.cdr.recording) if told.cdr.recording else None
    if playable is None:
        raise HTTPNotFound
    if request.path.endswith(".json"):
        return _outline(playable)
    if not request.range or request.range.start == 0:
        log.info("%s hears the recording of %s", request.person.slug, told.cdr.interaction)
    return _sound(request, playable)


def _outline(playable: Playable) -> Response:
    peaks = playable.peaks(BUCKETS)
    response = Response(content_type="application/json", charset="utf-8")
    response.json_body = {
        "seconds": playable.seconds,
        "channels": [
            [[round(low / FULL, 3), round(high / FULL, 3)] for low, high, _, _ in peaks],
            [[round(low / FULL, 3), round(high / FULL, 3)] for _, _, low, high in peaks],
        ],
    }
    return response


def _sound(request: PageRequest, playable: Playable) -> Response:
    response = Response(content_type="audio/wav")
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = "inline"
    start, stop = 0, playable.size
    if request.range is not None:
        wanted = request.range.range_for_length(playable.size)
        if wanted is None:
            response.status_int = 416
            response.headers["Content-Range"] = f"bytes */{playable.size}"
            return response
        start, stop = wanted
        response.status_int = 206
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{playable.size}"
    response.app_iter = playable.read(start, stop)
    response.content_length = stop - start
    return response
