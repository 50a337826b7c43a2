"""Every sentence that a person reads, in the person's language (gettext; English is the source).

The sources of the catalogue are `webadmin/locale/<tag>/LC_MESSAGES`; `python -m webadmin.texts` compiles them. A page
knows the language of its reader and takes `texts` of it. On the command line it is the environment's: `said`, `plural`.
"""

import gettext
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMPILED = ROOT / "build" / "locale"
DOMAIN = "switchroom"
LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "简体中文"}
"Language of a person to its name in itself."
TAGS: Mapping[str, str] = {"en": "en", "zh": "zh_Hans"}
"Language of a person to the name of its catalogue."
DEFAULT = "en"
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"What names the language on the command line, the first that is set (POSIX.1-2017, 8.2)."


def marked(message: str) -> str:
    """Mark a message for extraction where it stands; it is translated later, where the language is known."""
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts in one language."""

    language: str
    catalogue: gettext.NullTranslations

    @property
    def tag(self) -> str:
        """Give the language tag for HTML (BCP 47)."""
        return TAGS[self.language].replace("_", "-")

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
    return Texts(language=known, catalogue=gettext.translation(DOMAIN, COMPILED, [TAGS[known]], fallback=True))


def language_of(environment: Mapping[str, str]) -> str:
    """Give the language that an environment asks for; English if it names none of ours."""
    name = next((environment[one] for one in VARIABLES if environment.get(one)), "").lower()
    return next((language for language in LANGUAGES if name.startswith(language)), DEFAULT)


def here() -> Texts:
    """Give the texts in the language of this process's environment."""
    return texts(language_of(os.environ))


def said(message: str, **values: object) -> str:
    """Say a message in the language of this process's environment, with values in its `{places}`."""
    return here()(message, **values)


def plural(one: str, many: str, count: int, **values: object) -> str:
    """Say a message by number in the language of this process's environment; `{count}` is among the values."""
    return here().plural(one, many, count, **values)
