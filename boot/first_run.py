"""The first run: an empty box is given the sample company, by the commands that the console uses.

With `SWITCHROOM_SAMPLE=no` it stays empty, and whoever knows its set-up code sets it up (`appliance.first_boot`).

Every step may be done twice, so that a start that was cut off is made good by the next.
"""

from collections.abc import Callable

from appliance import api, document, sample, sign_ins, speech
from appliance.client import Client, DoorClosedError
from appliance.places import Places
from appliance.store.reader import Reader
from appliance.texts import here, said
from appliance.words import problem_text


class SetUpError(Exception):
    """The company could not be made; the message is one line."""


def is_due(places: Places, reader: Reader) -> bool:
    """Whether nobody has set anything up here, or an earlier first run was cut off; not if a box begins empty."""
    if not places.sample:
        return False
    found = sign_ins.read(places.sign_ins)
    if found is not None:
        return not found.complete
    return not reader.changes(0).items


def set_up(places: Places, say: Callable[[str], None]) -> None:
    """Make the sample company. The daemon must be there. Blocking: some seconds."""
    company = sample.document(trunk_host=places.host, trunk_port=places.far_port)
    say(said("speaking the prompts"))
    speech.speak(company.configuration.prompts, places.prompts)
    kept = sign_ins.read(places.sign_ins) or sign_ins.SignIns(
        people={person.slug: sign_ins.make_password() for person in company.people},
        extensions={phone.slug: sign_ins.make_password() for phone in company.configuration.extensions},
    )
    sign_ins.write(places.sign_ins, kept)
    say(said("making the sample company"))
    client = Client(places.console_socket, timeout_s=60.0)
    _ask(client, api.Import(text=document.write(company)), said("the company"))
    for person, password in kept.people.items():
        _ask(client, api.SetPassword(person=person, password=password), said("the password of {person}", person=person))
    for extension, secret in kept.extensions.items():
        _ask(
            client,
            api.SetSecret(of=f"extension/{extension}", secret=secret),
            said("the phone {extension}", extension=extension),
        )
    sign_ins.write(places.sign_ins, sign_ins.SignIns(complete=True, people=kept.people, extensions=kept.extensions))


def tidy(places: Places, reader: Reader) -> None:
    """Drop passwords of the sample company that open nothing any more."""
    standing = reader.standing()
    sign_ins.keep(
        places.sign_ins,
        people={person.slug for person in standing.people},
        extensions={phone.slug for phone in standing.configuration.extensions},
    )


def _ask(client: Client, request: api.AnyRequest, what: str) -> None:
    try:
        reply = client.send(request)
    except DoorClosedError as error:
        told = said("The sample company could not be made: {what}: {error}", what=what, error=error)
        raise SetUpError(told) from error
    if reply.problems:
        problem = reply.problems[0]
        place = f"{what} {problem.field}".rstrip()
        raise SetUpError(
            said("The sample company was refused: {what}: {problem}", what=place, problem=problem_text(here(), problem))
        )
