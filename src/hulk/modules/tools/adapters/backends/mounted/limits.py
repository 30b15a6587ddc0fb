"""How much a third party's server may say, and how long it may take: all that it could flood us with has a bound here."""

from dataclasses import dataclass

from hulk.modules.tools.adapters.backends.acts import About


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes of one message, of all that a listing keeps, of one tool; counts; seconds."""

    message: int = 8 * 10**6
    listing: int = 8 * 10**6
    tool: int = 64 * 10**3
    description: int = 8_000
    """Characters of a description that are shown; the digest covers all of it."""
    tools: int = 1_000
    pages: int = 100
    pieces: int = 1_000
    calls: int = 16
    """At once; others wait."""
    noise: int = 64 * 10**3
    """Bytes that it may write which are no message."""
    pace: int = 1_000
    """Messages in a second; it is read no faster."""
    start: float = 30.0
    fresh: float = 60.0
    """After how long a listing is looked at again when the server has not said that it has changed."""
    memory: int | None = 1 * 10**9
    """Bytes that a program and all that it has started may hold in memory together; None where nobody looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is said of a server's tools by us. `reads` are patterns of its own names for those that change nothing."""

    about: About
    reads: tuple[str, ...] = ()
    seconds: float = 30.0
    """The longest that a call may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How it is started again: not sooner than after `first` seconds, twice as long each time up to `longest`. A life of more than `calm`
    seconds begins anew with the first."""

    first: float = 1.0
    longest: float = 300.0
    calm: float = 60.0
