"""The words of each language: gettext catalogues under `locales/`, kept up by `tools/messages.py`.

English is the language of the message ids themselves and needs no catalogue.
"""

import gettext
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from hulk.kernel.text import LANGUAGES, Language, Voice

_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
LOCALES = Path(__file__).parent / "locales"


def voice(language: Language) -> Voice:
    """How a reader of `language` is spoken to. The catalogue is read when the first sentence is said."""
    return Voice(language, lambda msgid: _catalogue(language)(msgid))


def negotiate(accept_language: str | None, default: Language) -> Language:
    """The best language for an `Accept-Language` header (RFC 9110, 12.5.4): highest q first, then order; `default` when none fits."""
    wishes = [_wish(part) for part in (accept_language or "")[:1000].split(",")]
    for tag, quality in sorted(wishes, key=lambda wish: -wish[1]):
        if quality and tag == "*":
            return default
        if quality and tag in LANGUAGES:
            return "pt" if tag == "pt" else "en"
    return default


def _wish(part: str) -> tuple[str, float]:
    """`pt-BR;q=0.8` as `("pt", 0.8)`; a malformed quality counts nothing."""
    tag, _, parameters = part.partition(";")
    _, given, quality = parameters.replace(" ", "").lower().partition("q=")
    language = tag.strip().partition("-")[0].lower()
    if not given:
        return language, 1.0
    return language, float(quality) if _QUALITY.fullmatch(quality) else 0.0


@cache
def _catalogue(language: Language) -> Callable[[str], str]:
    if language == "en":
        return str
    return gettext.translation("hulk", LOCALES, ["pt_BR"]).gettext
