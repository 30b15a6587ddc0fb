"""What the journal sets off in this process once a change is on disk."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hulk.kernel.durable import Started
from hulk.runtime.engine import Task


def _first(_: Started) -> int | None:
    return 0


def _unknown(_: str) -> str:
    return ""


def _nothing(*_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Called on the event loop. The rows are the truth: who misses a call finds out by looking."""

    wake: Callable[[Task, datetime | None], None] = _nothing
    """Have a run executed, now or at a moment."""
    begun: Callable[[str], None] = _nothing
    """A run of that workflow has begun."""
    finished: Callable[[str, str, float, bool], None] = _nothing
    """A run of that workflow has ended in that status, so many seconds after its beginning; whether it is a dead letter."""
    stepped: Callable[[str, float], None] = _nothing
    """A run of that workflow has recorded a step that took so many seconds."""
    tell: Callable[[str, str, str], None] = _nothing
    """A run (id, tenant) has begun or ended (status)."""
    newest: Callable[[str], str] = _unknown
    """The newest version of a workflow that is known here."""
    direct: Callable[[Started], int | None] = _first
    """The rank with which a run may go straight to the queue; None: it is held until there is room. Asked before the change."""
    went: Callable[[str], None] = _nothing
    """A run went straight to that queue."""
    held: Callable[[str], None] = _nothing
    """A run of that queue is held."""
    paused: Callable[[str, bool], None] = _nothing
    """That queue is paused, or goes on."""
    ended: Callable[[str, str], None] = _nothing
    """A run of that queue and tenant has ended, so there is room."""
    cancel: Callable[[str], None] = _nothing
    """A run is to be cancelled, wherever it is executed."""

    @property
    def wakes(self) -> bool:
        """Whether anybody here can have a run executed; else it is held, for the gates of those who can."""
        return self.wake is not _nothing
