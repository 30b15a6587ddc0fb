"""Where a pool's work comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from hulk.runtime.bus import Message


class Work(Protocol):
    """What a pool executes."""

    @property
    def id(self) -> str:
        """The same for each message that carries it."""

    @property
    def tenant(self) -> str:
        """Whose it is."""


W = TypeVar("W", bound=Work)


@dataclass(frozen=True, slots=True)
class Source(Generic[W]):
    """A stream's subjects `<subject>.<rank>.…`, shared by all pools as the consumers `<consumer>-<rank>`; `decoded` says what a
    message of them carries, or raises `ValueError`, `KeyError` or `TypeError` when it is nothing of the kind."""

    stream: str
    subject: str
    consumer: str
    decoded: Callable[[Message], W]
