"""How long things are kept, as the company's data say, and recordings let go when their time is over."""

import threading
from itertools import islice

from appliance.store.forgetting import Forgetting
from appliance.store.link import Where, tidy
from appliance.store.media import record_of
from appliance.store.schema import PeopleTables, Root, SettingsTables, tables
from appliance.store.standing import standing_of
from appliance.store.upkeep import Retention
from appliance.store.writer import Writer

A_COMMIT = 100
"Recordings that one commit lets go of."
LOOKED_AT = 2_000
"Recordings that one commit looks at."
ANSWER_S = 60.0


class Keeping:
    """Asks the configuration, and lets go of recordings; for the upkeep's thread, which may wait."""

    def __init__(self, *, settings: Writer, people: Writer, where: Where, forgetting: Forgetting) -> None:
        """Use the writers of two storages; the people's is at `where`."""
        self._settings = settings
        self._people = people
        self._where = where
        self._forgetting = forgetting
        self._from = ""
        self._dropped = 0

    def retention(self) -> Retention:
        """Tell how long things are kept now."""
        return self._settings.submit(_retention_of).result(ANSWER_S)

    def recordings(self, before: int) -> bool:
        """Let go of some recordings that began before a moment: key, row and file; tells whether there may be more."""
        begin = self._from
        self._from, dropped = self._people.submit(lambda root: _drop(root, begin, before), "retention").result(ANSWER_S)
        self._dropped += dropped
        if self._dropped and not self._from:
            self._forgetting.finish(threading.Event())
            tidy(self._where)
            self._dropped = 0
        return bool(self._from)


def _retention_of(root: Root) -> Retention:
    company = standing_of(tables(root, SettingsTables)).configuration.company
    return Retention(
        journal_days=company.keep_journal_days,
        calls_days=company.keep_calls_days,
        recordings_days=company.keep_recordings_days,
    )


def _drop(root: Root, begin: str, before: int) -> tuple[str, int]:
    """Look at recordings from a name on: where to go on, empty at the end, and how many went."""
    people = tables(root, PeopleTables)
    names = list(islice(people.media.keys(min=begin or None), LOOKED_AT + 1))
    dropped = 0
    for place, name in enumerate(names):
        if place == LOOKED_AT or dropped == A_COMMIT:
            return name, dropped
        record = record_of(people, name)
        if record is not None and record.sealed and record.began < before:
            del people.media[name]
            people.belongings.discard((record.party, "media", name))
            people.doomed.add(record.file)
            dropped += 1
    return "", dropped
