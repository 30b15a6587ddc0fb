"""Async bodies executed as plain ones, so that one suite holds for both kinds of function."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from hulk.kernel.durable import ONCE, Act, Context, Ended, Outcome, Retry, Workflow
from hulk.kernel.records import Json, JsonObject
from hulk.runtime.workflows import Blocking, workflow


class Facade:
    """`kernel.durable.Context` over a blocking one, in a thread: awaiting its methods blocks."""

    def __init__(self, context: Blocking) -> None:
        self.run_id = context.run_id
        self.tenant = context.tenant
        self.compensate = lambda name, act: context.compensate(name, _plain(act))
        self._context = context

    @property
    def key(self) -> str:
        """See `Context`."""
        return self._context.key

    async def step(self, name: str, act: Act[Any], *, retry: Retry = ONCE, timeout: timedelta | None = None, **_: Any) -> Any:
        """See `Context`."""
        return self._context.step(name, _plain(act), retry=retry, timeout=timeout)

    async def end(self, name: str, act: Act[JsonObject], *, retry: Retry = ONCE, timeout: timedelta | None = None) -> JsonObject:
        """See `Context`."""
        return self._context.end(name, _plain(act), retry=retry, timeout=timeout)

    async def parallel(self, steps: Mapping[str, Act[Any]], *, most: int | None = None, retry: Retry = ONCE, **_: Any) -> dict[str, Any]:
        """See `Context`."""
        return self._context.parallel({name: _plain(act) for name, act in steps.items()}, most=most, retry=retry)

    async def child(self, name: str, workflow: str, data: JsonObject) -> Json:
        """See `Context`."""
        return self._context.child(name, workflow, data)

    async def fan(self, name: str, workflow: str, data: Sequence[JsonObject], *, most: int | None = None) -> list[Ended]:
        """See `Context`."""
        return self._context.fan(name, workflow, data, most=most)

    async def sleep(self, name: str, duration: timedelta) -> None:
        """See `Context`."""
        self._context.sleep(name, duration)

    async def wait(self, name: str, timeout: timedelta | None = None) -> Json:
        """See `Context`."""
        return self._context.wait(name, timeout)


def _plain(act: Act[Any]) -> Callable[[], Outcome[Any]]:
    async def done() -> Outcome[Any]:
        return await act()

    return lambda: asyncio.run(done())


def in_threads(body: Callable[[Any, JsonObject], Awaitable[JsonObject]], **more: Any) -> Workflow:
    """The workflow of an async body that is executed as a plain function, each of its acts too."""

    async def awaited(context: Context, data: JsonObject) -> JsonObject:
        return await body(context, data)

    def plain(context: Blocking, data: JsonObject) -> JsonObject:
        return asyncio.run(awaited(Facade(context), data))

    return workflow(plain, **more)
