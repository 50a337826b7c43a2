"""Language and light: how the pages look to this person."""

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from appliance import api
from webadmin.page import About
from webadmin.permissions import Permission
from webadmin.request import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, YEAR_S, PageRequest, keep
from webadmin.texts import LANGUAGES, marked
from webadmin.ways import local

PAGE = About(label=marked("Look"), permission=Permission.SIGNED_IN, addresses=("/look",), methods=("POST",))


def view(request: PageRequest) -> Response:
    """Keep the choice in the browser, and the language with the person where the daemon is there."""
    response = HTTPSeeOther(local(request.POST.get("back", "")))
    language = request.POST.get("language", "")
    if language in LANGUAGES and language != request.language:
        keep(response, LANGUAGE_COOKIE, str(language), age_s=YEAR_S)
        request.ask(api.SetLanguage(language=str(language)))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        keep(response, THEME_COOKIE, str(theme), age_s=YEAR_S)
    return response
