"""A sentence with its accents and capitals folded away, of which parts can be hidden once they are understood."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from hulk.kernel.text import Language

MOST_CHARACTERS = 20_000
"""What is read of a text: parameters stand in a sentence, not in what was pasted after it."""

HIDDEN = "\0"
"""Stands for a character that was understood already. No pattern matches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """`folded` is `text` in lower case without accents, character for character, and with the understood parts hidden."""

    text: str
    folded: str
    language: Language

    def without(self, start: int, end: int) -> "Sentence":
        """The sentence with that part hidden."""
        return replace(self, folded=self.folded[:start] + HIDDEN * (end - start) + self.folded[end:])

    def said(self, start: int, end: int) -> str:
        """That part as it was written, for a message."""
        return self.text[start:end].strip()[:80]


def sentence(text: str, language: Language) -> Sentence:
    """`text` made ready to be read: composed (NFC), without NUL characters, cut at `MOST_CHARACTERS`."""
    clean = unicodedata.normalize("NFC", text[:MOST_CHARACTERS]).replace(HIDDEN, " ")
    return Sentence(text=clean, folded=folded(clean), language=language)


def folded(text: str) -> str:
    """`text` in lower case without accents, of the same length: `Março` is `marco`, `1º` is `1o`, `“` is `"`."""
    return "".join(map(_folded, text))


@cache
def _folded(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", _PLAIN.get(letter, letter))[:1].lower()
    return plain if len(plain) == 1 else letter


_PLAIN = {"“": '"', "”": '"', "«": '"', "»": '"', "’": "'", "‘": "'", "–": "-", "—": "-", "\u00a0": " ", "°": "o"}


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled when a sentence first needs it: those of counts and periods take 0.2 s, for which a start would wait."""
    return re.compile(pattern)


def any_of(words: Iterable[str]) -> str:
    """A pattern that matches one of `words`, folded, as whole words, the longest first; never matches when there are none."""
    ordered = sorted((re.escape(folded(word)).replace(r"\ ", r"\s+") for word in words), key=len, reverse=True)
    return rf"(?<!\w)(?:{'|'.join(ordered)})(?!\w)" if ordered else r"(?!)"


def standing(said: Sentence, words: Iterable[str]) -> re.Match[str] | None:
    """The first place where one of `words` stands and is not negated ("não abra tickets", "without tickets")."""
    found = re.finditer(any_of(words), said.folded)
    return next((match for match in found if not _negated(said, match.start())), None)


def _negated(said: Sentence, position: int) -> bool:
    before = re.split(r"[.,;:!?\n]", said.folded[max(0, position - 60) : position])[-1]
    return _NEGATION[said.language].search(before) is not None


_NOT = r"nao|sem|nem|nunca|nenhum|nenhuma|without|don't|do not|dont|not|never|neither|nor"
_NEGATION: dict[Language, re.Pattern[str]] = {
    "pt": re.compile(rf"(?<!\w)(?:{_NOT})(?:\s+[\w-]+){{0,3}}\s*$"),
    "en": re.compile(rf"(?<!\w)(?:{_NOT}|no)(?:\s+[\w-]+){{0,3}}\s*$"),
}
