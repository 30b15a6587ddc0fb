"""Markdown that says what it is given: values from files never turn into marks, links or pictures."""

import re
from collections.abc import Iterable, Sequence

_ACTIVE = re.compile(r"([\\`*_\[\]<>|#~!])")


def cell(value: object, most: int = 60) -> str:
    """`value` as one line of plain Markdown text, cut at `most` characters."""
    line = " ".join(str(value).split())
    return _ACTIVE.sub(r"\\\1", line if len(line) <= most else line[: most - 1] + "…")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """A Markdown table of finished cells; the columns of index in `right` are set to the right."""
    numeric = set(right)
    rule = ["---:" if index in numeric else "---" for index in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))
