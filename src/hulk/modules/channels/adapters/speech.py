"""Markdown as it is spoken, and what is told by speaking. Pure rules, for all channels that speak."""

import re
from collections.abc import Callable

UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
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


_PICTURES = re.compile(
    "[\u200d\u20e3\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f]+"
)


def aloud(markdown: str) -> str:
    """As `spoken`, for what reads plain text aloud: without emoji, which some read by their names, and with an end for each line."""
    lines = [" ".join(_PICTURES.sub(" ", line).split()) for line in spoken(markdown).split("\n")]
    return "\n".join(_ended(line) for line in lines if line)


def _words(markdown: str, link: Callable[[re.Match[str]], str]) -> str:
    text = UNSPEAKABLE.sub(" ", markdown.replace("\r\n", "\n"))
    text = _FENCE.sub("", _RULED.sub("", text))
    text = _ROW.sub(lambda row: ", ".join(cell.strip() for cell in row[1].split("|") if cell.strip()), text)
    text = _HEAD.sub(lambda head: _ended(head[1]), _BULLET.sub("", text))
    text = _LINK.sub(link, text)
    for marks in (_CODE, _STRONG, _LIGHT):
        text = marks.sub(lambda found: found[2], text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _ended(line: str) -> str:
    return line if not line or line[-1] in _ENDS else f"{line}."


def linking(text: str) -> str:
    """What was said; the command that it is, where somebody tells who they are: “link code K three M nine” is `/link K3M9`."""
    code = _LINKING.fullmatch(text)
    return f"/link {spelt(code[1])}" if code else text


_LINKING = re.compile(r"(?:vincul\w+|associ\w+|link)(?: (?:o|meu|my|the))? (?:código|codigo|code)\W+(.+)", re.IGNORECASE)
_DIGITS = {
    "zero": "0", "oh": "0", "um": "1", "uma": "1", "one": "1", "dois": "2", "duas": "2", "two": "2", "três": "3", "tres": "3", "three": "3",
    "quatro": "4", "four": "4", "cinco": "5", "five": "5", "seis": "6", "meia": "6", "six": "6", "sete": "7", "seven": "7", "oito": "8",
    "eight": "8", "nove": "9", "nine": "9",
}  # fmt: skip


def spelt(text: str) -> str:
    """A code as it was spelt: “K. três m 9” is `K3M9`."""
    return "".join(_DIGITS.get(word.casefold(), word) for word in re.findall(r"[^\W_]+", text)).upper()
