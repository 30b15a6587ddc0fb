"""What every place for tenants and keys promises, and the use cases over each of them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Forbidden, NotFound, Refused, Unauthenticated, Unavailable
from hulk.kernel.tenancy import Principal, everywhere
from hulk.modules.identity.adapters.memory import MemoryKeys, MemoryTenants
from hulk.modules.identity.adapters.sql import SqlKeys, SqlTenants
from hulk.modules.identity.domain import ApiKey, Tenant, hashed, prefix_of, written
from hulk.modules.identity.ports import Keys, Tenants
from hulk.modules.identity.usecases import REMEMBERED, Identity, acts
from support.memory import Told, at_once
from support.postgres import Postgres
from support.stores import KINDS, a_store

START = datetime(2026, 11, 21, tzinfo=UTC)
ADMIN = Principal(tenant="acme", actor="local", grants=everywhere("admin"))


@dataclass
class Now:
    """A clock that is moved by hand."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment


@dataclass
class Place:
    """A place where tenants and keys are kept, with the acts over it."""

    keys: Keys
    tenants: Tenants
    commit: Commit
    now: Now = field(default_factory=Now)
    told: Told = field(default_factory=Told)

    def acts(self, *, local: bool = False) -> Identity:
        """The acts of one process."""
        return acts(self.keys, self.tenants, self.told, self.commit, self.now, local=local)


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    """Each place in turn."""
    if request.param == "memory":
        yield Place(MemoryKeys(), MemoryTenants(), at_once)
        return
    async with a_store(request.param, tmp_path, postgres) as store:
        yield Place(SqlKeys(store), SqlTenants(store), store.commit)


def key(number: int = 0, tenant: str = "acme") -> tuple[ApiKey, str]:
    """A key and its secret."""
    secret = written(bytes([number] * 37))
    made = ApiKey(
        id=ids.new("key"), tenant=tenant, name="ci", role="operator", prefix=prefix_of(secret) or "", hash=hashed(secret), created=START
    )
    return made, secret


async def test_a_key_is_found_by_its_prefix_as_it_was_kept(place: Place) -> None:
    made = replace(key()[0], expires=START + timedelta(days=1, microseconds=5))
    await place.commit(place.keys.add(made))
    assert await place.keys.by_prefix(made.prefix) == made
    assert await place.keys.by_prefix("zzzzzzzz") is None


async def test_keys_are_listed_per_tenant_in_the_order_they_were_made(place: Place) -> None:
    mine, theirs, second = key(1)[0], key(2, "other")[0], key(3)[0]
    await place.commit(place.keys.add(mine), place.keys.add(theirs))
    await place.commit(place.keys.add(second))
    assert await place.keys.of_tenant("acme") == sorted([mine, second], key=lambda it: it.id)
    assert await place.keys.of_tenant("nobody") == []


async def test_a_key_is_revoked_once_and_only_by_its_tenant(place: Place) -> None:
    made, _ = key()
    await place.commit(place.keys.add(made))
    with pytest.raises(NotFound):
        await place.commit(place.keys.revoke("other", made.id, START))
    [revoked] = await place.commit(place.keys.revoke("acme", made.id, START))
    [again] = await place.commit(place.keys.revoke("acme", made.id, START + timedelta(hours=1)))
    assert revoked == again == replace(made, revoked=START) == await place.keys.by_prefix(made.prefix)


async def test_the_last_use_is_kept(place: Place) -> None:
    made, _ = key()
    await place.commit(place.keys.add(made))
    await place.commit(place.keys.touch(made.id, START))
    assert await place.keys.by_prefix(made.prefix) == replace(made, last_use=START)


async def test_a_tenant_is_made_once(place: Place) -> None:
    ensure = place.acts().ensure_tenant
    assert [await ensure("acme"), await ensure("acme"), await ensure()] == [True, False, True]
    assert await place.tenants.get("acme") == Tenant(id="acme", created=START)
    assert await place.tenants.get("nobody") is None
    with pytest.raises(Refused):
        await ensure("No Such Name")


async def test_a_new_key_opens_for_its_tenant_with_its_role(place: Place) -> None:
    identity = place.acts()
    made = await identity.create_key(ADMIN, "ci", "viewer")
    assert await identity.authenticate(made.secret, "192.0.2.7") == Principal(
        tenant="acme", actor=f"key:{made.key.prefix}", grants=everywhere("viewer")
    )
    [event] = place.told.events
    assert (event.type, event.subject, event.tenant, event.actor) == ("hulk.key.created.v1", made.key.id, "acme", "local")
    assert made.secret not in str(event)
    assert made.secret not in repr(made)


