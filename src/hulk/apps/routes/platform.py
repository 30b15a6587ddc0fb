"""What is done to the installation itself rather than to anybody's work. It is told to the trail first: where that cannot be, it is not
done."""

from dataclasses import dataclass

from hulk.kernel.durable import Commit
from hulk.kernel.events import PLATFORM, Event, Trail, changed
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal


@dataclass(frozen=True, slots=True)
class Platform:
    """Tells it."""

    trail: Trail
    commit: Commit

    async def tell(self, event: Event) -> None:
        """Keep it. Raises `Unavailable` when the store is away."""
        await self.commit(self.trail.append(event))


def deed(kind: str, subject: str, by: Principal, reason: str, before: JsonObject | None, after: JsonObject | None) -> Event:
    """Somebody did that to the subject."""
    return Event(type=kind, subject=subject, tenant=PLATFORM, actor=by.actor, data=changed(reason, before, after))
