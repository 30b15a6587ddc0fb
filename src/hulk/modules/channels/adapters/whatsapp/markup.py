"""Markdown as WhatsApp shows it. Pure.

    **bold**    > *bold*        # Heading   > *Heading*        [shop](https://x.br) > shop (https://x.br)
    *italic*    > _italic_      * item      > - item           | a | b |            > a | b
    ~~struck~~  > ~struck~      `code`, blocks of code, quotes and numbered lists are the same

WhatsApp only sees a mark at the edge of a word: within one, it is left out. Source: “How to format your messages” (faq.whatsapp.com).
"""

import re
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})([^`]*)")
_LANGUAGE = re.compile(r"\s*[A-Za-z][A-Za-z+#.-]*\s*|\s*")
"""What stands behind the mark of a block of code and is no text."""
_HEADING = re.compile(r"\s{0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r"\s{0,3}(=+|-{2,})[ \t]*")
_ITEM = re.compile(r"(\s*(?:>[ ]?)*)[*+-][ \t]+(?=\S)(.*)")
_RULE = re.compile(r"\s{0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*")
_ROW = re.compile(r"\s*\|.*(?<!\\)\|[ \t]*")
_BETWEEN = re.compile(r"\s*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_CELLS = re.compile(r"(?<!\\)\|")
_INLINE = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?<!`)(?P<ticks>`{1,2})(?!`)(?P<code>[^`\n]+?)(?P=ticks)(?!`)"
    r"|!?\[(?P<label>[^\[\]\n]*)\]\((?P<url>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:[ \t]+\"[^\"\n]*\")?\)"
    r"|<(?P<auto>(?:https?://|mailto:)[^<>\s]+)>"
    r"|(?P<bare>https?://[^\s<>()]+)"
    r"|(?P<both>\*\*\*)(?=[^\s*])(?P<most>[^\n]+?)(?<=[^\s*])\*\*\*(?!\*)"
    r"|(?P<two>\*\*|__)(?=[^\s*_])(?P<bold>[^\n]+?)(?<=\S)(?P=two)(?![*_])"
    r"|(?P<star>\*)(?=[^\s*])(?P<slanted>[^*\n]+?)(?<=\S)\*(?!\*)"
    r"|(?<!\w)_(?=[^\s_])(?P<italic>[^\n]+?)(?<=[^\s_])_(?!\w)"
    r"|~~(?=[^\s~])(?P<struck>[^\n]+?)(?<=[^\s~])~~(?!~)"
)


def shown(markdown: str, most: int) -> str:
    """The text as WhatsApp shows it, in at most `most` characters if `markdown` has no more: what would become too long stays Markdown."""
    made = "\n".join(_lines(markdown.replace("\r\n", "\n").split("\n"))).strip()
    return made if len(made) <= most else markdown.strip()[:most]


def one_line(markdown: str, most: int) -> str:
    """The text without marks in one line, as a variable of a template takes it: cut, if it must be, with `…`."""
    plain = " ".join(re.sub(r"[*_~`]+(?=\w)|(?<=\w)[*_~`]+|^\s*[#>]+", "", line) for line in markdown.split("\n"))
    line = " ".join(plain.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _lines(lines: list[str]) -> Iterator[str]:
    """Each line as it is shown; those of a block of code as they are."""
    fence = ""
    for place, line in enumerate(lines):
        found = _FENCE.fullmatch(line)
        if fence:
            fence = "" if found and found[1].startswith(fence) and not found[2].strip() else fence
            yield line.replace("```", "'''") if fence else "```"
        elif found:
            fence = found[1]
            yield from ("```",) if _LANGUAGE.fullmatch(found[2]) else ("```", found[2].strip())
        else:
            yield from _line(lines, place)
    if fence:
        yield "```"


def _line(lines: list[str], place: int) -> Iterator[str]:
    line = lines[place]
    if place and _underlined(lines, place - 1):
        return
    if (heading := _HEADING.fullmatch(line)) is not None:
        yield _marked("*", heading[1])
    elif _ROW.fullmatch(line) or ("|" in line and _BETWEEN.fullmatch(line)):
        yield from () if _BETWEEN.fullmatch(line) else [_row(line)]
    elif _RULE.fullmatch(line):
        yield "———"
    elif _underlined(lines, place):
        yield _marked("*", line.strip())
    else:
        item = _ITEM.fullmatch(line)
        yield (f"{item[1]}- {_inline(item[2])}" if item else _inline(line)).rstrip()


def _underlined(lines: list[str], place: int) -> bool:
    """Whether the line is a heading by what stands under it."""
    line, after = lines[place], lines[place + 1] if place + 1 < len(lines) else ""
    if _UNDERLINE.fullmatch(after) is None or not line.strip() or line.startswith((">", "    ")):
        return False
    return not any(kind.fullmatch(line) for kind in (_ITEM, _FENCE, _HEADING, _RULE, _ROW, _UNDERLINE))


def _row(line: str) -> str:
    cells = _CELLS.split(line.strip())[1:-1]
    return " | ".join(_inline(cell.strip()) for cell in cells)


def _inline(text: str, within: str = "") -> str:
    """`within` are the marks that the text stands in already: WhatsApp has none of them twice."""
    return _INLINE.sub(lambda found: _part(found, within), text)


def _part(found: re.Match[str], within: str) -> str:
    parts = found.groupdict()
    if parts["escaped"]:
        return parts["escaped"]
    if parts["code"]:
        return f"`{parts['code'].strip() or parts['code']}`"
    if parts["url"] is not None:
        return _link(_inline(parts["label"], within), parts["url"])
    if parts["auto"] or parts["bare"]:
        return str(parts["auto"] or parts["bare"]).removeprefix("mailto:")
    if parts["most"]:
        return _edged(found, within, lambda: _marked("*", _marked("_", parts["most"], f"{within}*"), within))
    mark, inner = _mark_of(parts)
    return _edged(found, within, lambda: _marked(mark, inner, within))


def _mark_of(parts: dict[str, str]) -> tuple[str, str]:
    if parts["bold"]:
        return "*", parts["bold"]
    return ("~", parts["struck"]) if parts["struck"] else ("_", parts["slanted"] or parts["italic"])


def _edged(found: re.Match[str], within: str, made: Callable[[], str]) -> str:
    """Within a word there are no marks."""
    text, begin, end = found.string, found.start(), found.end()
    inside = (begin and text[begin - 1].isalnum()) or (end < len(text) and text[end].isalnum())
    inner = next(filter(None, (found[name] for name in ("most", "bold", "slanted", "italic", "struck"))))
    return _inline(inner, within) if inside else made()


def _marked(mark: str, markdown: str, within: str = "") -> str:
    """The text between marks; without, where they would not be seen as such."""
    inner = _inline(markdown, within + mark).strip()
    if mark in within or mark in inner or "`" in inner or not inner:
        return inner
    return f"{mark}{inner}{mark}"


def _link(label: str, url: str) -> str:
    if not label or label == url:
        return url or label
    return f"{label} ({url})" if url else label
