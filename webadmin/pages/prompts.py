"""Prompts: what is said to callers."""

from pyramid.response import Response

from appliance.core import model
from webadmin.page import FORM, About
from webadmin.permissions import Permission
from webadmin.request import PageRequest
from webadmin.setup.choices import SLUG_HELP, SLUG_LABEL
from webadmin.setup.fields import Field, Form, Paragraph, Text
from webadmin.setup.section import Column, Section, answer
from webadmin.texts import LANGUAGES, marked

PURPOSE = marked("Texts that the box speaks to callers, in each language that callers hear.")
PAGE = About(
    label=marked("Prompts"),
    permission=Permission.SETUP,
    addresses=("/setup/prompts", "/setup/prompts/{slug}"),
    methods=FORM,
    setup=70,
    help=PURPOSE,
)
EXCERPT = 60

FIELDS: tuple[Field, ...] = (
    Text(name="slug", label=SLUG_LABEL, needed=True, longest=63, help=SLUG_HELP),
    Text(name="title", label=marked("Title"), help=marked("What the flows' forms call it.")),
    Paragraph(
        name="text_en",
        label=marked("English words"),
        help=marked("Spoken to callers of numbers in English; empty if there are none."),
    ),
    Paragraph(
        name="text_zh",
        label=marked("Chinese words"),
        help=marked("Spoken to callers of numbers in Chinese; empty if there are none."),
    ),
)


def data(part: model.Part) -> dict[str, object]:
    """Give what the form shows."""
    if not isinstance(part, model.Prompt):
        return {}
    texts = {f"text_{language}": text for language, text in part.texts.items()}
    return {"slug": part.slug, "title": part.title, **texts}


def values(form: Form) -> dict[str, object]:
    """Give what the form says."""
    said = {language: form.text(f"text_{language}") for language in LANGUAGES}
    texts = {language: text for language, text in said.items() if text}
    return {"slug": form.text("slug"), "title": form.text("title"), "texts": texts}


def _title(_request: PageRequest, part: model.Part) -> str:
    return getattr(part, "title", "")


def _words(request: PageRequest, part: model.Part) -> str:
    texts = part.texts if isinstance(part, model.Prompt) else {}
    text = texts.get(request.language) or next(iter(texts.values()), "")
    return f"{text[:EXCERPT]}…" if len(text) > EXCERPT else text


SECTION = Section(
    list="prompts",
    address=PAGE.addresses[0],
    title=PAGE.label,
    purpose=PURPOSE,
    add=marked("Add a prompt"),
    fields=FIELDS,
    columns=(
        Column(label=SLUG_LABEL, text=lambda _request, part: part.slug),
        Column(label=marked("Title"), text=_title),
        Column(label=marked("Words"), text=_words),
    ),
    data=data,
    values=values,
    errors={"texts": "text_en"},
)


def view(request: PageRequest) -> Response:
    """Show the prompts, or one's form, review or removal."""
    return answer(request, SECTION)
