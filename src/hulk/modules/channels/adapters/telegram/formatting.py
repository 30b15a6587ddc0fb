"""Markdown as Telegram shows it: plain text, and beside it entities that say which part is bold, code or a link. Pure.

Telegram also reads HTML and a Markdown of its own; there a character that was not escaped breaks the whole message (400, "can't parse
entities"). With entities the text is never read for markup, so it cannot break. Offsets and lengths count UTF-16 code units, as do the
4096 of a message (https://core.telegram.org/bots/api#messageentity). Formatted text is never longer than its Markdown.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from hulk.kernel.records import JsonObject
from hulk.modules.channels.domain import utf16_length

MOST_ENTITIES = 100
"""Telegram leaves out those that are more."""
_DEEPEST = 8

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ ]*([^\s`]*)[^`\n]*$")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_QUOTE = re.compile(r"^ {0,3}>[ ]?(.*)$")
_BULLET = re.compile(r"^(\s*)[-*+][ \t]+(?=\S)")
_TABLE = re.compile(r"^\s*\|.*\|\s*$")
_INLINE = re.compile(
    r"(?P<escaped>\\[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)"
    r"|!?\[(?P<label>(?:[^\[\]\\]|\\.)*)\]\((?P<url>[^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)"
    r"|<(?P<auto>(?:https?://|mailto:)[^\s<>]+)>"
    r"|(?P<mark>\*\*\*|\*\*|__|~~|\*|_)"
)
_KINDS = {"**": "bold", "__": "bold", "*": "italic", "_": "italic", "~~": "strikethrough"}
_STYLES = frozenset(_KINDS.values())
_LINK = re.compile(r"(?:https?://|tg://|mailto:)\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, in characters."""

    kind: str
    start: int
    end: int
    more: str = ""
    """The address of a link, the language of a block of code."""


