"""`/v1/people` and `/v1/service-accounts`."""

from fastapi import APIRouter

from hulk.kernel.records import JsonObject
from hulk.modules.identity.api.bodies import ChangePersonBody, ChangeServiceBody, PersonBody, ServiceBody
from hulk.modules.identity.api.views import account_view
from hulk.modules.identity.domain import Kind
from hulk.modules.identity.usecases import Identity
from hulk.runtime.http import Caller, Reason


def people_routes(identity: Identity) -> APIRouter:
    """Who logs in."""
    router = APIRouter(prefix="/v1/people", tags=["identity"])

    @router.post("", status_code=201, summary="Let a person log in")
    async def create(body: PersonBody, caller: Caller) -> JsonObject:
        """Who has that e-mail address at the OIDC provider."""
        return account_view(await identity.create_account(caller, "person", body.wanted(), body.reason))

    @router.patch("/{person}", summary="Change a person")
    async def change(person: str, body: ChangePersonBody, caller: Caller) -> JsonObject:
        """The grants given take the place of those that the caller sees."""
        return account_view(await identity.change_account(caller, "person", person, body.wanted(), body.reason))

    _common(router, identity, "person", "people")
    return router


def service_routes(identity: Identity) -> APIRouter:
    """Programs, known by their keys."""
    router = APIRouter(prefix="/v1/service-accounts", tags=["identity"])

    @router.post("", status_code=201, summary="Make a service account")
    async def create(body: ServiceBody, caller: Caller) -> JsonObject:
        """A program, known by its keys."""
        return account_view(await identity.create_account(caller, "service", body.wanted(), body.reason))

    @router.patch("/{account}", summary="Change a service account")
    async def change(account: str, body: ChangeServiceBody, caller: Caller) -> JsonObject:
        """The grants given take the place of those that the caller sees."""
        return account_view(await identity.change_account(caller, "service", account, body.wanted(), body.reason))

    _common(router, identity, "service", "service_accounts")
    return router


def _common(router: APIRouter, identity: Identity, kind: Kind, many: str) -> None:
    """What one does with people and service accounts alike."""
    one = "{person}" if kind == "person" else "{account}"
    named = "a person" if kind == "person" else "a service account"

    async def listed(caller: Caller) -> dict[str, list[JsonObject]]:
        """With the grants that the caller may know of."""
        return {many: [account_view(account) for account in await identity.list_accounts(caller, kind)]}

    async def person_shown(person: str, caller: Caller) -> JsonObject:
        """With the grants that the caller may know of."""
        return account_view(await identity.list_accounts.one(caller, kind, person))

    async def account_shown(account: str, caller: Caller) -> JsonObject:
        """With the grants that the caller may know of."""
        return account_view(await identity.list_accounts.one(caller, kind, account))

    async def person_removed(person: str, caller: Caller, reason: Reason = "") -> None:
        """Sessions and keys open no more."""
        await identity.remove_account(caller, kind, person, reason)

    async def account_removed(account: str, caller: Caller, reason: Reason = "") -> None:
        """Its keys open no more."""
        await identity.remove_account(caller, kind, account, reason)

    router.get("", summary=f"All of the tenant: {many.replace('_', ' ')}")(listed)
    router.get(f"/{one}", summary=named.capitalize())(person_shown if kind == "person" else account_shown)
    router.delete(f"/{one}", status_code=204, summary=f"Remove {named}")(person_removed if kind == "person" else account_removed)
