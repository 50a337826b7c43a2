"""Every sentence that a person reads, in the person's language (gettext; English is the source).

`python -m webadmin.texts` compiles the catalogues into `build/locale`; sources are `webadmin/locale/<tag>/LC_MESSAGES`.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ROOT = Path(__file__).parents[1]
SOURCES = Path(__file__).parent / "locale"
COMPILED = ROOT / "build" / "locale"
DOMAIN = "switchroom"
LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "简体中文"}
"Language of a person to its name in itself."
TAGS: Mapping[str, str] = {"en": "en", "zh": "zh_Hans"}
"Language of a person to the name of its catalogue."
DEFAULT = "en"


def marked(message: str) -> str:
    """Mark a message for extraction where it stands; it is translated later, where the language is known."""
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts in one language."""

    language: str
    locale: Locale
    catalogue: NullTranslations

    @property
    def tag(self) -> str:
        """Give the language tag for HTML (BCP 47)."""
        return str(self.locale).replace("_", "-")

    def __call__(self, message: str, **values: object) -> str:
        """Translate a message and put values into its `{places}`."""
        text = self.catalogue.gettext(message) if message else ""
        return text.format_map(values) if values else text

    def plural(self, one: str, many: str, count: int, **values: object) -> str:
        """Translate by number; `{count}` is among the values."""
        return self.catalogue.ngettext(one, many, count).format_map({"count": count, **values})


@cache
def texts(language: str) -> Texts:
    """Load the texts of a language; an unknown one gives English."""
    known = language if language in TAGS else DEFAULT
    tag = TAGS[known]
    return Texts(language=known, locale=Locale.parse(tag), catalogue=Translations.load(COMPILED, [tag], DOMAIN))


def compile_catalogues(target: Path = COMPILED) -> tuple[Path, ...]:
    """Write every catalogue in the form that gettext reads; the same sources give the same bytes."""
    written = []
    for source in sorted(SOURCES.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        with source.open("rb") as stream:
            catalogue = read_po(stream, locale=source.parents[1].name)
        compiled = target / source.parents[1].name / "LC_MESSAGES" / f"{DOMAIN}.mo"
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
