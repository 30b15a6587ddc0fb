"""People who have another id from now on."""

from datetime import UTC, datetime

from hulk.modules.channels.adapters.sql import SqlContacts
from hulk.modules.channels.domain import Contact
from hulk.runtime.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def contact(sender: str, person: str | None = None, *, blocked: bool = False) -> Contact:
    return Contact(channel="zap", sender=sender, tenant="default", person=person, blocked=blocked, seen=NOW)


async def test_who_moves_stays_who_they_are_and_their_old_id_is_nobodys(store: Store) -> None:
    contacts = SqlContacts(store)
    await store.commit(contacts.put(contact("BR.1", "usr_ana")))
    await store.commit(contacts.move("zap", "BR.1", "BR.2"))
    old, new = await contacts.get("zap", "BR.1"), await contacts.get("zap", "BR.2")
    assert (old and old.person, new and new.person) == (None, "usr_ana")


async def test_who_was_heard_by_the_new_id_already_stays_who_they_are(store: Store) -> None:
    contacts = SqlContacts(store)
    await store.commit(contacts.put(contact("BR.1", "usr_ana")), contacts.put(contact("BR.2", "usr_bia")))
    await store.commit(contacts.move("zap", "BR.1", "BR.2"))
    found = await contacts.get("zap", "BR.2")
    assert found is not None
    assert found.person == "usr_bia"


async def test_who_is_blocked_stays_so_by_another_id(store: Store) -> None:
    contacts = SqlContacts(store)
    await store.commit(contacts.put(contact("BR.1", blocked=True)))
    await store.commit(contacts.move("zap", "BR.1", "BR.2"))
    found = await contacts.get("zap", "BR.2")
    assert found is not None
    assert found.blocked
