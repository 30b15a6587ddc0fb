"""A provider that is watched: a span and figures for every call, named as OpenTelemetry's conventions for generative AI name them
(https://opentelemetry.io/docs/specs/semconv/gen-ai/). Nothing of what is asked or answered is in them."""

import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from opentelemetry.trace import Span, SpanKind
from prometheus_client import Histogram

from hulk.kernel.errors import HulkError
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.served import ServedProvider
from hulk.modules.router.domain.model import Completion, Counted, Delta, Embedded, Ended, Kind, Model, Prompt, Unsent
from hulk.runtime.telemetry import Metrics, span

Watched: TypeAlias = GuardedProvider | ServedProvider
_PROVIDERS: Mapping[Kind, str] = {"google": "gcp.gemini", "xai": "x_ai", "zai": "z_ai"}
"""The conventions' names, where they are not ours."""
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)
_OF = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "hulk_model"]


@dataclass(frozen=True, slots=True)
class Figures:
    """How long calls take, to their end and to the first piece, and the tokens that they take."""

    duration: Histogram
    first: Histogram
    tokens: Histogram

    @classmethod
    def of(cls, metrics: Metrics) -> "Figures":
        """Those, among the other metrics."""
        return cls(
            metrics.histogram(
                "gen_ai_client_operation_duration_seconds", "How long a call of a model took.", [*_OF, "error_type"], _SECONDS
            ),
            metrics.histogram(
                "gen_ai_client_operation_time_to_first_chunk_seconds", "How long a stream took to begin.", _OF, _SECONDS
            ),
            metrics.histogram("gen_ai_client_token_usage", "Tokens that a call took.", [*_OF, "gen_ai_token_type"], _TOKENS),
        )  # fmt: skip


class ObservedProvider:
    """`Provider` and `Health`, watched."""

    def __init__(self, inner: Watched, figures: Figures) -> None:
        self._inner = inner
        self._figures = figures

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """See `Provider`."""
        call = _Call(self._figures, model)
        with call.noted(), call.span() as opened:
            completion = await self._inner.complete(model, prompt)
            call.answered(completion)
            opened.set_attributes(call.used)
            return completion

    @contextlib.asynccontextmanager
    async def stream(self, model: Model, prompt: Prompt) -> AsyncIterator[AsyncIterator[Delta]]:
        """See `Provider`. The span ends when the answer begins: its reader may go on in another task."""
        call = _Call(self._figures, model)
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(call.noted())
            with call.span():
                deltas = await stack.enter_async_context(self._inner.stream(model, prompt))
            yield await stack.enter_async_context(contextlib.aclosing(call.through(deltas)))

    async def embed(self, model: Model, prompt: Prompt, dimensions: int | None = None) -> Embedded:
        """See `Provider`."""
        call = _Call(self._figures, model, "embeddings")
        with call.noted(), call.span():
            embedded = await self._inner.embed(model, prompt, dimensions)
            call.counted = {"input": embedded.input_tokens}
            return embedded

    def refusal(self, model: Model) -> Unsent | None:
        """See `Health`."""
        return self._inner.refusal(model)


class _Call:
    """One call while it goes on."""

    def __init__(self, figures: Figures, model: Model, operation: str = "chat") -> None:
        self._figures = figures
        self._begun = time.monotonic()
        self.labels = (operation, _PROVIDERS.get(model.kind, model.kind), model.model, model.name)
        self.counted: dict[str, int] = {}

    def answered(self, completion: Completion) -> None:
        """It has an answer."""
        self.counted = {"input": completion.input_tokens, "output": completion.output_tokens}

    @property
    def used(self) -> dict[str, int]:
        """What a span is to say of it."""
        return {f"gen_ai.usage.{kind}_tokens": count for kind, count in self.counted.items()}

    def span(self) -> contextlib.AbstractContextManager[Span]:
        """A span around the block."""
        operation, provider, vendor, name = self.labels
        said = {"gen_ai.operation.name": operation, "gen_ai.provider.name": provider, "gen_ai.request.model": vendor, "hulk.model": name}
        return span(f"{operation} {vendor}", kind=SpanKind.CLIENT, **said)

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """How the block goes is noted."""
        error = ""
        try:
            yield
        except BaseException as raised:
            error = raised.code if isinstance(raised, HulkError) else type(raised).__name__
            raise
        finally:
            self._figures.duration.labels(*self.labels, error).observe(time.monotonic() - self._begun)
            for kind, count in self.counted.items():
                self._figures.tokens.labels(*self.labels, kind).observe(count)

    async def through(self, deltas: AsyncIterator[Delta]) -> AsyncGenerator[Delta]:
        """The same; when the first came, and the last, is noted."""
        begun = False
        async for delta in deltas:
            if not begun and not isinstance(delta, Counted):
                begun = True
                self._figures.first.labels(*self.labels).observe(time.monotonic() - self._begun)
            if isinstance(delta, Ended):
                self.answered(delta.completion)
            yield delta
