"""What a view says when it is decoded: escapes undone in place, and runs of base64 or hexadecimal digits that hold text."""

import base64
import binascii
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

from hulk.modules.router.domain.sensitivity.numbers import Hit
from hulk.modules.router.domain.sensitivity.view import SHORTEST, Edit, View, long_words, plain

DEEPEST = 4
"""How often what was decoded is decoded again."""
_APART = 2
"""How deep what is decoded may lie for its sorts of escapes to be undone one by one."""
_OPAQUE = 400
"""Characters from which a run that holds no text is something that was packed up (a file), no key or hash."""

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_PAIR = re.compile(r"\\{1,8}u([dD][89abAB][0-9A-Fa-f]{2})\\{1,8}u([dD][c-fC-F][0-9A-Fa-f]{2})")
"""A character beyond U+FFFF as JSON writes it, in two halves (RFC 8259, 7)."""
_ESCAPE = re.compile(r"\\{1,8}(?:u\{?([0-9A-Fa-f]{4})\}?|x([0-9A-Fa-f]{2})|U000([0-9A-Fa-f]{5})|([nrt\"/]))")
_QUOTED = re.compile(r"=[0-9A-F]{2}(?:=[0-9A-F]{2}){2,}+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{11,}+(?:\r?\n(?=[A-Za-z0-9+/_=-]{4})[A-Za-z0-9+/_-]{4,}+)*+={0,2}")
_BEGUN = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST}}}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?((?:[0-9A-Fa-f]{2}){8,}+)(?![0-9A-Za-z])")
_PAIRS = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{2}(?:[ :,;-]{1,2}(?:0x)?[0-9A-Fa-f]{2}(?![0-9A-Za-z])){7,}")
_SEGMENT = re.compile(r"[+/_-]")
_DATA_URI = re.compile(r"data:[a-z]{1,20}/[a-z0-9.+-]{1,60}(?:;[a-z0-9=.-]{1,40}){0,4};base64,")


def unescaped(view: View) -> Iterator[View]:
    """The view with its escapes of URLs, HTML, JSON and e-mail undone: all at once, and where there are several sorts, of what was given
    each sort alone too, since what looks like one may be part of a password (`%7a` in JSON)."""
    sorts = [edits for edits in map(list, _escapes(view)) if edits]
    if sorts:
        yield _undone(view, [edit for edits in sorts for edit in edits])
    if len(sorts) > 1 and view.depth < _APART:
        yield from (_undone(view, edits) for edits in sorts)


def _undone(view: View, edits: list[Edit]) -> View:
    return view.edited(_apart(sorted(edits, key=lambda edit: (edit[0], -edit[1]))), depth=1)


def _apart(edits: list[Edit]) -> Iterator[Edit]:
    at = 0
    for start, end, text in edits:
        if start >= at:
            yield start, end, text
            at = end


def _escapes(view: View) -> Iterator[Iterator[Edit]]:
    """What undoes the escapes, by their sort."""
    text = view.text
    if "%" in text:
        yield ((hit.start(), hit.end(), _flat(said)) for hit in _PERCENT.finditer(text) if (said := _unquoted(hit[0])) != hit[0])
    if "&" in text:
        yield ((hit.start(), hit.end(), _flat(html.unescape(hit[0]))) for hit in _ENTITY.finditer(text))
    if "\\" in text:
        yield _backslashes(text)
    if "=3" in text:
        yield ((hit.start(), hit.end(), _flat(unquote(hit[0].replace("=", "%"), errors="replace"))) for hit in _QUOTED.finditer(text))


def _backslashes(text: str) -> Iterator[Edit]:
    yield from ((hit.start(), hit.end(), _flat(_joined(hit[1], hit[2]))) for hit in _PAIR.finditer(text))
    for hit in _ESCAPE.finditer(text):
        yield hit.start(), hit.end(), _flat(_WHITE.get(hit[4]) or _letter(hit[1] or hit[2] or hit[3]))


def _unquoted(run: str) -> str:
    """What escapes of a URL stand for, in UTF-8 or Latin-1; what stands for no letters in either is none, as in a password."""
    try:
        return unquote(run, errors="strict")
    except UnicodeDecodeError:
        text = unquote(run, encoding="latin-1")
        return text if all(letter.isascii() or letter.isalpha() for letter in text) else run


