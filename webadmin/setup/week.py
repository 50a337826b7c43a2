"""A week of opening hours as people type it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from babel.dates import get_day_names

from appliance.core import model
from webadmin.request import PageRequest
from webadmin.setup.fields import NOTHING, Choices, FieldError, Form
from webadmin.texts import Texts, locale_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STRETCH = re.compile(r"([0-9]{1,2}:[0-9]{2})\s*[-–—~～至到]\s*([0-9]{1,2}:[0-9]{2})")
TYPED_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """The open stretches of a day; its value is pairs of times."""

    name: str
    label: str
    help: str = ""
    default: object = ()
    kind: str = "text"

    def read(self, typed: Sequence[str], _choices: Choices, say: Texts) -> object:
        """Take what was typed, with commas of either kind."""
        text = typed[0].strip()[:TYPED_MAX] if typed else ""
        parts = [part.strip() for part in re.split(r"[,，、;；]", text) if part.strip()]
        found = [match for part in parts if (match := STRETCH.fullmatch(part))]
        if len(found) < len(parts):
            raise FieldError(say("This is not understood; type it such as 09:00-12:00, 13:30-18:00."))
        return tuple((match[1].rjust(5, "0"), match[2].rjust(5, "0")) for match in found)

    def show(self, value: object) -> str:
        """Write them."""
        return written(value)

    def word(self, value: object, _choices: Choices, _say: Texts) -> str:
        """Say them."""
        return written(value) or NOTHING


def written(stretches: object) -> str:
    """Write the stretches of a day."""
    return ", ".join(f"{begin}-{end}" for begin, end in stretches) if isinstance(stretches, tuple) else ""


def data(part: model.Part) -> dict[str, object]:
    """Give what the form shows."""
    if not isinstance(part, model.Hours):
        return {}
    days: dict[str, object] = {day: part.week.get(day, ()) for day in DAYS}
    return {"slug": part.slug, "title": part.title, "closed": part.closed, **days}


def values(form: Form) -> dict[str, object]:
    """Give what the form says; the expansion is made anew when it is published."""
    week = {day: form.values[day] for day in DAYS if form.values.get(day)}
    return {
        "slug": form.text("slug"),
        "title": form.text("title"),
        "closed": form.strings("closed"),
        "week": week,
        "opening": (),
    }


def week_in_short(request: PageRequest, hours: model.Hours) -> str:
    """Write a week with equal days together."""
    names = get_day_names("abbreviated", locale=locale_of(request.say.language))
    groups: list[tuple[list[int], str]] = []
    for index, day in enumerate(DAYS):
        said = written(hours.week.get(day, ()))
        if groups and groups[-1][1] == said:
            groups[-1][0].append(index)
        else:
            groups.append(([index], said))
    return "; ".join(
        f"{names[days[0]]}{f'–{names[days[-1]]}' if len(days) > 1 else ''} {said}" for days, said in groups if said
    )
