"""Break reasons and results are set up alike: words in each language."""

from appliance.core import model
from appliance.core.check import PARTS_MAX
from webadmin.request import PageRequest
from webadmin.setup.fields import Field, Form, Number, Text
from webadmin.setup.named import SLUG, SLUG_COLUMN
from webadmin.setup.section import Column, Section
from webadmin.texts import LANGUAGES, marked
from webadmin.words import title_of

FIELDS: tuple[Field, ...] = (
    SLUG,
    Text(name="title_en", label=marked("English words"), help=marked("Shown on English pages.")),
    Text(name="title_zh", label=marked("Chinese words"), help=marked("Shown on Chinese pages.")),
)


LIMITS: tuple[Field, ...] = (
    Number(
        name="at_once_max",
        label=marked("Away at once, at most"),
        low=0,
        high=PARTS_MAX,
        help=marked("How many agents may be away for this reason at once, those who have asked included; 0: no limit."),
    ),
    Number(
        name="minutes_max",
        label=marked("A day, at most"),
        low=0,
        high=1440,
        unit=marked("min"),
        help=marked("How long one agent may be away for this reason in a day; 0 for no limit."),
    ),
)
"Of a break; nobody who is away is called back by them."


def _at_once(_request: PageRequest, part: model.Part) -> str:
    return str(part.at_once_max) if isinstance(part, model.Reason) and part.at_once_max else "—"


def _minutes(request: PageRequest, part: model.Part) -> str:
    limited = isinstance(part, model.Reason) and part.minutes_max
    return request.say("{count} min", count=limited) if limited else "—"


LIMIT_COLUMNS = (
    Column(label=LIMITS[0].label, text=_at_once),
    Column(label=LIMITS[1].label, text=_minutes),
)


def reasons(name: str, *, title: str, place: int, purpose: str, add: str, limits: bool = False) -> Section:
    """Give the set-up page of a list of reasons; the texts are marked for translation."""
    return Section(
        list=name,
        address=f"/setup/{name}",
        title=title,
        place=place,
        purpose=purpose,
        add=add,
        fields=FIELDS + LIMITS * limits,
        columns=(SLUG_COLUMN, Column(label=marked("Words"), text=_words), *LIMIT_COLUMNS * limits),
        data=_data,
        values=_values,
        errors={"title": "title_en"},
    )


def _data(part: model.Part) -> dict[str, object]:
    if not isinstance(part, model.Reason):
        return {}
    titles = {f"title_{language}": text for language, text in part.title.items()}
    return {"slug": part.slug, "at_once_max": part.at_once_max, "minutes_max": part.minutes_max, **titles}


def _values(form: Form) -> dict[str, object]:
    said = {language: form.text(f"title_{language}") for language in LANGUAGES}
    limits = {field.name: form.values[field.name] for field in LIMITS if field.name in form.values}
    return {"slug": form.text("slug"), "title": {language: text for language, text in said.items() if text}, **limits}


def _words(request: PageRequest, part: model.Part) -> str:
    return title_of(part, request.language) if isinstance(part, model.Reason) else part.slug
