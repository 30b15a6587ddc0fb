"""What every place for tenants and keys promises, and the use cases over each of them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, Forbidden, NotFound, Refused, Unauthenticated, Unavailable
from hulk.kernel.tenancy import Grant, Principal, everywhere
from hulk.modules.identity.domain import Account, ApiKey, Login, Namespace, Session, Tenant, hashed, prefix_of, written
from hulk.modules.identity.usecases import REMEMBERED, Identity
from support.identities import ADMIN, START, Place, a_place, wanted
from support.postgres import Postgres
from support.stores import KINDS


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    """Each place in turn."""
    async with a_place(request.param, tmp_path, postgres) as made:
        yield made


def key(number: int = 0, tenant: str = "acme") -> tuple[ApiKey, str]:
    """A key and its secret."""
    secret = written(bytes([number] * 37))
    made = ApiKey(
        id=ids.new("key"), tenant=tenant, name="ci", grants=everywhere("operator"), prefix=prefix_of(secret) or "",
        hash=hashed(secret), created=START,
    )  # fmt: skip
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


async def test_all_tenants_are_listed_by_id(place: Place) -> None:
    for name in ("beta", "acme"):
        await place.acts().ensure_tenant(name)
    assert [tenant.id for tenant in await place.tenants.all()] == ["acme", "beta"]


async def test_a_key_ends_when_it_is_told_to_or_when_it_would_have_before(place: Place) -> None:
    made = replace(key()[0], expires=START + timedelta(days=2))
    await place.commit(place.keys.add(made))
    with pytest.raises(NotFound):
        await place.commit(place.keys.expire("other", made.id, START))
    [sooner] = await place.commit(place.keys.expire("acme", made.id, START + timedelta(days=1)))
    [as_it_was] = await place.commit(place.keys.expire("acme", made.id, START + timedelta(days=3)))
    assert sooner == as_it_was == replace(made, expires=START + timedelta(days=1)) == await place.keys.by_prefix(made.prefix)


async def test_namespaces_are_kept_once_and_per_tenant(place: Place) -> None:
    prod, theirs = (Namespace(tenant=tenant, name="prod", created=START) for tenant in ("acme", "other"))
    again = replace(prod)
    made = await place.commit(*map(place.tenants.add_namespace, (prod, theirs, again)))
    assert made == [True, True, False]
    assert await place.tenants.namespaces("acme") == [prod]
    await place.commit(place.tenants.require_namespaces("acme", ["prod", "default", "*"]))
    with pytest.raises(Refused, match=r"no namespace “stage”.*default, prod"):
        await place.commit(place.tenants.require_namespaces("acme", ["prod", "stage"]))
    with pytest.raises(NotFound):
        await place.commit(place.tenants.remove_namespace("acme", "stage"))
    assert await place.commit(place.tenants.remove_namespace("acme", "prod")) == [prod]
    assert (await place.tenants.namespaces("acme"), await place.tenants.namespaces("other")) == ([], [theirs])


def person(email: str = "ana@example.com", tenant: str = "acme", *, grants: tuple[Grant, ...] = ()) -> Account:
    """A person."""
    return Account(id=ids.new("usr"), tenant=tenant, kind="person", name="Ana", email=email, grants=grants, created=START)


async def test_a_namespace_stays_while_an_account_or_a_key_is_granted_something_in_it(place: Place) -> None:
    here = (Grant("viewer", "prod"),)
    ana, made = person(grants=here), replace(key()[0], grants=here)
    prod = Namespace(tenant="acme", name="prod", created=START)
    await place.commit(place.tenants.add_namespace(prod), place.accounts.add(ana), place.keys.add(made))
    for free in (place.accounts.remove("acme", ana.id), place.keys.revoke("acme", made.id, START)):
        with pytest.raises(Conflict, match="take those back first"):
            await place.commit(place.tenants.remove_namespace("acme", "prod"))
        await place.commit(free)
    assert await place.commit(place.tenants.remove_namespace("acme", "prod")) == [prod]


async def test_accounts_are_found_as_they_were_kept_by_their_tenant_only(place: Place) -> None:
    ana = replace(person(), subject="https://id.example 7", groups=("gpu",), grants=(Grant("viewer"), Grant("admin", "prod")))
    bot = Account(id=ids.new("svc"), tenant="acme", kind="service", name="bot", created=START)
    await place.commit(place.accounts.add(ana), place.accounts.add(bot), place.accounts.add(person(tenant="other")))
    assert await place.accounts.get("acme", ana.id) == ana == await place.accounts.by_email("acme", "ana@example.com")
    assert await place.accounts.of_tenant("acme") == sorted([ana, bot], key=lambda one: one.id)
    assert await place.accounts.get("other", ana.id) is None
    assert await place.accounts.by_email("acme", "bob@example.com") is None


async def test_an_address_belongs_to_one_person_of_a_tenant(place: Place) -> None:
    ana, bob = person(), person("bob@example.com")
    await place.commit(place.accounts.add(ana), place.accounts.add(bob))
    with pytest.raises(Conflict, match=r"ana@example\.com already"):
        await place.commit(place.accounts.add(person()))
    with pytest.raises(Conflict, match=r"ana@example\.com already"):
        await place.commit(place.accounts.change("acme", bob.id, lambda one: replace(one, email=ana.email)))
    [(before, after)] = await place.commit(place.accounts.change("acme", bob.id, lambda one: replace(one, name="Bob")))
    assert (before, after) == (bob, replace(bob, name="Bob"))
    assert await place.accounts.get("acme", bob.id) == after


@pytest.mark.parametrize("act", ["demote", "disable", "remove"])
async def test_a_tenant_keeps_its_last_admin(act: str, place: Place) -> None:
    ana, bob = (person(f"{name}@example.com", grants=(Grant("admin"),)) for name in ("ana", "bob"))
    theirs = person(tenant="other", grants=(Grant("admin"),))
    await place.commit(place.accounts.add(ana), place.accounts.add(bob), place.accounts.add(theirs))

    def taken(account: Account) -> Change[Any]:
        if act == "remove":
            return place.accounts.remove("acme", account.id)
        new = {"grants": (Grant("admin", "prod"),)} if act == "demote" else {"disabled": START}
        return place.accounts.change("acme", account.id, lambda one: replace(one, **new))

    await place.commit(taken(ana))
    with pytest.raises(Conflict, match="last admin"):
        await place.commit(taken(bob))
    assert await place.accounts.get("acme", bob.id) == bob


async def test_what_is_not_there_cannot_be_changed_or_removed(place: Place) -> None:
    theirs = person(tenant="other")
    await place.commit(place.accounts.add(theirs))
    for change in (place.accounts.change("acme", theirs.id, lambda one: one), place.accounts.remove("acme", theirs.id)):
        with pytest.raises(NotFound):
            await place.commit(change)


async def test_a_new_key_opens_for_its_tenant_with_its_role(place: Place) -> None:
    identity = place.acts()
    made = await identity.create_key(ADMIN, wanted("ci", Grant("viewer")))
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
    expiring = await identity.create_key(ADMIN, wanted("a", expires=START + timedelta(hours=1)))
    revoked = await identity.create_key(ADMIN, wanted("b"))
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
    made = await here.create_key(ADMIN, wanted("ci"))
    await here.authenticate(made.secret, "")
    await elsewhere.authenticate(made.secret, "")
    await here.revoke_key(ADMIN, made.key.id)
    assert await said(here, made.secret)
    place.now.moment += REMEMBERED
    assert await said(elsewhere, made.secret)


async def test_a_remembered_key_ends_when_it_expires(place: Place) -> None:
    identity = place.acts()
    made = await identity.create_key(ADMIN, wanted("ci", expires=START + timedelta(seconds=1)))
    await identity.authenticate(made.secret, "")
    place.now.moment += timedelta(seconds=1)
    assert await said(identity, made.secret)


async def test_the_last_use_is_written_at_most_once_a_minute(place: Place) -> None:
    identity = place.acts()
    made = await identity.create_key(ADMIN, wanted("ci"))

    async def used(after: timedelta) -> datetime | None:
        place.now.moment = START + after
        await identity.authenticate(made.secret, "")
        [kept] = await place.keys.of_tenant("acme")
        return kept.last_use

    assert await used(timedelta(0)) == START
    assert await used(timedelta(seconds=59)) == START
    assert await used(timedelta(seconds=70)) == START + timedelta(seconds=70)


async def test_a_full_disk_does_not_lock_callers_out(place: Place) -> None:
    made = await place.acts().create_key(ADMIN, wanted("ci"))

    async def full(*_: Change[Any]) -> list[Any]:
        raise Unavailable("The disk is full: nothing was written. Free some space; Hulk goes on by itself.")

    identity = replace(place, commit=full).acts()
    assert (await identity.authenticate(made.secret, "")).tenant == "acme"


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda identity, by: identity.create_key(by, wanted()), id="create"),
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
    theirs = await identity.create_key(replace(ADMIN, tenant="other"), wanted())
    assert await identity.list_keys(ADMIN) == []
    with pytest.raises(NotFound):
        await identity.revoke_key(ADMIN, theirs.key.id)
    with pytest.raises(Refused):
        await identity.revoke_key(ADMIN, "nonsense")
    assert [event.type for event in place.told.events] == ["hulk.key.created.v1"]


async def test_a_key_that_would_never_hold_is_refused(place: Place) -> None:
    with pytest.raises(Refused, match="has passed"):
        await place.acts().create_key(ADMIN, wanted("ci", expires=START))


async def test_making_and_revoking_is_told_once_each(place: Place) -> None:
    identity = place.acts()
    made = await identity.create_key(ADMIN, wanted("ci"))
    await identity.revoke_key(ADMIN, made.key.id)
    await identity.revoke_key(ADMIN, made.key.id)
    assert [event.type for event in place.told.events] == ["hulk.key.created.v1", "hulk.key.revoked.v1"]


def session(holder: str, number: int = 0) -> Session:
    """A session of acme's."""
    moment = START + timedelta(minutes=number)
    return Session(
        id=ids.new("ses"), tenant="acme", holder=holder, hash=f"{number:064}", agent="Firefox", created=moment, seen=moment,
        expires=START + timedelta(days=1),
    )  # fmt: skip


