"""Putting an answer where a message stands that says that something is worked on, instead of sending another message below it.

What says so is a message of the outbox like any other (`Outgoing.until`), and `shown` while it stands. Changing it twice changes it once:
so an answer of which nobody knows whether it came there is put there again. Before anything is sent anew in its stead, it is on record
that nothing stands there any more: whatever dies then, nothing is said twice.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from hulk.kernel.durable import Commit
from hulk.kernel.errors import Exhausted, HulkError, NotFound, Unauthenticated, Unavailable
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import Outgoing, State
from hulk.modules.channels.ports import Edits, Outbox, Sent, Uncertain

log = structlog.get_logger(__name__)
LOOKS = timedelta(minutes=2)
"""How long somebody looks who waits. Nobody is called by a message that changes: after this, the answer is a message of its own."""
MOST = 64
_OVER: frozenset[State] = frozenset({"sent", "failed", "withdrawn"})
_SOON = 0.2
"""Seconds until what is just being sent is there."""


@dataclass(slots=True)
class TakePlace:
    """Has answers of one channel take the place of what stands there for them. `most` are gone through at a time."""

    channel: str
    edits: Edits
    outbox: Outbox
    commit: Commit
    clock: Clock
    most: int = MOST
    _seen: int = field(init=False, default=0)

    async def __call__(self, message: Outgoing, files: Sequence[object]) -> Sent | None:
        """It stands there now, as what the channel called so before; None when it is to be sent as any other. Raises `Unavailable`, also
        where it may stand there: then it may be put there again; and `Unauthenticated`."""
        before = await self.standing(message)
        if before is None:
            return None
        if before.ended is None or files or self.clock() - before.ended > LOOKS or (sent := await self._put(message, before)) is None:
            await self.away(before)
            return None
        return sent

    async def standing(self, message: Outgoing) -> Outgoing | None:
        """What stands at the channel for that message. Raises `Unavailable` while it is just being sent."""
        before = await _found(self.outbox, message.over)
        if before is None or before.state not in ("sending", "shown"):
            return None
        if before.state == "sending":
            raise Unavailable("What says that it is worked on is just being sent.", retry_after=_SOON)
        return before

    async def _put(self, message: Outgoing, before: Outgoing) -> Sent | None:
        try:
            return await self.edits.put(message, before.sent_id)
        except Uncertain as error:  # the same again makes no two
            raise Unavailable("{reason} It is put there again.", reason=error.text) from error
        except (Unauthenticated, Exhausted, Unavailable):
            raise
        except HulkError as error:
            log.info("channel_place_not_taken", channel=self.channel, message=message.id, reason=str(error))
            return None

    async def away(self, before: Outgoing) -> None:
        """It stands there no more, which is then on record. What can never be taken away stays. Raises `Unavailable`
        and `Unauthenticated`."""
        try:
            await self.edits.remove(before.address, before.sent_id)
        except (Unauthenticated, Unavailable):
            raise
        except HulkError as error:
            if not isinstance(error, NotFound):
                log.warning("channel_message_stays", channel=self.channel, message=before.id, reason=str(error))
        await self.commit(self.outbox.laid_down(before.id, self.clock()))

    async def clear(self) -> int:
        """Take away what stands for an answer that did not take its place: it failed, was withdrawn, or is a message of its own; how many
        it was. Those that were not looked at are the next time: however many stand for work that takes long. Raises as `away`."""
        found = await self.outbox.shown(self.channel, self.most, self._seen)
        self._seen = found[-1].place if len(found) == self.most else 0
        return sum([await self._cleared(one) for one in found])

    async def _cleared(self, before: Outgoing) -> bool:
        """In this order: an answer that took the place ended together with what stood there."""
        answer = await _found(self.outbox, before.until)
        if answer is None or answer.state not in _OVER:
            return False
        again = await _found(self.outbox, before.id)
        if again is None or again.state != "shown":
            return False
        await self.away(before)
        return True


async def overtaken(outbox: Outbox, message: Outgoing) -> bool:
    """Whether a message only says that something is worked on of which there is an answer by now."""
    return bool(message.until) and await _found(outbox, message.until) is not None


async def _found(outbox: Outbox, id_: str) -> Outgoing | None:
    with suppress(NotFound):
        return await outbox.get(id_) if id_ else None
    return None
