"""Break reasons: why an agent is away for a while."""

from webadmin.setup.reasons import reasons
from webadmin.texts import marked

SECTION = reasons(
    "breaks",
    title=marked("Break reasons"),
    place=73,
    purpose=marked("Reasons that agents choose from when they take a break."),
    add=marked("Add a break reason"),
    limits=True,
)
PAGE = SECTION.page
view = SECTION.view
