"""The summaries of changes, which the store writes as `put queues.sales`, as sentences."""

from collections.abc import Mapping

from webadmin.texts import Texts, marked

LISTS: Mapping[str, str] = {
    "company": marked("Company"),
    "trunks": marked("SIP trunks"),
    "spans": marked("Spans of cards"),
    "numbers": marked("Numbers"),
    "extensions": marked("Phones"),
    "agents": marked("Agents"),
    "queues": marked("Workgroups"),
    "flows": marked("Flows"),
    "hours": marked("Opening hours"),
    "prompts": marked("Prompts"),
    "breaks": marked("Break reasons"),
    "dispositions": marked("Results"),
    "lines": marked("Serial lines"),
    "people": marked("People"),
}
VERBS: Mapping[str, str] = {
    "put": marked("{list}: {name} set"),
    "drop": marked("{list}: {name} removed"),
    "put-person": marked("Person {name} set"),
    "drop-person": marked("Person {name} removed"),
    "set-secret": marked("SIP password of {name} set"),
    "set-password": marked("Password of {name} set"),
    "revert": marked("Change {name} taken back"),
    "import": marked("A whole configuration read in"),
}
COMPANY = marked("Company data set")


def summary_text(say: Texts, summary: str) -> str:
    """Say what a change was; a summary of another kind stands as it is."""
    verb, _, what = summary.partition(" ")
    if verb not in VERBS:
        return summary
    if what == "company":
        return say(COMPANY)
    listed, _, slug = what.partition(".")
    title = say(LISTS[listed]) if listed in LISTS else listed
    return say(VERBS[verb], list=title, name=slug or what)


def path_text(say: Texts, path: str) -> str:
    """Say where in the configuration something stands: the list and the part's name."""
    listed, _, rest = path.partition(".")
    title = say(LISTS[listed]) if listed in LISTS else listed
    slug = rest.split(".")[0]
    return say("{list}: {name}", list=title, name=slug) if slug else title
