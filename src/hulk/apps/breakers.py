"""The breakers of the running program: their routes, and the event that tells the bus of each change."""

import asyncio
from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from hulk.apps.routes.platform import Platform, deed
from hulk.kernel import ids
from hulk.kernel.events import PLATFORM, Event
from hulk.runtime.breaker import Breaker, Breakers, Change, State
from hulk.runtime.bus import Bus, to_message
from hulk.runtime.http import Caller, Why, allow

_MOST_UNTOLD = 1000
_AFTER: Mapping[str, State] = {"isolate": "isolated", "reset": "closed", "disable": "disabled"}


class BreakerBody(BaseModel):
    """A breaker. The counts are those of its window; `retry_after` is in seconds, null when calls pass or only a person lets them."""

    name: str
    state: State
    calls: int
    failed: int
    slow: int
    retry_after: float | None


class BreakersBody(BaseModel):
    """All breakers of this process, by name."""

    breakers: list[BreakerBody]


def breaker_routes(breakers: Breakers, platform: Platform) -> APIRouter:
    """`GET /v1/breakers` and `POST /v1/breakers/{name}/isolate`, `reset`, `disable`."""
    router = APIRouter(prefix="/v1/breakers", tags=["operation"])

    @router.get("", summary="The breakers of this process")
    async def listed(caller: Caller) -> BreakersBody:
        """Their states, and the calls in their windows."""
        allow(caller, "manage", "platform")
        return BreakersBody(breakers=[_body(breaker) for breaker in breakers])

    @router.post("/{name}/{act}", summary="Cut a dependency off, let all calls through, or begin anew")
    async def act(name: str, act: Literal["isolate", "reset", "disable"], caller: Caller, why: Why) -> BreakerBody:
        """`isolate` and `disable` hold until `reset`."""
        allow(caller, "manage", "platform")
        breaker = breakers.find(name)
        await platform.tell(deed("hulk.breaker.set.v1", name, caller, why, {"state": breaker.state}, {"state": _AFTER[act]}))
        {"isolate": breaker.isolate, "reset": breaker.reset, "disable": breaker.disable}[act]()
        return _body(breaker)

    return router


def _body(breaker: Breaker) -> BreakerBody:
    counts = breaker.counts
    return BreakerBody(
        name=breaker.name, state=breaker.state, calls=counts.calls, failed=counts.failed, slow=counts.slow, retry_after=breaker.retry_after
    )


class Told:
    """Sends each change to the bus, as a notification: what cannot be sent is dropped."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._changes: asyncio.Queue[Change] = asyncio.Queue(_MOST_UNTOLD)

    def __call__(self, change: Change) -> None:
        """A breaker has changed."""
        if not self._changes.full():
            self._changes.put_nowait(change)

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            change = await self._changes.get()
            data = {"process": ids.process(), "before": change.before, "state": change.state}
            event = Event(type="hulk.runtime.breaker.v1", subject=change.name, tenant=PLATFORM, actor="hulk", data=data)
            subject, headers, body = to_message(event)
            await self._bus.notify(subject, body, headers)
