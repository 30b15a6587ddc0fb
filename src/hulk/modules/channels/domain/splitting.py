"""Cutting a long answer where a reader would. Pure rules."""

import re

_BREAKS = (
    re.compile(r"\n{2,}"),  # a paragraph
    re.compile(r"\n"),  # a line
    re.compile(r"(?<=[.!?…])[\"”’»)\]]*\s+"),  # a sentence
    re.compile(r"\s+"),  # a word
)
_FENCE = re.compile(r"^(```+|~~~+)([^\n`]*)$", re.MULTILINE)
_LEAST = 0.4
"""Of the whole length: a part is not cut shorter than that for the sake of a better place."""


def fitting(text: str, most: int, *, utf16: bool = False) -> int:
    """How many characters from its beginning make up at most `most`; with `utf16`, one beyond U+FFFF counts as two."""
    if not utf16 or len(text) * 2 <= most:
        return min(len(text), most)
    end = most - sum(char > "\uffff" for char in text[:most])
    left = most - utf16_length(text[:end])
    while left > 0 and end < len(text) and (left := left - utf16_length(text[end])) >= 0:
        end += 1
    return min(end, len(text))


def utf16_length(text: str) -> int:
    """How many code units it has in UTF-16."""
    return len(text) + sum(char > "\uffff" for char in text)


def split(text: str, most: int, *, utf16: bool = False) -> tuple[str, ...]:
    """`text` in parts of at most `most` characters (see `fitting`), cut between paragraphs, lines, sentences or words, whichever first is
    not too early, and only then within one. A block of code that is cut is closed and opened again. Only spaces at cuts are lost."""
    parts, rest = list[str](), text.strip()
    while (room := fitting(rest, most, utf16=utf16)) < len(rest):
        part, rest = _cut(rest, room)
        parts.append(part)
    return (*parts, rest) if rest else tuple(parts)


def _cut(text: str, most: int) -> tuple[str, str]:
    fence = _open_fence(text[:most])
    end, start = _place(text, max(most - len(_mark(fence)) - 1, 1) if fence else most)
    part, rest = text[:end].rstrip(), text[start:]
    opened = _open_fence(part)
    if opened and len(part) > len(opened) + 1 and len(opened) + len(_mark(opened)) + 4 < most:
        return f"{part}\n{_mark(opened)}", f"{opened}\n{rest.lstrip(chr(10))}"
    return part, rest.lstrip()


def _place(text: str, most: int) -> tuple[int, int]:
    """Where a part ends and the next begins."""
    for kind in _BREAKS:
        found = [one for one in kind.finditer(text, 0, most + 1) if one.start() <= most and one.end() > 0]
        if found and found[-1].start() >= most * _LEAST:
            return found[-1].start(), found[-1].end()
    return _whole(text, most)


def _whole(text: str, most: int) -> tuple[int, int]:
    """Within a word, but not within what shows as one character (a base with its marks, joined emojis)."""
    end = most
    while end > max(most - 16, 1) and (text[end] in _JOINED or "\u0300" <= text[end] <= "\u036f" or text[end - 1] == "\u200d"):
        end -= 1
    return end, end


_JOINED = frozenset("\u200d\ufe0f\u20e3") | {chr(code) for code in range(0x1F3FB, 0x1F400)}


def _open_fence(text: str) -> str:
    """The line that opened the block of code in which `text` ends, if it ends in one."""
    opened = ""
    for line in _FENCE.finditer(text):
        if not opened:
            opened = line.group(0)
        elif line.group(1).startswith(_mark(opened)) and not line.group(2).strip():
            opened = ""
    return opened


def _mark(line: str) -> str:
    found = _FENCE.match(line)
    return found.group(1) if found else "```"
