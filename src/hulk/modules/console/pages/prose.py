"""Markdown of others (answers of models, of agents) as HTML in which nothing of theirs can run, load or mislead."""

from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from hulk.kernel.text import Text

if TYPE_CHECKING:
    from markdown_it.token import Token

LONGEST = 60_000
"""Characters of a text that a page shows; the rest is in the file."""
_FIRST_LEVEL = 3
"""Of the headings of a text: a page has its own above."""
_LINKS = ("http://", "https://", "mailto:")


@pass_context
def prose(context: Context, text: str) -> Markup:
    """The text's beginning, up to `LONGEST` characters: no raw HTML, no pictures, links only to the web and to mailboxes, told as those of
    nobody of ours. Headings go down by one level at a time."""
    # it costs 30 ms to import: only pages with an answer pay
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")
    markdown.validateLink = _allowed  # type: ignore[method-assign]  # how its rule for links is told: https://github.com/executablebooks/markdown-it-py
    tokens = markdown.parse(text[:LONGEST])
    _level(tokens)
    _outward(tokens)
    _aligned(tokens)
    label = context["view"].voice.say(Text("Table of the answer"))
    markdown.add_render_rule("table_open", lambda *_: f'<div class="wide" tabindex="0" role="region" aria-label="{escape(label)}"><table>')
    markdown.add_render_rule("table_close", lambda *_: "</table></div>")
    markdown.add_render_rule("fence", _code)
    markdown.add_render_rule("code_block", _code)
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704  # what markdown-it made, with `html` off


def _allowed(url: str) -> bool:
    return url.strip().lower().startswith(_LINKS)


def _level(tokens: Sequence["Token"]) -> None:
    last = _FIRST_LEVEL - 1
    for token in tokens:
        if token.type == "heading_open":
            last = min(last + 1, int(token.tag[1]) + _FIRST_LEVEL - 1, 6)
            token.tag = f"h{last}"
        elif token.type == "heading_close":
            token.tag = f"h{last}"


def _outward(tokens: Sequence["Token"]) -> None:
    for token in tokens:
        for inner in token.children or ():
            if inner.type == "link_open":
                inner.attrSet("rel", "noopener noreferrer nofollow")
                inner.attrSet("target", "_blank")


def _aligned(tokens: Sequence["Token"]) -> None:
    """Cells of tables have classes for styles: no page has styles of its own."""
    for token in tokens:
        style = token.attrs.pop("style", "") if token.type in ("th_open", "td_open") else ""
        if str(style).endswith("right"):
            token.attrSet("class", "figure")


def _code(_: object, tokens: Sequence["Token"], index: int, *__: MutableMapping[str, Any] | object) -> str:
    return f'<pre tabindex="0"><code>{escape(tokens[index].content)}</code></pre>\n'
