"""Results: how a finished call ended for the business."""

from webadmin.setup.reasons import reasons
from webadmin.texts import marked

SECTION = reasons(
    "dispositions",
    title=marked("Results"),
    place=76,
    purpose=marked("Results that agents choose from at the end of a call; the first nine have the keys 1 to 9."),
    add=marked("Add a result"),
)
PAGE = SECTION.page
view = SECTION.view
