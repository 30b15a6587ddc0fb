"""Blocks of Notion as Markdown, and Markdown as blocks (https://developers.notion.com/reference/block). Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.records import JsonObject
from hulk.modules.tools.adapters.backends.rest import at

MOST_TEXT = 2000
"""Characters of one rich text (“Request limits”)."""
_BEFORE = {
    "heading_1": "# ", "heading_2": "## ", "heading_3": "### ", "bulleted_list_item": "- ", "numbered_list_item": "1. ", "quote": "> ",
    "callout": "> ", "toggle": "- ",
}  # fmt: skip
_MARKS = (("code", "`"), ("bold", "**"), ("italic", "_"), ("strikethrough", "~~"))
_LINES = (
    ("heading_3", re.compile(r"### +(.*)")), ("heading_2", re.compile(r"## +(.*)")), ("heading_1", re.compile(r"# +(.*)")),
    ("to_do", re.compile(r"[-*] +\[[ xX]\] +(.*)")), ("bulleted_list_item", re.compile(r"[-*] +(.*)")),
    ("numbered_list_item", re.compile(r"\d+[.)] +(.*)")), ("quote", re.compile(r"> ?(.*)")),
)  # fmt: skip
_FENCE = re.compile(r"```\s*([\w+#-]*)\s*")
_LANGUAGES = frozenset(
    {"bash", "c", "css", "docker", "go", "html", "java", "javascript", "json", "markdown", "python", "rust", "sql", "yaml"}
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block with those within it."""

    data: JsonObject
    within: Sequence["Block"] = ()


def written(blocks: Sequence[Block], depth: int = 0) -> str:
    """As Markdown. What has no words in it is told by its kind."""
    return "\n".join(line for block in blocks for line in _lines(block, depth))


def _lines(block: Block, depth: int) -> Iterator[str]:
    indent = "    " * depth
    yield from (f"{indent}{line}" for line in _own(block.data).splitlines() or [""])
    if block.within:
        yield written(block.within, depth + 1)


def _own(data: JsonObject) -> str:
    kind = str(data.get("type"))
    content = at(data, kind)
    text = plain(at(content, "rich_text"))
    if kind in _BEFORE:
        return f"{_BEFORE[kind]}{text}"
    if kind == "paragraph":
        return text
    if kind == "to_do":
        return f"- [{'x' if at(content, 'checked') else ' '}] {text}"
    if kind == "code":
        return f"```{at(content, 'language') or ''}\n{bare(at(content, 'rich_text'))}\n```"
    return _other(kind, content)


def _other(kind: str, content: Any) -> str:
    if kind == "divider":
        return "---"
    if kind in ("child_page", "child_database"):
        return f"[{kind.replace('_', ' ')}: {at(content, 'title')}]"
    if kind == "table_row":
        return f"| {' | '.join(plain(cell) for cell in at(content, 'cells') or ())} |"
    if kind == "equation":
        return f"$${at(content, 'expression')}$$"
    address = at(content, "url") or at(content, "external", "url")
    return f"[{kind}: {address}]" if address else f"[{kind}]" if kind != "table" else ""


def plain(rich: Any) -> str:
    """Rich text as Markdown."""
    return "".join(_marked(one) for one in rich) if isinstance(rich, list) else ""


def bare(rich: Any) -> str:
    """Rich text without marks."""
    return "".join(str(at(one, "plain_text") or "") for one in rich) if isinstance(rich, list) else ""


def _marked(one: Any) -> str:
    text = str(at(one, "plain_text") or "")
    for name, mark in _MARKS:
        if at(one, "annotations", name) and text.strip():
            text = f"{mark}{text}{mark}"
    address = at(one, "href")
    return f"[{text}]({address})" if address else text


def blocks_of(markdown: str) -> list[JsonObject]:
    """Headings, lists, tasks, quotes, code, rules and paragraphs as blocks; what is marked within a line stays as it is written."""
    blocks: list[JsonObject] = []
    lines = iter(markdown.splitlines())
    for line in lines:
        if fence := _FENCE.fullmatch(line.strip()):
            blocks.append(_code(fence[1], _until_fence(lines)))
        elif line.strip():
            blocks.append(_block(line.strip()))
    return blocks


def _until_fence(lines: Iterator[str]) -> str:
    inside = []
    for line in lines:
        if line.strip() == "```":
            break
        inside.append(line)
    return "\n".join(inside)


def _code(language: str, text: str) -> JsonObject:
    return {"type": "code", "code": {"rich_text": rich(text), "language": language if language in _LANGUAGES else "plain text"}}


def _block(line: str) -> JsonObject:
    if re.fullmatch(r"(-{3,}|\*{3,})", line):
        return {"type": "divider", "divider": {}}
    for kind, pattern in _LINES:
        if found := pattern.fullmatch(line):
            checked = {"checked": "[x]" in line[:8].lower()} if kind == "to_do" else {}
            return {"type": kind, kind: {"rich_text": rich(found[1]), **checked}}
    return {"type": "paragraph", "paragraph": {"rich_text": rich(line)}}


def rich(text: str) -> list[JsonObject]:
    """Text as rich text, in pieces that Notion takes."""
    return [{"type": "text", "text": {"content": text[start : start + MOST_TEXT]}} for start in range(0, len(text), MOST_TEXT)]
