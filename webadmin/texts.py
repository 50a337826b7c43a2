"""The catalogues of the house: compiled, and what pages need of a language beside its texts (`appliance.texts`).

`python -m webadmin.texts` compiles them into `build/locale`; sources are `webadmin/locale/<tag>/LC_MESSAGES`.
"""

import os
import sys
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from appliance.texts import COMPILED, DEFAULT, LANGUAGES, ROOT, TAGS, Texts, marked, texts

__all__ = ["DEFAULT", "LANGUAGES", "ROOT", "SOURCES", "Texts", "compile_catalogues", "locale_of", "marked", "texts"]
SOURCES = Path(__file__).parent / "locale"


@cache
def locale_of(language: str) -> Locale:
    """Give how dates and figures are written in a language of ours."""
    return Locale.parse(TAGS[language])


def compile_catalogues(target: Path = COMPILED) -> tuple[Path, ...]:
    """Write every catalogue in the form that gettext reads; the same sources give the same bytes."""
    written = []
    for source in sorted(SOURCES.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as stream:
            catalogue = read_po(stream, locale=source.parents[1].name)
        compiled = target / source.parents[1].name / "LC_MESSAGES" / f"{source.stem}.mo"
        compiled.parent.mkdir(parents=True, exist_ok=True)
        fresh = compiled.with_suffix(f".{os.getpid()}.new")  # others may write the same at the same time
        with fresh.open("wb") as stream:
            write_mo(stream, catalogue)
        fresh.replace(compiled)
        written.append(compiled)
    return tuple(written)


if __name__ == "__main__":
    for path in compile_catalogues():
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
