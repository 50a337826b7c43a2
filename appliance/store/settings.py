"""What administrators change: each request is checked, committed, noted with who and when, and answered."""

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import replace

import msgspec

from appliance import api
from appliance.core import model
from appliance.store import answers, passwords
from appliance.store.edits import EditError
from appliance.store.people import People, cleaned
from appliance.store.publishing import (
    Applied,
    EditRequest,
    Turn,
    dry_run,
    edit,
    equipment_of,
    publish,
    recalendar,
    set_language,
    set_secret,
)
from appliance.store.schema import Root, SettingsTables, tables
from appliance.store.standing import VERSION, Standing, configuration_of, standing_of
from appliance.store.writer import Writer

__all__ = ["Applied", "Settings", "SettingsRequest", "Standing"]

SettingsRequest = EditRequest | api.SetSecret | api.SetLanguage
_NAMES_S = 10.0
"How long the people's storage may take."


class Settings:
    """Changes and reads the configuration's storage through its writer; every answer is a future."""

    def __init__(self, writer: Writer, people: People) -> None:
        """Use a writer of the configuration's storage; names go to the people first."""
        self._writer = writer
        self._people = people

    def apply(self, request: SettingsRequest, *, by: str, now_us: int) -> Future[Applied]:
        """Do what is asked; a refusal is an answer too. A token that was answered before is answered the same again."""
        turn = Turn(by=by, now_us=now_us, password=passwords.made())
        return self._writer.submit(
            lambda root: self._apply(tables(root, SettingsTables), request, turn), f"{by} {type(request).__name__}"
        )

    def current(self) -> Future[Standing]:
        """Tell what holds now."""
        return self._writer.submit(lambda root: standing_of(tables(root, SettingsTables)))

    def configuration(self, version: str) -> Future[model.Configuration]:
        """Give a version as it was published; KeyError if it never was."""
        return self._writer.submit(lambda root: configuration_of(tables(root, SettingsTables), version))

    def configurations(self, versions: Iterable[str]) -> Future[dict[str, model.Configuration]]:
        """Give several versions; those that never were are left out."""
        wanted = tuple(versions)

        def work(root: Root) -> dict[str, model.Configuration]:
            settings = tables(root, SettingsTables)
            return {name: configuration_of(settings, name) for name in wanted if name in settings.documents}

        return self._writer.submit(work)

    def equipment(self) -> Future[api.Equipment]:
        """Give all that drivers need, secrets included."""

        def work(root: Root) -> api.Equipment:
            settings = tables(root, SettingsTables)
            return equipment_of(settings, self._people.names().result(_NAMES_S))

        return self._writer.submit(work)

    def expand(self, now_us: int) -> Future[Applied]:
        """Publish the calendar anew if it ends soon, and a first version if there is none."""

        def work(root: Root) -> Applied:
            settings = tables(root, SettingsTables)
            return recalendar(settings, standing_of(settings), now_us)

        return self._writer.submit(work, "calendar")

    def _apply(self, settings: SettingsTables, request: SettingsRequest, turn: Turn) -> Applied:
        if (answered := answers.find(settings, turn.by, request.token)) is not None:
            return Applied(reply=msgspec.json.decode(answered, type=api.Reply))
        try:
            applied = self._do(settings, request, turn)
        except EditError as error:
            version = settings.standing.get(VERSION, "")
            applied = Applied(reply=api.Reply(problems=error.problems, version=version))
        answers.keep(settings, turn.by, request.token, msgspec.json.encode(applied.reply))
        return applied

    def _do(self, settings: SettingsTables, request: SettingsRequest, turn: Turn) -> Applied:
        standing = standing_of(settings)
        match request:
            case api.SetLanguage():
                return set_language(settings, request, standing, turn)
            case api.SetSecret():
                return set_secret(settings, request, standing, turn)
            case _:
                names = self._people.names().result(_NAMES_S)
                outcome = edit(settings, standing, request, turn)
                if isinstance(request, api.Import) and request.dry_run:
                    return dry_run(standing, outcome, names)
                changed = {slug: name for slug, name in outcome.names.items() if names.get(slug) != cleaned(name)}
                if changed:
                    self._people.set_names(changed).result(_NAMES_S)
                return publish(settings, standing, replace(outcome, names=changed), turn)
