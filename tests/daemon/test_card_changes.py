"""The exchanges follow what the drivers of cards were told, once, whoever was dead meanwhile."""

from pathlib import Path

import pytest_twisted

from appliance.daemon.card_changes import NOTE, CardChanges
from tests.boot.applying import ALL
from tests.boot.root_part import cards_in


class Followed:
    """How often the exchanges have followed."""

    def __init__(self) -> None:
        """Begin with never."""
        self.times = 0

    async def follow(self) -> None:
        """Follow."""
        self.times += 1


@pytest_twisted.ensureDeferred
async def test_each_turn_is_followed_once_and_never_in_the_middle(tmp_path: Path) -> None:
    """Kept or taken back, the same again or something else; not what the daemon began with."""
    files, followed = cards_in(tmp_path), Followed()
    files.try_out(ALL[:1])
    files.keep()
    changes = CardChanges(files.folder, home=tmp_path, follow=followed.follow)
    await changes.look()
    await changes.look()
    assert followed.times == 0
    for times, (spans, good) in enumerate(((ALL, True), (ALL, True), (ALL[2:], False)), start=1):
        files.try_out(spans)
        await changes.look()
        assert followed.times == times - 1, "the drivers are being told"
        if good:
            files.keep()
        else:
            files.take_back()
            files.end()
        await changes.look()
        await changes.look()
        assert followed.times == times


@pytest_twisted.ensureDeferred
async def test_what_happened_while_the_daemon_was_dead_is_followed(tmp_path: Path) -> None:
    """By the note of the one before; a folder that there is not, or a note that cannot be written, harms nothing."""
    files, followed = cards_in(tmp_path), Followed()
    await CardChanges(files.folder, home=tmp_path, follow=followed.follow).look()
    files.try_out(ALL)
    files.keep()
    await CardChanges(files.folder, home=tmp_path, follow=followed.follow).look()
    assert followed.times == 1
    again = CardChanges(files.folder, home=tmp_path, follow=followed.follow)
    await again.look()
    assert followed.times == 1
    (tmp_path / NOTE).unlink()
    (tmp_path / NOTE).mkdir()
    files.try_out(ALL[:1])
    files.keep()
    await again.look()
    assert followed.times == 2
    nowhere = CardChanges(tmp_path / "none", home=None, follow=followed.follow)
    await nowhere.look()
    assert followed.times == 2
