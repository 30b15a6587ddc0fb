"""The text of an HTML page by its headings, without scripts, styles and what leads elsewhere."""

from html.parser import HTMLParser

_LEFT_OUT = frozenset(["script", "style", "template", "noscript", "nav", "svg", "head", "iframe", "object", "select"])
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def html_parts(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The page's title, and (place, text)."""
    page = _Page()
    page.feed(text)
    page.close()
    page.end_part()
    return " ".join(page.title.split()), page.parts


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.parts: list[tuple[str, str]] = []
        self._above: dict[int, str] = {}
        self._words: list[str] = []
        self._heading: list[str] | None = None
        self._left_out: list[str] = []
        self._titled = False

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        """See `HTMLParser`."""
        if tag == "title":
            self._titled = True
        elif tag in _LEFT_OUT:
            self._left_out.append(tag)
        elif tag == "body":
            self._left_out.clear()
        elif tag in _HEADINGS and not self._left_out:
            self.end_part()
            self._heading = []
        if tag in _BLOCKS:
            self._words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """See `HTMLParser`."""
        if tag == "title":
            self._titled = False
        if tag in self._left_out:
            del self._left_out[self._left_out.index(tag) :]
        if tag in _HEADINGS and self._heading is not None:
            level, name = _HEADINGS[tag], " ".join("".join(self._heading).split())
            self._above = {**{deep: one for deep, one in self._above.items() if deep < level}, level: name}
            self._heading = None
        if tag in _BLOCKS:
            self._words.append("\n")

    def handle_data(self, data: str) -> None:
        """See `HTMLParser`."""
        if self._titled:
            self.title += data
        elif not self._left_out:
            (self._words if self._heading is None else self._heading).append(data)

    def parse_marked_section(self, i: int, _: bool = True) -> int:
        """`<![…` is a comment up to the next `>` (HTML, “bogus comment state”): the library raises `AssertionError` for most of them."""
        return self.parse_bogus_comment(i)

    def end_part(self) -> None:
        """What was read since the last heading stands together."""
        lines = (" ".join(line.split()) for line in "".join(self._words).split("\n"))
        self.parts.append((" > ".join(filter(None, self._above.values())), "\n".join(filter(None, lines))))
        self._words = []
