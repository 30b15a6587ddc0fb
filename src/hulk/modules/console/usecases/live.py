"""Telling those who look at pages that what they see has changed. One reader of the trail serves them all."""

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field

from hulk.kernel.bells import Listener
from hulk.kernel.events import Event
from hulk.kernel.tenancy import Principal
from hulk.modules.console.domain import concerns, topic_of
from hulk.modules.console.ports import Feed

ELSEWHERE_SECONDS = 1.0
"""How often it is looked for what other processes committed."""
_IDLE_SECONDS = 3600.0


@dataclass(eq=False, slots=True, kw_only=True)
class _Viewer:
    caller: Principal
    topics: Collection[str]
    about: str
    changed: set[str] = field(default_factory=set)
    bell: Listener = field(default_factory=Listener)

    def hear(self, event: Event) -> None:
        topic = topic_of(event.type)
        mine = bool(self.about) and self.about in (event.subject, event.intent)
        if mine or concerns(topic, self.caller, self.topics):
            self.changed.add(topic)
            self.bell.ring()


class Live:
    """Who looks, and what is told to them."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._viewers: dict[str, set[_Viewer]] = {}
        self._positions: dict[str, int] = {}
        self._came = Listener()

    async def changes(self, caller: Principal, topics: Collection[str], about: str = "") -> AsyncGenerator[frozenset[str], None]:
        """Topics on which something has happened since the last time, without end: those of `topics` of which the caller may see
        anything, and whatever is about `about`, an id that they have been shown."""
        viewer = _Viewer(caller=caller, topics=frozenset(topics), about=about)
        here = self._viewers.setdefault(caller.tenant, set())
        here.add(viewer)
        self._came.ring()
        try:
            while True:
                viewer.bell.looks()
                if viewer.changed:
                    changed, viewer.changed = frozenset(viewer.changed), set()
                    yield changed
                await viewer.bell.heard(_IDLE_SECONDS)
        finally:
            here.discard(viewer)

    def seen(self, tenant: str) -> int:
        """How far those who look at the tenant have been told: what was found out before that is not what they were told of."""
        return self._positions.get(tenant, 0)

    async def run(self) -> None:
        """Read what happens and tell it, while anybody looks, until cancelled."""
        while True:
            self._came.looks()
            watched = [tenant for tenant, viewers in self._viewers.items() if viewers]
            self._forget()
            for tenant in watched:
                await self._read(tenant)
            await (self._feed.heard(ELSEWHERE_SECONDS) if watched else self._came.heard(_IDLE_SECONDS))

    def _forget(self) -> None:
        for tenant in [tenant for tenant, viewers in self._viewers.items() if not viewers]:
            del self._viewers[tenant]
            self._positions.pop(tenant, None)

    async def _read(self, tenant: str) -> None:
        position = self._positions.get(tenant)
        if position is None:  # whoever came has been shown what there was
            self._positions[tenant] = await self._feed.position(tenant)
            return
        for place, event in await self._feed.past(tenant, position):
            self._positions[tenant] = place
            for viewer in tuple(self._viewers.get(tenant, ())):
                viewer.hear(event)
