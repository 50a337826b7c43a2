"""What the parts of a configuration have in common: a short name, and most a title."""

from webadmin.setup.fields import Text
from webadmin.setup.section import Column
from webadmin.texts import marked

SLUG = Text(
    name="slug",
    label=marked("Short name"),
    needed=True,
    longest=63,
    help=marked(
        "Small letters, digits and hyphens, such as sales-2. It names this in addresses and reports and stays as it is."
    ),
)
SLUG_COLUMN = Column(label=SLUG.label, text=lambda _request, part: part.slug)
TITLE_COLUMN = Column(label=marked("Title"), text=lambda _request, part: getattr(part, "title", ""))
NAMED = (SLUG_COLUMN, TITLE_COLUMN)


def title(help_text: str) -> Text:
    """Give the field of the title; `help_text` says who calls the part so, marked for translation."""
    return Text(name="title", label=TITLE_COLUMN.label, help=help_text)
