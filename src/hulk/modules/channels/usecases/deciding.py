"""Deciding on messages that did not go out: whether they are sent again, or not at all."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.events import Event, Trail, changed, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock, iso
from hulk.modules.channels.domain import Outgoing, State
from hulk.modules.channels.ports import Outbox
from hulk.modules.channels.usecases.rights import Rights

_AGAIN: frozenset[State] = frozenset({"unknown", "failed"})
_WITHDRAWN: frozenset[State] = frozenset({"waiting", "unknown", "failed"})


def version(message: Outgoing) -> str:
    """What is another whenever something else has become of a message: who decides on it says what they saw."""
    seen = f"{message.state}/{message.attempts}/{iso(message.created)}"
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideOnMessages:
    """A message of which nobody knows whether it went out is sent again by nobody but a person, who may know."""

    rights: Rights
    outbox: Outbox
    trail: Trail
    commit: Commit
    clock: Clock

    async def again(self, by: Principal, id_: str, seen: str | None, reason: str = "") -> Outgoing:
        """An unknown or failed one waits again, and counts as made now. `seen` is the `version` that they saw, None for any. Raises
        `NotFound`, `Forbidden`, and `Conflict` when it is in another state, or was decided on by another."""
        return await self._decided(by, id_, seen, reason, "again", _AGAIN, _waiting)

    async def withdraw(self, by: Principal, id_: str, seen: str | None, reason: str = "") -> Outgoing:
        """One that waits, failed or is unknown is not sent. Raises as `again`."""
        return await self._decided(by, id_, seen, reason, "withdrawn", _WITHDRAWN, _withdrawn)

    async def _decided(
        self, by: Principal, id_: str, seen: str | None, reason: str, what: str, states: frozenset[State],
        become: Callable[[Outgoing, datetime], Outgoing],
    ) -> Outgoing:  # fmt: skip
        before = await self.outbox.get(id_)
        self.rights.require(by, "write", before.tenant, before.channel, NotFound("There is no message {id}.", id=id_[:80]))
        if before.state not in states or seen not in (None, version(before)):
            raise _another(before)
        after, data = become(before, self.clock()), changed(reasoned(reason), _told(before), {})
        event = Event(
            type=f"hulk.channel.{what}.v1", subject=id_, tenant=before.tenant, actor=by.actor, intent=before.intent,
            data={**data, "after": _told(after), "channel": before.channel},
        )  # fmt: skip
        await self.commit(self._swapped(before, after, event))
        return after

    def _swapped(self, before: Outgoing, after: Outgoing, event: Event) -> Change[None]:
        swap, tell = self.outbox.swap(before, after), self.trail.append(event)

        def change(tx: Any) -> None:
            if not swap(tx):
                raise _another(before)
            tell(tx)

        return change


def _waiting(message: Outgoing, now: datetime) -> Outgoing:
    return replace(message, state="waiting", due=now, created=now, ended=None, problem=None, attempts=0)


def _withdrawn(message: Outgoing, now: datetime) -> Outgoing:
    return replace(message, state="withdrawn", ended=now)


def _told(message: Outgoing) -> JsonObject:
    return {"state": message.state, "attempts": message.attempts}


def _another(message: Outgoing) -> Conflict:
    return Conflict(
        "The message {id} is not as you saw it, or not in a state for this: it was {state} just now. Look at it again.",
        id=message.id, state=message.state,
    )  # fmt: skip
