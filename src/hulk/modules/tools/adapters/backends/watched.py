"""A backend that is watched: behind a breaker, with a span and figures for every call, named as OpenTelemetry's conventions for
generative AI name them (https://opentelemetry.io/docs/specs/semconv/gen-ai/). Nothing of what is asked or answered is in them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.trace import SpanKind
from prometheus_client import Histogram

from hulk.kernel.errors import HulkError, Unavailable
from hulk.kernel.records import JsonObject
from hulk.modules.tools.domain import Output, Tool
from hulk.modules.tools.domain.permission import any_of
from hulk.modules.tools.ports import Backend, Calling
from hulk.runtime.breaker import Breaker, Breakers, Tripped
from hulk.runtime.telemetry import Metrics, span

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class ToolFigures:
    """How long calls took."""

    duration: Histogram

    @classmethod
    def of(cls, metrics: Metrics) -> "ToolFigures":
        """Those, among the other metrics."""
        about = "How long a tool took, as its backend answers."
        return cls(metrics.histogram("hulk_tool_call_duration_seconds", about, ["tool", "error_type"], _SECONDS))


class WatchedBackend:
    """`Backend` with a breaker, `tool:` and its name, where there are `breakers`. While that is open nothing is asked. Of its tools there
    are those whose names, without the backend's, are one of the patterns `only`."""

    def __init__(self, inner: Backend, figures: ToolFigures, breakers: Breakers | None = None, only: Sequence[str] = ("*",)) -> None:
        self._inner, self._figures, self._breakers, self._only = inner, figures, breakers, tuple(only)

    @property
    def name(self) -> str:
        """See `Backend`."""
        return self._inner.name

    async def tools(self) -> Sequence[Tool]:
        """See `Backend`."""
        tools = await self._inner.tools()
        return tools if "*" in self._only else [tool for tool in tools if any_of(tool.name.partition(".")[2], self._only)]

    async def call(self, tool: Tool, arguments: JsonObject, calling: Calling) -> Output:
        """See `Backend`; raises `Unavailable` without asking while the breaker is open."""
        begun = time.monotonic()
        told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool.name, "gen_ai.tool.call.id": calling.id}
        with span(f"execute_tool {tool.name}", kind=SpanKind.CLIENT, **told) as opened:
            found = await self._tried(tool, arguments, calling)
            error = "" if isinstance(found, Output) else _kind(found)
            if error:
                opened.set_attribute("error.type", error)
        self._figures.duration.labels(tool.name, error).observe(time.monotonic() - begun)
        if isinstance(found, Output):
            return found
        raise found

    async def _tried(self, tool: Tool, arguments: JsonObject, calling: Calling) -> Output | BaseException:
        """What came of it. An error does not leave the span, which would keep its words: they may quote what was asked or answered."""
        try:
            return await self._guarded(tool, arguments, calling)
        except BaseException as error:  # noqa: BLE001  # raised again once the span has ended
            return error

    async def _guarded(self, tool: Tool, arguments: JsonObject, calling: Calling) -> Output:
        if (breaker := self._breaker()) is None:
            return await self._inner.call(tool, arguments, calling)
        try:
            return await breaker.call(lambda: self._inner.call(tool, arguments, calling))
        except Tripped as refusal:
            raise Unavailable(refusal.text, refusal.retry_after) from refusal

    def _breaker(self) -> Breaker | None:
        return None if self._breakers is None else self._breakers.of(f"tool:{self.name}")


def _kind(error: BaseException) -> str:
    return error.code if isinstance(error, HulkError) else type(error).__name__
