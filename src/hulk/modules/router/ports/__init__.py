"""What deciding needs: the skills there are, something that scores sentences, models that answer, a place for decisions."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from hulk.kernel.durable import Change
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import Text
from hulk.modules.router.domain.capability import Receipt
from hulk.modules.router.domain.decision import Decision
from hulk.modules.router.domain.matching import Candidate, Known, Match, Scored, Scores
from hulk.modules.router.domain.model import Completion, Delta, Embedded, Model, Prompt, Unsent


class Catalogue(Protocol):
    """The skills that may be chosen. Filled in by whoever has them."""

    def candidates(self) -> tuple[Candidate, ...]:
        """All of them now; an equal tuple as long as nothing changed."""


class Fitted(Protocol):
    """A classifier that has seen what is known."""

    @property
    def left_out(self) -> Sequence[Scores]:
        """The scores of each known sentence, in order, as if it alone had not been seen."""

    def expect(self, text: str) -> None:
        """The scores of that sentence will be asked for in a moment: what can be made before is begun."""

    async def scores(self, text: str) -> Scored:
        """The scores of a sentence for every skill that is known. Raises as `Classifier.fit` does."""


class Classifier(Protocol):
    """Learns from known sentences which skill a new one means."""

    async def fit(self, known: Sequence[Known]) -> Fitted:
        """Learn. Raises `Refused` when what it needs is not installed, `Unavailable` when it does not answer now."""


class Matches(Protocol):
    """What was found for sentences before, by any process."""

    async def found(self, tenant: str, asked: str, make: Callable[[], Awaitable[Match]]) -> Match:
        """What was found for what is `asked` in that tenant, else what `make` gives, which is kept. Raises what `make` raises, and keeps
        nothing then."""


class Provider(Protocol):
    """Models behind their vendors' addresses. Neither questions nor answers are ever logged."""

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """The model's answer within its limits of tokens and seconds.

        Raises `Refused` when asking again is no use (key, model name, request), `Forbidden` when it may not go out, `Unsent` when
        nothing was done, and `Uncertain` when it is not known whether the model did its work; both carry `retry_after` when the
        provider gave it."""

    def stream(self, model: Model, prompt: Prompt) -> AbstractAsyncContextManager[AsyncIterator[Delta]]:
        """The same answer while it comes: words and calls, tokens where they are told before the end, and last one `Ended`, with the
        whole. It is `cut` when more came than the limit of tokens, at most one piece of it.

        Entering and iterating raise as `complete` does. Leaving the block closes the connection, wherever the answer is."""

    async def embed(self, model: Model, prompt: Prompt, dimensions: int | None = None) -> Embedded:
        """A vector of each of the prompt's messages (`Prompt.texts`), of the model's own size or, where it is asked for and the model can,
        of another: who asks looks. Raises as `complete` does, and `Refused` for a model that makes none."""


class Health(Protocol):
    """What is known of how models' servers are."""

    def refusal(self, model: Model) -> Unsent | None:
        """What asking that model now would raise without its being asked; None when it can be asked."""


class Schemas(Protocol):
    """Checks JSON against JSON Schema (2020-12)."""

    def require_schema(self, schema: JsonObject) -> None:
        """Raises `Refused` when it is no schema, or refers to what lies elsewhere."""

    def wrong(self, schema: JsonObject, value: Json) -> Sequence[tuple[str, Text]]:
        """Where the value is not as the schema has it (`amount`, `lines[2].sku`, empty: as a whole), and why."""


class Gate(Protocol):
    """Whoever says whether a request may go out. Called in the task of who asks, so that what that has in context variables can be seen."""

    async def __call__(self, method: str, url: str, body: bytes, /) -> None:
        """Let it go by returning. Raises `Forbidden` to stop it; whatever else is raised stops it too. Never logs the `body`."""


class Receipts(Protocol):
    """What was sent to models. Nothing changes them."""

    def record(self, receipt: Receipt) -> Change[None]:
        """Keep a receipt; one of that id that is there already stays as it is."""

    async def of_decision(self, tenant: str, decision: str) -> Sequence[Receipt]:
        """A decision's receipts, oldest first."""


class Decisions(Protocol):
    """The decisions that were made."""

    def record(self, decision: Decision) -> Change[None]:
        """Keep a decision; one of that id that is there already stays as it is."""

    async def get(self, decision: str) -> Decision:
        """The decision; raises `NotFound`."""

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Decision]:
        """An intent's decisions, oldest first."""

    async def recent(self, tenant: str, before: str | None, most: int) -> Sequence[Decision]:
        """Up to so many of the tenant's decisions, the newest first: those older than the decision `before`. Raises `NotFound` for a
        `before` that is none of the tenant's."""
