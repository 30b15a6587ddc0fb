"""A text as it is scanned, in plain ASCII as far as it goes, which still knows where each character stood.

`plain("Ｃ５２９\u200b.982")` reads `C529.982`; the span of `529.982` in it is that of `５２９\u200b.982` in what was given.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Edit: TypeAlias = tuple[int, int, str]
"""From, to before, and what stands there instead."""


@dataclass(frozen=True, slots=True)
class View:
    """A text to scan. `starts` to `ends` of it were `sources` to `until` of what it was made from; all else stayed as it was."""

    text: str
    lower: str = field(repr=False)
    source: "View | None" = None
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()
    sources: Sequence[int] = ()
    until: Sequence[int] = ()
    depth: int = 0
    """How many times it was decoded."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where that part of this text stood in the text as it was given."""
        view: View | None = self
        while view is not None:
            start, end = view.origin(start, last=False), view.origin(end, last=True)
            view = view.source
        return start, end

    def origin(self, offset: int, *, last: bool) -> int:
        """Where that place was in what this was made from: a beginning, or an end when it is the `last`."""
        edit = bisect_right(self.starts, offset - 1 if last else offset) - 1
        if edit < 0:
            return offset
        beyond = offset - self.ends[edit]
        if beyond < 0 or (last and beyond == 0):
            return self.until[edit] if last else self.sources[edit]
        return self.until[edit] + beyond

    def touched(self, start: int, end: int) -> bool:
        """Whether something between those places is not as it was in what this was made from."""
        edit = bisect_right(self.starts, end) - 1
        return edit >= 0 and self.ends[edit] >= start

    def edited(self, edits: Iterable[Edit], depth: int = 0) -> "View":
        """With other words in some places; `edits` in order, none over another. `depth` is added to this one's."""
        pieces, starts, ends, sources, until = list[str](), list[int](), list[int](), list[int](), list[int]()
        at = length = 0
        for start, end, text in edits:
            pieces += (self.text[at:start], text)
            length += start - at
            starts.append(length)
            length += len(text)
            ends.append(length)
            sources.append(start)
            until.append(end)
            at = end
        pieces.append(self.text[at:])
        text = "".join(pieces)
        return View(text, text.lower(), self, starts, ends, sources, until, self.depth + depth)

    def decoded(self, start: int, end: int, text: str) -> "View":
        """What a part of this one says when it is decoded: any part of that stands for all of it."""
        inner = plain(text)
        whole = View(text, text, self, (0,), (len(text),), (start,), (end,), self.depth + 1)
        return View(inner.text, inner.lower, whole, inner.starts, inner.ends, inner.sources, inner.until, self.depth + 1)


SHORTEST = 11
"""Characters of a word from which a key, a code or encoded bytes may stand in it."""


def has(text: str, marks: Iterable[str]) -> bool:
    """Whether one of them stands in the text."""
    for mark in marks:  # noqa: SIM110 - `any` takes three times as long, and most texts have none
        if mark in text:
            return True
    return False


def long_words(text: str) -> list[tuple[int, int]]:
    """Where words that long stand, without white space, which are no plain words in small letters nor bare numbers."""
    found, at = list[tuple[int, int]](), 0
    for word in text.split():
        if (len(word) >= SHORTEST and not word.isalpha()) or (len(word) >= SHORTEST and not word.islower()):
            start = text.index(word, at)
            at = start + len(word)
            found.append((start, at))
    return found


def plain(text: str) -> View:
    """The text with compatibility forms made plain, accents, marks and invisible characters removed, look-alikes of other scripts, digits
    and dashes made ASCII, other signs made `*`.

    Raises `ValueError` for what is no text (lone surrogates)."""
    if text.isascii():
        return View(text, text.lower())
    try:
        narrow = text.encode("latin-1")
    except UnicodeEncodeError:
        return _wide(text)
    if _UNEVEN.search(text):
        return _wide(text)
    made = narrow.translate(_LATIN).decode("latin-1")
    return View(made, made.lower())


def _wide(text: str) -> View:
    """As `plain`, for letters beyond Latin-1 or such as are not written with one letter."""
    text.encode("utf-8")
    letters = {letter: _plain(letter) for letter in set(_NOT_ASCII.findall(text))}
    if len(letters) < _FEW and all(len(made) == 1 for made in letters.values()):
        for letter, made in letters.items():  # a few letters at a time: `translate` takes ten times as long
            text = text.replace(letter, made)
        return View(text, text.lower())
    given = View(text, "")
    view = given.edited((hit.start(), hit.end(), letters[hit[0]]) for hit in _NOT_ASCII.finditer(text))
    return View(view.text, view.lower, None, view.starts, view.ends, view.sources, view.until)


def _plain(letter: str) -> str:
    """One character as it is scanned; empty when it cannot be seen."""
    if letter in _LOOK_ALIKE:
        return _LOOK_ALIKE[letter]
    if "\U000e0020" <= letter <= "\U000e007e":  # tags: models read what people cannot see
        return chr(ord(letter) - 0xE0000)
    category = unicodedata.category(letter)
    if category in ("Cf", "Mn", "Me", "Cc") or letter in _INVISIBLE:
        return ""
    if (digit := unicodedata.digit(letter, None)) is not None:
        return str(digit)
    if category in _SIGNS:
        return _SIGNS[category]
    made = "".join(part for part in unicodedata.normalize("NFKD", letter) if unicodedata.category(part) != "Mn")
    if made != letter and made:
        return "".join(part if part.isascii() else _plain(part) for part in made)
    return "*" if category[0] in "PS" else letter


_FEW = 100
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_SIGNS = {"Pd": "-", "Zs": " ", "Zl": "\n", "Zp": "\n"}
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_DRAWN = {
    "-": "−⁃‐‑﹣", ".": "．。․‧∙•·", "/": "⁄∕", ":": "∶：", "0": "০", "3": "ЗӠ", "l": "ⅼıӀ", "j": "ȷ", "o": "ø", "O": "Ø",
    **dict(zip("ABESKMHOPCTYXIJaecopijsyxdhqw", "АВЕЅКМНОРСТУХІЈаесоріјѕухԁһԛԝ", strict=True)),
}  # fmt: skip
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοικνραυχμ", "ABEZHIKMNOPTYXoikvpauxu", strict=True))
_LOOK_ALIKE = {letter: drawn for drawn, letters in _DRAWN.items() for letter in letters} | _GREEK
"""Letters and marks that are drawn as others are: Cyrillic, Greek, and marks that stand where a dot, dash or slash would (a choice from
Unicode's confusables.txt)."""
_LATIN = bytes(ord(made) if len(made := _plain(chr(code))) == 1 and code > 127 else code for code in range(256))
_UNEVEN = re.compile("[" + "".join(chr(code) for code in range(128, 256) if len(_plain(chr(code))) != 1) + "]")
