"""HTML as plain text, as its reader sees it: what is hidden from people is hidden from Hulk. Pure rules.

One pass over the text, whatever it is: nothing in it can make that slow. What a style hides is left out, because it is where instructions
are put that nobody is to see.
"""

import html
import re
from collections.abc import Iterator

LONGEST = 500_000
"""Characters of HTML that are read."""
_BEGINS = re.compile(r"<[A-Za-z/!?]")
_TAG = re.compile(r"(/?)([A-Za-z][A-Za-z0-9]*)(.*)", re.DOTALL)
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "object", "svg", "math", "textarea", "select", "iframe"})
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "ul",
})  # fmt: skip
_APART = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"})
_HIDDEN = re.compile(
    r"""display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01](?:px|pt|em|%)?\s*(?:[;"'!]|$)|opacity\s*:\s*0(?:\.0+)?\s*(?:[;"'!]|$)"""
    r"""|mso-hide\s*:\s*all|max-height\s*:\s*0|(?:^|\s)hidden(?:\s|=|$)""",
    re.IGNORECASE,
)
_HREF = re.compile(r"""href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_DEEPEST = 500


def plain(markup: str) -> str:
    """The text of an HTML document."""
    return _Writer().written(markup[:LONGEST])


class _Writer:
    """Writes down what is seen."""

    def __init__(self) -> None:
        self._lines: list[list[str]] = [[]]
        self._open: list[tuple[str, bool]] = []
        self._quotes = 0
        self._hidden = 0

    def written(self, markup: str) -> str:
        for is_tag, piece in _pieces(markup):
            if is_tag:
                self._tag(piece)
            elif not self._hidden:
                self._say(html.unescape(piece))
        text = "\n".join("".join(line).rstrip() for line in self._lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")

    def _say(self, text: str) -> None:
        """Runs of spaces are one space, none at the beginning of a line."""
        said, line = " ".join(text.split()), self._lines[-1]
        if not line and said and self._quotes:
            line.append("> " * min(self._quotes, 5))
        if line and text[:1].isspace() and not line[-1].endswith(" "):
            line.append(" ")
        if said:
            line.append(said + (" " if text[-1].isspace() else ""))

    def _break(self, apart: bool = False) -> None:
        if any(map(str.strip, self._lines[-1])):
            self._lines.append([])
        if apart and len(self._lines) > 1 and self._lines[-2]:
            self._lines.append([])

    def _tag(self, piece: str) -> None:
        found = _TAG.match(piece)
        if found is None:
            return
        closing, name, rest = bool(found[1]), found[2].lower(), found[3]
        if name == "br" and not self._hidden:
            self._lines.append([])
        elif closing:
            self._closed(name)
        elif name not in _VOID and not rest.rstrip().endswith("/"):
            self._opened(name, rest)

    def _opened(self, name: str, rest: str) -> None:
        hides = name in _UNSEEN or _HIDDEN.search(rest) is not None
        if len(self._open) < _DEEPEST:
            self._open.append((name, hides))
            self._hidden += hides
            self._quotes += name == "blockquote"
        if name in _BLOCKS:
            self._break(name in _APART)
        if name == "li" and not self._hidden:
            self._say("- ")
        if name == "a" and not self._hidden:
            self._link(rest)

    def _closed(self, name: str) -> None:
        places = [place for place, (one, _) in enumerate(self._open) if one == name][-1:]
        for place in places:
            for one, hides in self._open[place:]:
                self._hidden -= hides
                self._quotes -= one == "blockquote"
            del self._open[place:]
        if name in _BLOCKS:
            self._break(name in _APART)

    def _link(self, rest: str) -> None:
        """Where a link leads is said where its words may say something else."""
        found = _HREF.search(rest)
        url = html.unescape(next(filter(None, found.groups()), "")) if found else ""
        if url.startswith(("http://", "https://")) and len(url) <= 500:
            self._say(f"<{''.join(url.split())}> ")


def _pieces(markup: str) -> Iterator[tuple[bool, str]]:
    """Tags (without their brackets) and texts, in their order."""
    at, last = 0, len(markup)
    while at < last:
        begin = markup.find("<", at)
        if begin < 0:
            yield False, markup[at:]
            return
        if begin > at:
            yield False, markup[at:begin]
        if _BEGINS.match(markup, begin) is None:
            yield False, "<"
            at = begin + 1
            continue
        closing = "-->" if markup.startswith("<!--", begin) else ">"
        end = markup.find(closing, begin + 1)
        if end < 0:
            return
        yield True, "" if closing == "-->" else markup[begin + 1 : end]
        at = end + len(closing)