_WHITE = {"n": "\n", "r": "\n", "t": "\t", '"': '"', "/": "/"}


def _joined(high: str, low: str) -> str:
    return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))


def _letter(code: str) -> str:
    number = int(code, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def _flat(text: str) -> str:
    """What was decoded, made plain as all else was."""
    return text if text.isascii() else plain(text).text


def opened(view: View) -> tuple[list[View], list[Hit]]:
    """Views of what runs of base64 and hexadecimal digits hold; and hits for what cannot be read: files within the text, or packed up."""
    views, hits = list(_opened_hex(view)), list(_files(view))
    for start, end in _runs(view.text):
        if view.text.startswith(_PACKED, start):
            hits.append((start, end, "attachment", "failed"))
        elif inner := list(_opened_base64(view, start, end)):
            views += inner
        elif end - start >= _OPAQUE and len(set(view.text[start : start + _OPAQUE])) > _VARIED:
            hits.append((start, end, "unreadable", "failed"))
    return views, hits


_PACKED = ("H4sI", "UEsDB", "JVBERi", "iVBORw0", "/9j/4")
"""How gzip, ZIP, PDF, PNG and JPEG begin in base64."""
_VARIED = 30
"""Different characters that something packed has, and a drawn line or a path has not."""


def _files(view: View) -> Iterator[Hit]:
    if "base64," in view.lower:
        yield from ((hit.start(), hit.end(), "attachment", "failed") for hit in _DATA_URI.finditer(view.lower))


def _opened_hex(view: View) -> Iterator[View]:
    for probe, pattern in _HEXES:
        if probe.search(view.text):
            for hit in pattern.finditer(view.text):
                digits = "".join(letter for letter in hit[0].replace("0x", "") if letter.isalnum())
                if said := _text(bytes.fromhex(digits)):
                    yield view.decoded(hit.start(), hit.end(), said)


_HEXES = (
    (re.compile(r"[2-7c][0-9A-Fa-f]{15}"), _HEX),
    (re.compile(r"[2-7][0-9A-Fa-f][ :,;-]{1,2}(?:0x)?[2-7][0-9A-Fa-f][ :,;-]{1,2}(?:0x)?[2-7c][0-9A-Fa-f][ :,;-]"), _PAIRS),
)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Where base64 may stand: words of its letters with capitals among others, as eight bytes of digits always have."""
    at = 0
    for start, end in long_words(text):
        at = max(at, start)
        while begun := _BEGUN.search(text, at, end):  # within the word: a search to the end for each would take the square of the length
            run = _BASE64.match(text, begun.start())
            at = run.end() if run else end
            if run and _likely(run[0]):
                yield run.span()


def _likely(run: str) -> bool:
    return not run.islower() and not run.isdecimal() and (any(letter.isdigit() for letter in run) or not run.istitle())


def _opened_base64(view: View, start: int, end: int) -> Iterator[View]:
    """What a run holds as a whole, and line by line, as the next line may have nothing to do with it; else between signs that are no
    base64 to those who wrote it."""
    run = view.text[start:end]
    lines = run.split()
    said = [text for piece in dict.fromkeys((run, *lines)) if len(piece) >= SHORTEST and (text := _base64(piece))]
    if not said and _SEGMENT.search(run):
        said = [text for piece in _SEGMENT.split(run) if len(piece) >= SHORTEST and (text := _base64(piece))][:1]
    yield from (view.decoded(start, end, text) for text in said)


def _base64(run: str) -> str | None:
    """The text that base64 digits hold (RFC 4648, both alphabets, with or without padding)."""
    digits = "".join(run.split()).rstrip("=").replace("-", "+").replace("_", "/")
    if len(digits) % 4 == 1:
        return None
    try:
        return _text(base64.b64decode(digits + "=" * (-len(digits) % 4)))
    except binascii.Error:
        return None


def _text(data: bytes) -> str | None:
    """Bytes as text, when they are some: UTF-8, UTF-16 or Latin-1, without control characters but NUL."""
    if data.count(0) > len(data) // 3 or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        if 4 * sum(byte > 127 for byte in data) > len(data):  # of what is no text, half
            return None
        text = data.decode("latin-1")
    controls = sum((letter < " " and letter not in "\0\t\r\n") or "\x7f" <= letter <= "\x9f" for letter in text)
    return text if text and controls == 0 else None
