"""Break reasons and results are set up alike: words in each language."""

from appliance.core import model
from webadmin.request import PageRequest
from webadmin.setup.fields import Field, Form, Text
from webadmin.setup.named import SLUG, SLUG_COLUMN
from webadmin.setup.section import Column, Section
from webadmin.texts import LANGUAGES, marked
from webadmin.words import title_of

FIELDS: tuple[Field, ...] = (
    SLUG,
    Text(name="title_en", label=marked("English words"), help=marked("Shown on English pages.")),
    Text(name="title_zh", label=marked("Chinese words"), help=marked("Shown on Chinese pages.")),
)


def reasons(name: str, *, title: str, place: int, purpose: str, add: str) -> Section:
    """Give the set-up page of a list of reasons; the texts are marked for translation."""
    return Section(
        list=name,
        address=f"/setup/{name}",
        title=title,
        place=place,
        purpose=purpose,
        add=add,
        fields=FIELDS,
        columns=(SLUG_COLUMN, Column(label=marked("Words"), text=_words)),
        data=_data,
        values=_values,
        errors={"title": "title_en"},
    )


def _data(part: model.Part) -> dict[str, object]:
    titles = part.title if isinstance(part, model.Reason) else {}
    return {"slug": part.slug, **{f"title_{language}": text for language, text in titles.items()}}


def _values(form: Form) -> dict[str, object]:
    said = {language: form.text(f"title_{language}") for language in LANGUAGES}
    return {"slug": form.text("slug"), "title": {language: text for language, text in said.items() if text}}


def _words(request: PageRequest, part: model.Part) -> str:
    return title_of(part, request.language) if isinstance(part, model.Reason) else part.slug
