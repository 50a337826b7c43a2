"""What break reasons and results share: words in each language."""

from appliance.core import model
from webadmin.request import PageRequest
from webadmin.setup.choices import SLUG_HELP, SLUG_LABEL
from webadmin.setup.fields import Field, Form, Text
from webadmin.texts import LANGUAGES, marked
from webadmin.words import title_of

FIELDS: tuple[Field, ...] = (
    Text(name="slug", label=SLUG_LABEL, needed=True, longest=63, help=SLUG_HELP),
    Text(name="title_en", label=marked("English words"), help=marked("Shown on English pages.")),
    Text(name="title_zh", label=marked("Chinese words"), help=marked("Shown on Chinese pages.")),
)


def data(part: model.Part) -> dict[str, object]:
    """Give what the form shows."""
    titles = part.title if isinstance(part, model.Reason) else {}
    return {"slug": part.slug, **{f"title_{language}": text for language, text in titles.items()}}


def values(form: Form) -> dict[str, object]:
    """Give what the form says."""
    said = {language: form.text(f"title_{language}") for language in LANGUAGES}
    return {"slug": form.text("slug"), "title": {language: text for language, text in said.items() if text}}


def titles(request: PageRequest, part: model.Part) -> str:
    """Give the words in the request's language."""
    return title_of(part, request.language) if isinstance(part, model.Reason) else part.slug
