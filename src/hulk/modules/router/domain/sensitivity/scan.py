"""The whole scan of a text: made plain, searched, decoded, searched again. Never truncated; what cannot be looked into is sensitive."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from hulk.modules.router.domain.sensitivity import encoded, spoken
from hulk.modules.router.domain.sensitivity.credentials import credentials
from hulk.modules.router.domain.sensitivity.findings import Classified, Finding
from hulk.modules.router.domain.sensitivity.mail import mails
from hulk.modules.router.domain.sensitivity.named import named
from hulk.modules.router.domain.sensitivity.numbers import Hit, numbers
from hulk.modules.router.domain.sensitivity.view import View, plain

Find: TypeAlias = Callable[[str], tuple[Finding, ...]]
"""Finds all in a text, as `findings` does."""
MOST_CHARACTERS = 1_000_000
"""A longer text is not scanned but taken for sensitive."""


def classified(text: str) -> Classified:
    """Scan a text. Never raises: what cannot be scanned is P0."""
    return Classified.of(finding.kind for finding in findings(text))


def findings(text: str) -> tuple[Finding, ...]:
    """All that is found in a text, by where it stands; one of them may lie within another. Never raises.

    Time grows with the length of the text, whatever stands in it; a time-out is the caller's."""
    if len(text) > MOST_CHARACTERS:
        return (Finding(0, len(text), "too_long", "failed"),)
    try:
        return tuple(sorted(set(_found(plain(text)))))
    except (ValueError, RecursionError, MemoryError, OverflowError):
        return (Finding(0, len(text), "unreadable", "failed"),)


def _found(view: View) -> Iterator[Finding]:
    waiting = [view]
    while waiting:
        view = waiting.pop()
        deeper, unread = encoded.opened(view)
        for start, end, kind, why in (*_hits(view), *unread):
            yield Finding(*view.span(start, end), kind, "encoded" if view.depth and why != "failed" else why)
        deeper += encoded.unescaped(view)
        if deeper and view.depth >= encoded.DEEPEST:
            yield Finding(*view.span(0, len(view.text)), "unreadable", "failed")
        else:
            waiting += deeper


def _hits(view: View) -> Iterator[Hit]:
    for look in (numbers, named, mails, credentials):
        yield from look(view)
    for other in (spoken.read_out(view), spoken.drawn(view)):
        if other is not None:
            for start, end, kind, why in (*numbers(other, anew=False), *named(other)):
                yield (*_within(other, start, end), kind, why)


def _within(view: View, start: int, end: int) -> tuple[int, int]:
    """A span of a view in the view that it was made from."""
    return view.origin(start, last=False), view.origin(end, last=True)
