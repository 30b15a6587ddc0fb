"""Something of acme's at its channel `shop`, each in the state in which operators find it."""

from typing import Any

from hulk.kernel import ids
from hulk.kernel.errors import told
from hulk.kernel.time import utc_now
from hulk.modules.channels.adapters.sql import SqlContacts, SqlConversations, SqlInbox, SqlOutbox
from hulk.modules.channels.domain import Arrival, Contact, Conversation, Outgoing, Sender, State, Turn
from hulk.modules.channels.ports import Kept, Uncertain
from support.callers import World


async def a_message(world: World, state: State = "unknown", **more: Any) -> str:
    """A message in that state; by itself, one that may have gone out."""
    store, id_, now = world.desk.helm.store, ids.new("msg"), utc_now()
    given = {"tenant": "acme", "channel": "shop", "address": ids.new("x"), "text": "Olá", "language": "pt", "created": now, "due": now}
    ended = None if state in ("waiting", "sending") else now
    problem = told(Uncertain("The process that was sending it ended.")) if state == "unknown" else None
    one = Outgoing(id=id_, state=state, attempts=1, ended=ended, problem=problem, **{**given, **more})
    await store.commit(SqlOutbox(store).add(one))
    return id_


async def an_arrival(world: World, **more: Any) -> str:
    """Something that Ana wrote, and what came of it."""
    store, now, id_ = world.desk.helm.store, utc_now(), ids.new("arr")
    arrival = Arrival(key=id_, kind="message", address="a", sender=Sender(id="ana", name="Ana"), at=now, id=id_, text="Oi")
    given = {"tenant": "acme", "channel": "shop", "received": now}
    inbox = SqlInbox(store)
    await store.commit(inbox.take(Kept(id=id_, arrival=arrival, **{**given, **more})), inbox.done(id_, "asked"))
    return id_


async def a_conversation(world: World, **more: Any) -> str:
    """One in which Ana said something, and Hulk answered."""
    store, address, now, conversations = world.desk.helm.store, ids.new("x"), utc_now(), SqlConversations(world.desk.helm.store)
    given = {"tenant": "acme", "channel": "shop", "sender": "ana", "heard": now}
    id_ = ids.derived("cnv", "acme", str(more.get("channel", "shop")), address)
    one = Conversation(id=id_, address=address, **{**given, **more})
    turns = [Turn("Oi", ours=False, at=now), Turn("Olá, Ana", ours=True, at=now)]
    await store.commit(conversations.put(one), *(conversations.said(id_, turn, str(at)) for at, turn in enumerate(turns)))
    return id_


async def a_handed_conversation(world: World, by: str = "") -> str:
    """One for which a person was asked."""
    return await a_conversation(world, mode="person", by=by)


async def a_contact(world: World, **more: Any) -> str:
    """Somebody who was heard; the id they have there."""
    store, sender = world.desk.helm.store, ids.new("x")
    given = {"tenant": "acme", "channel": "shop", "name": "Ana", "phone": "+5511999990000", "seen": utc_now()}
    await store.commit(SqlContacts(store).put(Contact(sender=sender, **{**given, **more})))
    return sender