Marked: TypeAlias = tuple[str, list[Span]]


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text as it is shown, and its parts as Telegram wants them told."""

    text: str
    entities: tuple[JsonObject, ...] = ()


def formatted(markdown: str) -> Formatted:
    """What to send for it. What is not understood stays as it was written."""
    text, spans = _blocks(markdown.split("\n"))
    spans = sorted((one for one in _lawful(spans) if text[one.start : one.end].strip()), key=lambda one: (one.start, -one.end))
    return Formatted(text, tuple(_entity(text, one) for one in spans[:MOST_ENTITIES]))


def _lawful(spans: list[Span]) -> list[Span]:
    """Without what Telegram does not let stand in one another: code in a link, and emphasis around code."""
    links = [one for one in spans if one.kind == "text_link"]
    codes = [one for one in spans if one.kind == "code" and not any(link.start <= one.start < link.end for link in links)]
    others = [one for one in spans if one.kind != "code"]
    return [*codes, *(piece for one in others for piece in (_around(one, codes) if one.kind in _STYLES else [one]))]


def _around(span: Span, codes: list[Span]) -> list[Span]:
    """What is left of it before, between and after code."""
    pieces, start = list[Span](), span.start
    for code in sorted((one for one in codes if span.start <= one.start < span.end), key=lambda one: one.start):
        pieces.append(Span(span.kind, start, code.start))
        start = code.end
    return [one for one in (*pieces, Span(span.kind, start, span.end)) if one.start < one.end]


def _entity(text: str, span: Span) -> JsonObject:
    told: JsonObject = {
        "type": span.kind, "offset": utf16_length(text[: span.start]), "length": utf16_length(text[span.start : span.end]),
    }  # fmt: skip
    if span.kind == "text_link":
        told["url"] = span.more
    if span.kind == "pre" and span.more:
        told["language"] = span.more
    return told


def _blocks(lines: list[str]) -> Marked:
    parts, place = list[Marked](), 0
    while place < len(lines):
        for read in (_code, _table, _quote):
            if (found := read(lines, place)) is not None:
                part, place = found
                break
        else:
            part, place = _line(lines[place]), place + 1
        parts.append(part)
    return _joined(parts, "\n")


def _code(lines: list[str], place: int) -> tuple[Marked, int] | None:
    """A block of code from its fence to the next that is as long, or to the end."""
    if (opened := _FENCE.match(lines[place])) is None:
        return None
    closes = re.compile(rf"^ {{0,3}}{re.escape(opened[1][0])}{{{len(opened[1])},}}\s*$")
    end = next((at for at in range(place + 1, len(lines)) if closes.match(lines[at])), len(lines))
    text = "\n".join(lines[place + 1 : end])
    if not text.strip():
        return _whole("\n".join(lines[place : end + 1]), ""), end + 1
    rest = lines[place][opened.end(2) :].strip()
    if rest:  # words behind the language are kept
        return _joined([(rest, []), _whole(text, "pre", opened[2])], "\n"), end + 1
    return _whole(text, "pre", opened[2]), end + 1


def _table(lines: list[str], place: int) -> tuple[Marked, int] | None:
    """Rows keep their columns only where all letters are as wide."""
    end = _while(lines, place, _TABLE)
    return (_whole("\n".join(lines[place:end]), "pre"), end) if end - place > 1 else None


def _quote(lines: list[str], place: int) -> tuple[Marked, int] | None:
    if (end := _while(lines, place, _QUOTE)) == place:
        return None
    inside = [_QUOTE.sub(r"\1", one) for one in lines[place:end]]
    text, spans = _joined([_line(one) for one in inside], "\n")
    return (text, [Span("blockquote", 0, len(text)), *spans]), end


def _while(lines: list[str], place: int, shape: re.Pattern[str]) -> int:
    while place < len(lines) and shape.match(lines[place]):
        place += 1
    return place


def _line(line: str) -> Marked:
    if (heading := _HEADING.match(line)) is not None and heading[1]:
        text, spans = _inline(heading[1])
        return text, [Span("bold", 0, len(text)), *(one for one in spans if one.kind != "bold")]
    bullet = _BULLET.match(line)
    if bullet is not None and line.strip("*-_ \t"):
        return _joined([(f"{bullet[1]}• ", []), _inline(line[bullet.end() :])], "")
    return _inline(line)


def _inline(text: str, depth: int = 0) -> Marked:
    parts, place = list[Marked](), 0
    while (found := _INLINE.search(text, place)) is not None:
        parts.append((text[place : found.start()], []))
        part, place = _piece(text, found, depth)
        parts.append(part)
    return _joined([*parts, (text[place:], [])], "")


def _piece(text: str, found: re.Match[str], depth: int) -> tuple[Marked, int]:
    """What a piece of markup makes, and where it ends; itself, where it is none after all."""
    if found["escaped"]:
        return (found["escaped"][1], []), found.end()
    if found["ticks"]:
        return _ticked(text, found)
    if found["auto"]:
        return (found["auto"], []), found.end()
    if found["url"]:
        return _linked(found, depth), found.end()
    return _emphasised(text, found, depth)


def _ticked(text: str, found: re.Match[str]) -> tuple[Marked, int]:
    closing = re.compile(rf"(?<!`){found['ticks']}(?!`)").search(text, found.end())
    inside = "" if closing is None else text[found.end() : closing.start()]
    if closing is None or not inside.strip():
        return (found["ticks"], []), found.end()
    return _whole(inside[1:-1] if inside[0] == inside[-1] == " " else inside, "code"), closing.end()


def _linked(found: re.Match[str], depth: int) -> Marked:
    url = found["url"]
    if not found["label"].strip():
        return url, []
    if depth >= _DEEPEST or not _LINK.fullmatch(url):
        return found[0], []
    text, spans = _inline(found["label"], depth + 1)
    return text, [Span("text_link", 0, len(text), url), *(one for one in spans if one.kind != "text_link")]


def _emphasised(text: str, found: re.Match[str], depth: int) -> tuple[Marked, int]:
    mark, end = found["mark"], found.end()
    closes = _closing(text, mark, found.start(), end)
    if closes is None or depth >= _DEEPEST:
        return (mark, []), end
    inside, spans = _inline(text[end:closes], depth + 1)
    kinds = ("bold", "italic") if mark == "***" else (_KINDS[mark],)
    return (inside, [*(Span(kind, 0, len(inside)) for kind in kinds), *spans]), closes + len(mark)


def _closing(text: str, mark: str, start: int, end: int) -> int | None:
    """Where the mark is found again such that both hold the words between them (as CommonMark's flanking, simpler)."""
    before = text[start - 1] if start else " "
    if end >= len(text) or text[end].isspace() or (mark[0] == "_" and before.isalnum()):
        return None
    place = end
    while (place := text.find(mark, place + 1)) != -1:
        after = text[place + len(mark)] if place + len(mark) < len(text) else " "
        if not text[place - 1].isspace() and text[place - 1] not in (mark[0], "\\") and after != mark[0] and not _within_word(mark, after):
            return place
    return None


def _within_word(mark: str, after: str) -> bool:
    return mark[0] == "_" and after.isalnum()


def _whole(text: str, kind: str, more: str = "") -> Marked:
    return text, [Span(kind, 0, len(text), more)] if kind else []


def _joined(parts: list[Marked], between: str) -> Marked:
    """One after the other; code holds nothing else."""
    texts, spans, at = list[str](), list[Span](), 0
    for text, inside in parts:
        spans += [Span(one.kind, one.start + at, one.end + at, one.more) for one in inside]
        texts.append(text)
        at += len(text) + len(between)
    return between.join(texts), spans
