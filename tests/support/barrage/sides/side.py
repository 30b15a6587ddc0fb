"""What a side is."""

from typing import Any, Protocol

TEXT = "bom dia"
GUESTS: dict[str, Any] = {"guests": ["operator"]}
"""Anybody may ask."""
SLOW = "Regue as plantas da estufa"
"""What takes longer than people like to wait (`alexa.SKILL_FILE`)."""
WORKING = "⏳"
"""How a message begins that says that something is worked on."""
Seen = dict[str, list[str]]
"""What is seen of us in answer to each message (by its id): the ids of what is not the same."""


class Side(Protocol):
    """Where people write."""

    name: str
    handle: bool
    """Whether it can be told there that something was sent before, or be asked for it."""

    @property
    def section(self) -> tuple[str, dict[str, Any]]:
        """The kind of channel, and its settings."""

    async def say(self, number: int) -> str:
        """Somebody writes; the id of that, when it is surely taken: until then it is said again."""

    async def seen(self) -> Seen:
        """The answers."""

    async def standing(self) -> list[str]:
        """To which messages people still read that they are worked on."""

    def trouble(self) -> None:
        """Something goes wrong there, once, soon."""

    async def rest(self, waiting: int) -> int:
        """What people and vendors do by themselves, when nobody writes any more and so many answers wait; how much of that is left."""
