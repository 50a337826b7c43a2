"""Prompts: what is said to callers."""

from appliance.core import model
from webadmin.request import PageRequest
from webadmin.setup.fields import Field, Form, Paragraph
from webadmin.setup.named import NAMED, SLUG, title
from webadmin.setup.section import Column, Section
from webadmin.texts import LANGUAGES, marked

EXCERPT = 60

FIELDS: tuple[Field, ...] = (
    SLUG,
    title(marked("What the flows' forms call it.")),
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


def _words(request: PageRequest, part: model.Part) -> str:
    texts = part.texts if isinstance(part, model.Prompt) else {}
    text = texts.get(request.language) or next(iter(texts.values()), "")
    return f"{text[:EXCERPT]}…" if len(text) > EXCERPT else text


SECTION = Section(
    list="prompts",
    address="/setup/prompts",
    title=marked("Prompts"),
    place=70,
    purpose=marked("Texts that the box speaks to callers, in each language that callers hear."),
    add=marked("Add a prompt"),
    fields=FIELDS,
    columns=(
        *NAMED,
        Column(label=marked("Words"), text=_words),
    ),
    data=data,
    values=values,
    errors={"texts": "text_en"},
)
PAGE = SECTION.page
view = SECTION.view
