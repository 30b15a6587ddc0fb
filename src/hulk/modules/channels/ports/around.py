"""The rest of Hulk, as channels see it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from hulk.kernel.durable import Change
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language, Text, Voice
from hulk.modules.channels.domain import Shown, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What somebody asks by a channel. `files` are blobs with their names; `key` makes it once only."""

    by: Principal
    text: str
    language: Language | None
    key: str
    channel: str
    namespace: str
    files: tuple[Shown, ...] = ()
    agent: str | None = None
    turns: tuple[Turn, ...] = ()
    private: bool = False
    """Whether it must stay in the company, whatever is found in it."""


class Ask(Protocol):
    """Begins intents."""

    async def __call__(self, asking: Asking) -> tuple[str, Change[bool]]:
        """The intent's id, and the change that begins it. Raises `Refused`, `TooLarge`, `Forbidden`, `NotFound`, and `Exhausted`."""


Expects: TypeAlias = Callable[[str], None]
"""Is told that something of that text will be asked in a moment, to begin what can be made ready. Never fails."""


class People(Protocol):
    """Accounts, as far as channels need them."""

    async def by_email(self, tenant: str, email: str) -> str | None:
        """The account (`usr_…`) of a person of that address who may come in."""

    async def principal(self, tenant: str, account: str) -> Principal | None:
        """Whoever it is, with what they may do now; None when they may not come in any more."""


class Feedback(Protocol):
    """Takes what people think of answers."""

    async def __call__(self, by: Principal, intent: str, good: bool | None, key: str) -> None:
        """Thumb up or down, or none any more. Raises `NotFound`, `Forbidden`, `Refused`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """How a ticket was decided, by whom (empty: nobody knows). `before`: that was done already, whatever is wanted now."""

    approved: bool
    by: str
    before: bool = False


class Tickets(Protocol):
    """Takes decisions on tickets."""

    async def __call__(self, by: Principal, ticket: str, approve: bool, key: str) -> Decided:
        """Approved or rejected, by them or by somebody before them. Raises `NotFound`, `Forbidden`, `Refused`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A ticket that waits for a decision since `at`, and `until` then if that is said. `person` is the account (`usr_…`) of who is to
    decide, if it is one of a known one."""

    title: Text
    intent: str
    language: Language
    at: datetime
    person: str | None = None
    until: datetime | None = None


class Pending(Protocol):
    """Knows tickets that wait for decisions."""

    async def __call__(self, tenant: str, ticket: str) -> Waiting | None:
        """What is to be decided; None when there is nothing, or nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A ticket that waits for somebody's yes or no."""

    ticket: str
    title: Text
    until: datetime | None = None
    """When nobody can decide on it any more."""


class Approvals(Protocol):
    """Knows who may decide on what."""

    async def of(self, by: Principal, most: int) -> Sequence[Approval]:
        """What waits for a decision that they may take, the newest first."""

    async def may(self, by: Principal, ticket: str) -> bool:
        """Whether they may approve it now, while it waits."""


class Files(Protocol):
    """Files of a tenant."""

    def scratch(self) -> AbstractAsyncContextManager[Path]:
        """A folder until the block ends."""

    async def keep(self, tenant: str, actor: str, path: Path, reason: str) -> str:
        """A copy of it; its id. Raises `TooLarge`, `OverQuota`, `Unavailable`."""

    async def path(self, blob: str) -> Path:
        """Where a file lies; raises `NotFound`."""

    async def made(self, tenant: str, intent: str) -> Sequence[Shown]:
        """What was made for an intent."""


class Transcribe(Protocol):
    """Writes down what is said in a recording."""

    async def __call__(self, recording: Path, language: Language | None) -> str:
        """The words. Raises `Refused` for what is no recording, `Unavailable`."""


class Speak(Protocol):
    """Reads a text aloud."""

    async def __call__(self, text: str, language: Language, into: Path) -> str:
        """Write a recording there; its media type. Raises `Refused` and `Unavailable`."""


Voices: TypeAlias = Callable[[Language], Voice]
"""The voice of a language."""

Admit: TypeAlias = Callable[[], None]
"""Raises `Exhausted` when no more work is taken now."""
