"""SIP password: of a phone or a trunk, set or made anew."""

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from appliance import api
from webadmin.frame import setup_pages
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.section import find, token_of
from webadmin.texts import marked
from webadmin.words import problem_text

PAGE = About(
    label=marked("SIP password"),
    permission=Permission.SETUP,
    addresses=("/setup/secrets/{kind:trunk|extension|line}/{slug}",),
    methods=FORM,
)
LISTS = {
    "trunk": ("trunks", "/setup/trunks"),
    "extension": ("extensions", "/setup/phones"),
    "line": ("lines", "/setup/lines"),
}
LENGTH_MAX = 128


def view(request: PageRequest) -> Response:
    """Ask for it, or set it; one that was made is shown this once."""
    kind, slug = request.matchdict["kind"], request.matchdict["slug"]
    name, address = LISTS[kind]
    if find(request, name, slug) is None:
        raise HTTPNotFound
    made, error, done = "", "", False
    if request.method == "POST":
        secret = str(request.POST.get("secret", "")).strip()
        if len(secret) > LENGTH_MAX or not secret.isprintable():
            error = request.say("At most {count} characters, please.", count=LENGTH_MAX)
        else:
            reply = request.ask(api.SetSecret(token=token_of(request), of=f"{kind}/{slug}", secret=secret))
            error = " ".join(problem_text(request.say, problem) for problem in reply.problems)
            made, done = reply.password, not reply.problems
    return request.show(
        "setup_secret",
        status=422 if error else 200,
        kind=kind,
        slug=slug,
        made=made,
        error=error,
        done=done,
        back=f"{address}/{slug}",
        menu=setup_pages(request),
    )
