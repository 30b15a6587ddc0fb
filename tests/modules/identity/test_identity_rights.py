"""Who may give what to whom: the acts over each place."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import sqlalchemy.event
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel import ids
from hulk.kernel.errors import Conflict, Forbidden, NotFound, Refused, Unauthenticated
from hulk.kernel.tenancy import PERMISSIONS, Grant, Principal, Role, everywhere
from hulk.kernel.time import utc_now
from hulk.modules.identity.adapters.sql import SqlAccounts, SqlKeys, SqlSessions, SqlTenants
from hulk.modules.identity.domain import Account, AccountChange, NewKey, covers, within
from hulk.modules.identity.usecases import REMEMBERED, Identity, Places, acts
from hulk.modules.identity.usecases.tenants import ListNamespaces
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from support.identities import ADMIN, START, Place, a_place, wanted
from support.postgres import Postgres
from support.stores import KINDS, Another

GRANTS = st.builds(Grant, st.sampled_from(get_args(Role)), st.sampled_from(["*", "prod", "stage"]))
SEVERAL = st.lists(GRANTS, max_size=3).map(tuple)
PROD_ADMIN = Principal(tenant="acme", actor="person:pam@example.com", grants=(Grant("admin", "prod"),))


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    """Each place in turn, with the tenant acme and its namespaces."""
    async with a_place(request.param, tmp_path, postgres) as made:
        identity = made.acts()
        await identity.ensure_tenant("acme")
        for name in ("prod", "stage"):
            await identity.create_namespace(ADMIN, name)
        made.told.events.clear()
        yield made


def allowed(grants: tuple[Grant, ...]) -> set[tuple[str, str, str]]:
    """All that they allow: what, in each namespace and in none."""
    return {
        (resource, verb, namespace)
        for grant in grants
        for resource, verb in PERMISSIONS[grant.role]
        for namespace in ("*", "prod", "stage")
        if grant.namespace in ("*", namespace)
    }


@given(SEVERAL, SEVERAL)
def test_a_cut_allows_exactly_what_both_allow(held: tuple[Grant, ...], cut: tuple[Grant, ...]) -> None:
    assert allowed(within(held, cut)) == allowed(held) & allowed(cut)


@given(SEVERAL, GRANTS)
def test_who_covers_a_grant_may_all_that_it_allows(held: tuple[Grant, ...], grant: Grant) -> None:
    assert covers(held, grant) == (allowed((grant,)) <= allowed(held))


async def service(identity: Identity, *grants: Grant) -> Account:
    """A service account of acme with these grants."""
    return await identity.create_account(ADMIN, "service", AccountChange(name="bot", grants=grants))


async def person(identity: Identity, name: str, *grants: Grant) -> Account:
    """A person of acme with these grants."""
    return await identity.create_account(ADMIN, "person", AccountChange(name=name, email=f"{name}@example.com", grants=grants))


async def opened(identity: Identity, new: NewKey) -> Principal:
    """Who comes in with the key."""
    return await identity.authenticate(new.secret, "192.0.2.7")


async def test_a_key_of_an_account_is_the_account_cut_to_the_key(place: Place) -> None:
    identity = place.acts()
    bot = await identity.create_account(ADMIN, "service", AccountChange(name="bot", groups=("gpu",), grants=everywhere("operator")))
    whole = await identity.create_key(ADMIN, wanted(account=bot.id))
    cut = await identity.create_key(ADMIN, wanted("ci", Grant("admin", "prod"), account=bot.id))
    assert await opened(identity, whole) == Principal(
        tenant="acme", actor=f"service:{bot.id}", grants=everywhere("operator"), groups=("gpu",), account=bot.id
    )
    assert (await opened(identity, cut)).grants == (Grant("operator", "prod"),)


async def test_what_an_account_gains_and_loses_its_keys_do(place: Place) -> None:
    identity = place.acts()
    bot = await service(identity, Grant("viewer"))
    key = await identity.create_key(ADMIN, wanted(account=bot.id))
    await opened(identity, key)
    await identity.change_account(ADMIN, "service", bot.id, AccountChange(grants=(Grant("operator", "prod"),)))
    assert (await opened(identity, key)).grants == (Grant("operator", "prod"),)


@pytest.mark.parametrize("act", ["disable", "remove"])
async def test_an_account_taken_away_ends_here_at_once_and_soon_in_other_processes(act: str, place: Place) -> None:
    here, elsewhere = place.acts(), place.acts()
    bot = await service(here, Grant("viewer"))
    key = await here.create_key(ADMIN, wanted(account=bot.id))
    await opened(here, key)
    await opened(elsewhere, key)
    if act == "disable":
        await here.change_account(ADMIN, "service", bot.id, AccountChange(disabled=True))
    else:
        await here.remove_account(ADMIN, "service", bot.id)
    with pytest.raises(Unauthenticated, match="not valid"):
        await opened(here, key)
    place.now.moment += REMEMBERED
    with pytest.raises(Unauthenticated, match="not valid"):
        await opened(elsewhere, key)


async def test_an_account_enabled_again_opens_again(place: Place) -> None:
    identity = place.acts()
    bot = await service(identity, Grant("viewer"))
    key = await identity.create_key(ADMIN, wanted(account=bot.id))
    for disabled in (True, False):
        await identity.change_account(ADMIN, "service", bot.id, AccountChange(disabled=disabled))
    assert (await opened(identity, key)).account == bot.id


async def test_a_rotated_key_lives_on_for_its_overlap(place: Place) -> None:
    identity = place.acts()
    old = await identity.create_key(ADMIN, wanted("ci", Grant("viewer", "prod"), expires=START + timedelta(days=30)))
    place.now.moment += timedelta(days=10)
    new = await identity.rotate_key(ADMIN, old.key.id, timedelta(hours=1))
    assert (new.key.grants, new.key.name, new.key.expires) == (old.key.grants, "ci", START + timedelta(days=40))
    place.now.moment += timedelta(minutes=59)
    assert (await opened(identity, old)).grants == (await opened(identity, new)).grants
    place.now.moment += timedelta(minutes=1)
    with pytest.raises(Unauthenticated):
        await opened(identity, old)
    with pytest.raises(Conflict, match="holds no more"):
        await identity.rotate_key(ADMIN, old.key.id)
    with pytest.raises(Refused, match="at most 90 days"):
        await identity.rotate_key(ADMIN, new.key.id, timedelta(days=91))
    assert place.told.types == ["hulk.key.created.v1", "hulk.key.created.v1", "hulk.key.rotated.v1"]


async def test_a_key_without_end_rotates_to_one_without_end_and_ends_itself(place: Place) -> None:
    identity = place.acts()
    old = await identity.create_key(ADMIN, wanted())
    new = await identity.rotate_key(ADMIN, old.key.id)
    kept = {key.id: key.expires for key in await identity.list_keys(ADMIN)}
    assert kept == {old.key.id: START + timedelta(hours=24), new.key.id: None}


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda identity, by, _: identity.create_key(by, wanted("x", Grant("admin"))), id="a key in all namespaces"),
        pytest.param(lambda identity, by, _: identity.create_key(by, wanted("x", Grant("viewer", "stage"))), id="a key elsewhere"),
        pytest.param(lambda identity, by, bot: identity.create_key(by, wanted("x", account=bot)), id="an account's key, uncut"),
        pytest.param(lambda identity, by, _: identity.create_account(by, "service", AccountChange(name="x")), id="an account"),
        pytest.param(lambda identity, by, bot: identity.change_account(by, "service", bot, AccountChange(name="x")), id="a name"),
        pytest.param(lambda identity, by, bot: identity.change_account(by, "service", bot, AccountChange(disabled=True)), id="disabling"),
        pytest.param(
            lambda identity, by, bot: identity.change_account(by, "service", bot, AccountChange(grants=(Grant("viewer", "stage"),))),
            id="a grant elsewhere",
        ),
        pytest.param(
            lambda identity, by, bot: identity.change_account(by, "service", bot, AccountChange(grants=everywhere("viewer"))),
            id="a grant everywhere",
        ),
        pytest.param(lambda identity, by, bot: identity.remove_account(by, "service", bot), id="removing"),
        pytest.param(lambda identity, by, _: identity.create_namespace(by, "x"), id="a namespace"),
        pytest.param(lambda identity, by, _: identity.remove_namespace(by, "prod"), id="no namespace"),
        pytest.param(lambda identity, by, _: identity.create_tenant(by, "x"), id="a tenant"),
        pytest.param(lambda identity, by, _: identity.list_tenants(by), id="the tenants"),
    ],
)
async def test_an_admin_of_a_namespace_may_not(act: Callable[[Identity, Principal, str], Any], place: Place) -> None:
    identity = place.acts()
    bot = await service(identity, Grant("viewer", "prod"), Grant("operator", "stage"))
    with pytest.raises(Forbidden):
        await act(identity, PROD_ADMIN, bot.id)
    assert (await identity.list_accounts.one(ADMIN, "service", bot.id)) == bot


async def test_an_admin_of_a_namespace_rules_there_and_sees_no_further(place: Place) -> None:
    identity = place.acts()
    bot = await service(identity, Grant("viewer", "prod"), Grant("operator", "stage"))
    elsewhere = await identity.create_key(ADMIN, wanted("ci", Grant("viewer", "stage")))
    both = await identity.create_key(ADMIN, wanted("ci", Grant("viewer", "stage"), Grant("viewer", "prod")))
    seen = await identity.list_accounts.one(PROD_ADMIN, "service", bot.id)
    assert seen.grants == (Grant("viewer", "prod"),)
    changed = await identity.change_account(PROD_ADMIN, "service", bot.id, AccountChange(grants=(Grant("approver", "prod"),)))
    assert changed.grants == (Grant("approver", "prod"),)
    whole = await identity.list_accounts.one(ADMIN, "service", bot.id)
    assert set(whole.grants) == {Grant("approver", "prod"), Grant("operator", "stage")}
    mine = await identity.create_key(PROD_ADMIN, wanted("ci", Grant("admin", "prod"), account=bot.id))
    assert (await opened(identity, mine)).grants == (Grant("approver", "prod"),)
    assert [key.id for key in await identity.list_keys(PROD_ADMIN)] == [mine.key.id]
    for hidden in (elsewhere, both):
        with pytest.raises(NotFound):
            await identity.revoke_key(PROD_ADMIN, hidden.key.id)
        with pytest.raises(NotFound):
            await identity.rotate_key(PROD_ADMIN, hidden.key.id)


@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
async def test_who_is_no_admin_gives_nothing(role: Role, place: Place) -> None:
    identity, by = place.acts(), replace(ADMIN, grants=everywhere(role))
    bot = await service(identity)
    for act in (
        lambda: identity.create_key(by, wanted("x", Grant("viewer"))),
        lambda: identity.list_keys(by),
        lambda: identity.rotate_key(by, ids.new("key")),
        lambda: identity.list_accounts(by, "person"),
        lambda: identity.create_account(by, "person", AccountChange(name="x", email="x@example.com")),
        lambda: identity.change_account(by, "service", bot.id, AccountChange(grants=())),
        lambda: identity.remove_account(by, "service", bot.id),
        lambda: identity.create_namespace(by, "x"),
        lambda: identity.list_tenants(by),
    ):
        with pytest.raises(Forbidden, match=f"your roles are {role}"):
            await act()


async def test_what_no_account_may_have_is_refused(place: Place) -> None:
    identity = place.acts()
    for kind, wrong, why in (
        ("person", AccountChange(name="Ana"), "needs an e-mail"),
        ("person", AccountChange(name="Ana", email="ana"), "not an e-mail address"),
        ("person", AccountChange(name="Ana", email="ana@example.com", groups=("gpu",)), "for service accounts"),
        ("service", AccountChange(name="bot", email="bot@example.com"), "known by its keys"),
        ("service", AccountChange(name="bot", groups=("GPU box",)), "no name for a worker group"),
        ("service", AccountChange(name="bot", grants=(Grant("viewer", "nowhere"),)), "no namespace “nowhere”"),
        ("service", AccountChange(), "printable"),
    ):
        with pytest.raises(Refused, match=why):
            await identity.create_account(ADMIN, kind, wrong)  # type: ignore[arg-type]  # a Kind
    with pytest.raises(Refused, match="no namespace"):
        await identity.create_key(ADMIN, wanted("ci", Grant("viewer", "nowhere")))
    with pytest.raises(Refused, match="at least one grant"):
        await identity.create_key(ADMIN, replace(wanted(), grants=()))
    with pytest.raises(NotFound):
        await identity.create_key(ADMIN, wanted("ci", Grant("viewer"), account=ids.new("svc")))
    assert place.told.events == []


async def test_every_write_tells_who_why_and_what_was_before_and_after(place: Place) -> None:
    identity = place.acts()
    ana = await identity.create_account(
        ADMIN, "person", AccountChange(name="Ana", email="Ana@Example.com", grants=everywhere("viewer")), "joined"
    )
    await identity.change_account(ADMIN, "person", ana.id, AccountChange(grants=everywhere("operator")), "on call")
    await identity.change_account(ADMIN, "person", ana.id, AccountChange(grants=everywhere("operator")), "again")
    await identity.remove_account(ADMIN, "person", ana.id, "left")
    created, changed, removed = place.told.events
    assert [event.data["reason"] for event in (created, changed, removed)] == ["joined", "on call", "left"]
    assert {event.subject for event in (created, changed, removed)} == {ana.id}
    assert {event.actor for event in (created, changed, removed)} == {"local"}
    assert (created.data["before"], created.data["after"]["email"]) == (None, "ana@example.com")
    assert changed.data["before"] == created.data["after"]
    assert changed.data["after"] == removed.data["before"] == {**created.data["after"], "grants": [{"role": "operator", "namespace": "*"}]}
    assert removed.data["after"] is None
    with pytest.raises(Refused, match="reason"):
        await identity.create_namespace(ADMIN, "x", "a\0b")


async def test_nothing_of_another_tenant_can_be_seen_or_changed(place: Place) -> None:
    identity, stranger = place.acts(), replace(ADMIN, tenant="other")
    ana, bot = await person(identity, "ana", Grant("admin")), await service(identity, Grant("viewer"))
    key = await identity.create_key(ADMIN, wanted())
    for act in (
        lambda: identity.list_accounts.one(stranger, "person", ana.id),
        lambda: identity.change_account(stranger, "person", ana.id, AccountChange(disabled=True)),
        lambda: identity.remove_account(stranger, "service", bot.id),
        lambda: identity.create_key(stranger, wanted("x", Grant("viewer"), account=bot.id)),
        lambda: identity.rotate_key(stranger, key.key.id),
        lambda: identity.revoke_key(stranger, key.key.id),
        lambda: identity.remove_namespace(stranger, "prod"),
    ):
        with pytest.raises(NotFound):
            await act()
    assert await identity.list_accounts(stranger, "person") == []
    assert await identity.list_keys(stranger) == []
    assert await identity.list_namespaces(stranger) == []
    with pytest.raises(Forbidden):
        await identity.list_tenants(stranger)


async def test_only_admins_of_the_first_tenant_make_tenants(place: Place) -> None:
    identity, platform = place.acts(), replace(ADMIN, tenant="default")
    tenant, key = await identity.create_tenant(platform, "beta", "a customer")
    assert await opened(identity, key) == Principal(tenant="beta", actor=f"key:{key.key.prefix}", grants=everywhere("admin"))
    assert [one.name for one in await identity.list_namespaces(await opened(identity, key))] == ["default"]
    assert [one.id for one in await identity.list_tenants(platform)] == ["acme", tenant.id]
    assert [(event.type, event.tenant, event.actor) for event in place.told.events] == [
        ("hulk.tenant.created.v1", "beta", "local"), ("hulk.key.created.v1", "beta", "local"),
    ]  # fmt: skip
    with pytest.raises(Conflict, match="“beta” already"):
        await identity.create_tenant(platform, "beta")
    with pytest.raises(Refused, match="stays"):
        await identity.remove_namespace(replace(platform, tenant="beta"), "default")


async def test_of_two_admins_who_demote_each_other_in_two_processes_one_stays(store: Store, another: Another) -> None:
    async with another() as elsewhere:
        processes = [
            acts(
                Places(keys=SqlKeys(one), tenants=SqlTenants(one), accounts=SqlAccounts(one), sessions=SqlSessions(one)),
                Outbox(one, b"key"), one.commit, utc_now, local=False,
            )
            for one in (store, elsewhere)
        ]  # fmt: skip
        for turn in range(10):
            by = replace(ADMIN, tenant=f"t{turn}")
            await processes[0].ensure_tenant(by.tenant)
            change = AccountChange(name="x", grants=everywhere("admin"))
            pair = [await processes[0].create_account(by, "service", change) for _ in range(2)]
            refused: list[str] = []

            async def demote(identity: Identity, whom: Account, by: Principal = by, refused: list[str] = refused) -> None:
                try:
                    await identity.change_account(by, "service", whom.id, AccountChange(grants=()))
                except Conflict:
                    refused.append(whom.id)

            async with asyncio.TaskGroup() as group:
                for identity, whom in zip(processes, pair, strict=True):
                    group.create_task(demote(identity, whom))
            assert [one.id for one in await processes[1].list_accounts(by, "service") if one.grants] == refused
            assert len(refused) == 1


async def test_the_namespace_that_all_have_is_known_without_a_look_at_the_store(store: Store) -> None:
    asked: list[str] = []
    sqlalchemy.event.listen(store.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    namespaces = ListNamespaces(SqlTenants(store))
    await namespaces.require("acme", "default")
    assert asked == []
    with pytest.raises(Refused):
        await namespaces.require("acme", "prod")
    assert len(asked) > 0