async def test_sessions_are_found_touched_and_ended_by_whose_they_are(place: Place) -> None:
    older, newer, theirs = session("usr_1", 1), session("usr_1", 2), session("usr_2", 3)
    await place.commit(*map(place.sessions.add, (older, newer, theirs)))
    assert await place.sessions.of("acme", ["usr_1"]) == [newer, older]
    assert await place.sessions.of("other", ["usr_1"]) == []
    assert (await place.sessions.by_hash(older.hash), await place.sessions.by_hash("x")) == (older, None)
    later = START + timedelta(hours=1)
    await place.commit(place.sessions.touch(older.id, later))
    assert await place.sessions.by_hash(older.hash) == replace(older, seen=later)
    for tenant, account in (("other", "usr_1"), ("acme", "usr_2")):
        with pytest.raises(NotFound):
            await place.commit(place.sessions.end(tenant, account, older.id, later))
    [ended] = await place.commit(place.sessions.end("acme", "usr_1", older.id, later))
    [again] = await place.commit(place.sessions.end("acme", "usr_1", older.id, later + timedelta(hours=1)))
    assert ended == again == replace(older, seen=later, ended=later)
    await place.commit(place.sessions.end_all("acme", "usr_1", later + timedelta(hours=2)))
    assert [one.ended for one in await place.sessions.of("acme", ["usr_1"])] == [later + timedelta(hours=2), later]
    assert await place.sessions.by_hash(theirs.hash) == theirs


async def test_a_login_is_finished_once_and_in_time(place: Place) -> None:
    ends = START + timedelta(minutes=10)
    one, other = (Login(id=str(number) * 64, nonce="n", verifier="v", place="/v1/me", expires=ends) for number in (1, 2))
    await place.commit(place.sessions.begin(one, START), place.sessions.begin(other, START))
    assert [(await place.commit(place.sessions.finish(one.id, START)))[0] for _ in range(2)] == [one, None]
    assert await place.commit(place.sessions.finish(other.id, ends)) == [None]


async def test_a_person_is_found_by_how_the_issuer_names_them(place: Place) -> None:
    ana = replace(person(), subject="https://id.example 7")
    await place.commit(place.accounts.add(ana))
    assert await place.accounts.by_subject("acme", "https://id.example 7") == ana
    assert await place.accounts.by_subject("other", "https://id.example 7") is None