async def said(identity: Identity, sent: str | None) -> str:
    """What is said to who sends a key that does not open."""
    with pytest.raises(Unauthenticated) as refused:
        await identity.authenticate(sent, "192.0.2.7")
    return str(refused.value)


async def test_wrong_expired_and_revoked_keys_are_answered_alike(place: Place) -> None:
    identity = place.acts()
    expiring = await identity.create_key(ADMIN, "a", expires=START + timedelta(hours=1))
    revoked = await identity.create_key(ADMIN, "b")
    await identity.revoke_key(ADMIN, revoked.key.id)
    place.now.moment += timedelta(hours=1)
    forged = revoked.secret[:14] + written(bytes(37))[14:]
    answers = {
        await said(identity, sent) for sent in (expiring.secret, revoked.secret, forged, written(bytes(37)), "nonsense", "é" * 10_000)
    }
    assert len(answers) == 1
    assert "not valid" in answers.pop()


async def test_without_a_key_only_a_local_caller_is_known(place: Place) -> None:
    assert await place.acts(local=True).authenticate(None, "127.0.0.1") == Principal(
        tenant="default", actor="local", grants=everywhere("admin")
    )
    assert "An API key is needed" in await said(place.acts(), None)
    assert "not valid" in await said(place.acts(local=True), "nonsense")


async def test_a_revoked_key_ends_at_once_here_and_soon_in_other_processes(place: Place) -> None:
    here, elsewhere = place.acts(), place.acts()
    made = await here.create_key(ADMIN, "ci")
    await here.authenticate(made.secret, "")
    await elsewhere.authenticate(made.secret, "")
    await here.revoke_key(ADMIN, made.key.id)
    assert await said(here, made.secret)
    place.now.moment += REMEMBERED
    assert await said(elsewhere, made.secret)


async def test_a_remembered_key_ends_when_it_expires(place: Place) -> None:
    identity = place.acts()
    made = await identity.create_key(ADMIN, "ci", expires=START + timedelta(seconds=1))
    await identity.authenticate(made.secret, "")
    place.now.moment += timedelta(seconds=1)
    assert await said(identity, made.secret)


async def test_the_last_use_is_written_at_most_once_a_minute(place: Place) -> None:
    identity = place.acts()
    made = await identity.create_key(ADMIN, "ci")

    async def used(after: timedelta) -> datetime | None:
        place.now.moment = START + after
        await identity.authenticate(made.secret, "")
        [kept] = await place.keys.of_tenant("acme")
        return kept.last_use

    assert await used(timedelta(0)) == START
    assert await used(timedelta(seconds=59)) == START
    assert await used(timedelta(seconds=70)) == START + timedelta(seconds=70)


async def test_a_full_disk_does_not_lock_callers_out(place: Place) -> None:
    made = await place.acts().create_key(ADMIN, "ci")

    async def full(*_: Change[Any]) -> list[Any]:
        raise Unavailable("The disk is full: nothing was written. Free some space; Hulk goes on by itself.")

    identity = acts(place.keys, place.tenants, place.told, full, place.now, local=False)
    assert (await identity.authenticate(made.secret, "")).tenant == "acme"


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda identity, by: identity.create_key(by, "x"), id="create"),
        pytest.param(lambda identity, by: identity.revoke_key(by, ids.new("key")), id="revoke"),
        pytest.param(lambda identity, by: identity.list_keys(by), id="list"),
    ],
)
async def test_only_admins_manage_keys(act: Callable[[Identity, Principal], Any], place: Place) -> None:
    for role in ("viewer", "operator"):
        with pytest.raises(Forbidden, match=f"your roles are {role}"):
            await act(place.acts(), replace(ADMIN, grants=everywhere(role)))


async def test_keys_of_other_tenants_are_out_of_reach(place: Place) -> None:
    identity = place.acts()
    theirs = await identity.create_key(replace(ADMIN, tenant="other"), "ci")
    assert await identity.list_keys(ADMIN) == []
    with pytest.raises(NotFound):
        await identity.revoke_key(ADMIN, theirs.key.id)
    with pytest.raises(Refused):
        await identity.revoke_key(ADMIN, "nonsense")
    assert [event.type for event in place.told.events] == ["hulk.key.created.v1"]


async def test_a_key_that_would_never_hold_is_refused(place: Place) -> None:
    with pytest.raises(Refused, match="has passed"):
        await place.acts().create_key(ADMIN, "ci", expires=START)


async def test_making_and_revoking_is_told_once_each(place: Place) -> None:
    identity = place.acts()
    made = await identity.create_key(ADMIN, "ci")
    await identity.revoke_key(ADMIN, made.key.id)
    await identity.revoke_key(ADMIN, made.key.id)
    assert [event.type for event in place.told.events] == ["hulk.key.created.v1", "hulk.key.revoked.v1"]
