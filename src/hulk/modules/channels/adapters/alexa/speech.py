"""Markdown as Alexa speaks it, and as it stands on a card. Pure rules."""

import re
from collections.abc import Callable
from xml.sax.saxutils import escape

from hulk.modules.channels.domain import split

MOST_SPEECH = 8_000
"""Characters of a speech, with its marks (Amazon's limit)."""
MOST_SPEECH_BYTES = 12_000
"""Half of what a response may have."""
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for (2.2)."""
_FENCE = re.compile(r"^ {0,3}(```+|~~~+).*$", re.MULTILINE)
_RULED = re.compile(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$", re.MULTILINE)
_ROW = re.compile(r"^[ \t]*\|(.+?)\|?[ \t]*$", re.MULTILINE)
_HEAD = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*(?:[-*+][ \t]+|>[ \t]?)", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\(<?([^()\s<>]*)>?[^()\n]*\)")
_ADDRESS = re.compile(r"https?://([^\s/?#<>()\[\]]+)[^\s<>()\[\]]*")
_STRONG = re.compile(r"(\*\*\*|\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1")
_LIGHT = re.compile(r"(?<![\w*])([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*])")
_CODE = re.compile(r"(`+)(.+?)\1")
_ENDS = ".!?…:;,"


def plain(markdown: str) -> str:
    """The words, without the marks; what a link leads to stands in brackets."""
    return _words(markdown, lambda found: f"{found[1]} ({found[2]})" if found[2] and found[1] != found[2] else found[1] or found[2])


def spoken(markdown: str) -> str:
    """The words as one says them: of a link its name, of an address its host, of a table its rows."""
    text = _words(markdown, lambda found: found[1] or found[2])
    return _ADDRESS.sub(lambda found: found[1], text)


def _words(markdown: str, link: Callable[[re.Match[str]], str]) -> str:
    text = _UNSPEAKABLE.sub(" ", markdown.replace("\r\n", "\n"))
    text = _FENCE.sub("", _RULED.sub("", text))
    text = _ROW.sub(lambda row: ", ".join(cell.strip() for cell in row[1].split("|") if cell.strip()), text)
    text = _HEAD.sub(lambda head: _ended(head[1]), _BULLET.sub("", text))
    text = _LINK.sub(link, text)
    for marks in (_CODE, _STRONG, _LIGHT):
        text = marks.sub(lambda found: found[2], text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _ended(line: str) -> str:
    return line if not line or line[-1] in _ENDS else f"{line}."


def beginning(text: str, most: int, question: str = "") -> str:
    """As much of a text, up to the end of a paragraph or sentence, as can be spoken with that question after it."""
    while True:
        parts = split(text, most)
        first = parts[0] if parts else ""
        whole = ssml(first, question)
        if (len(whole) <= MOST_SPEECH and len(whole.encode()) <= MOST_SPEECH_BYTES) or most < 2:
            return first
        most = most * 3 // 4


def ssml(*texts: str) -> str:
    """Speech of these texts, a paragraph for each and for each of their lines; nothing in them is read as a mark."""
    lines = [line.strip() for text in texts for line in _UNSPEAKABLE.sub(" ", text).split("\n")]
    return "<speak>" + "".join(f"<p>{escape(line)}</p>" for line in lines if line) + "</speak>"
