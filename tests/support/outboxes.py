"""Messages in an outbox, brought to where a test wants them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hulk.modules.channels.domain import Outgoing, State
from hulk.modules.channels.ports import Outbox
from hulk.runtime.store import Store
from support.channels import NOW

SOON = NOW + timedelta(minutes=1)


async def added(store: Store, outbox: Outbox, *messages: Outgoing) -> list[Any]:
    """They are kept; of each, whether it was not before."""
    return await store.commit(*(outbox.add(one) for one in messages))


async def brought(store: Store, outbox: Outbox, message: Outgoing, state: State, **more: Any) -> Outgoing:
    """It is kept, and in that state."""
    await added(store, outbox, message)
    if state == "waiting":
        return message
    if state == "withdrawn":
        await store.commit(outbox.withdraw(message.intent or "", NOW))
        return message
    await store.commit(outbox.claim(message.id, "one", SOON))
    if state != "sending":
        assert await store.commit(outbox.settle(replace(message, state=state, ended=NOW, **more), "one")) == [True]
    return message


def ids_of(messages: Sequence[Outgoing]) -> list[str]:
    """Their ids, in their order."""
    return [one.id for one in messages]


async def state_of(outbox: Outbox, message: Outgoing) -> State:
    """In which state it is now."""
    return (await outbox.get(message.id)).state
