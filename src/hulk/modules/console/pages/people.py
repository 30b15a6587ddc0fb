"""People, service accounts, API keys and namespaces: who comes in, and as what."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.errors import NotFound
from hulk.modules.console.pages.contacts import address_of
from hulk.modules.console.pages.forms import number_of
from hulk.modules.console.pages.showing import Showing, form_of, reason_of
from hulk.runtime.http import Caller

_PLACE = "/console/people"
_KINDS: Mapping[str, str] = {"usr": "people", "svc": "service-accounts"}


def people_routes(showing: Showing) -> APIRouter:
    """`/console/people`."""
    router = APIRouter(prefix=_PLACE, include_in_schema=False)
    _looking(router, showing)
    _accounts(router, showing)
    _one(router, showing)
    return router


def _looking(router: APIRouter, showing: Showing) -> None:
    @router.get("")
    async def people(request: Request, caller: Caller) -> Response:
        found = await showing.ask(request, "/v1/people")
        services = await showing.seen(request, "/v1/service-accounts") or {"service_accounts": ()}
        keys = await showing.seen(request, "/v1/keys") or {"keys": ()}
        spaces = await showing.seen(request, "/v1/namespaces") or {"namespaces": ()}
        codes = await showing.seen(request, "/v1/channel-codes") or {"codes": ()}
        accounts = [*found["people"], *services["service_accounts"]]
        return showing.page(
            request, "people.html", people=found["people"], services=services["service_accounts"], keys=_in_use_first(keys["keys"]),
            namespaces=spaces["namespaces"], codes=codes["codes"], names={one["account_id"]: one["name"] for one in accounts},
            may=caller.somewhere("manage", "members"),
        )  # fmt: skip

    @router.get("/{account}")
    async def one(account: str, request: Request, caller: Caller) -> Response:
        found = await showing.ask(request, f"/v1/{_kind(account)}/{account}")
        keys = await showing.seen(request, "/v1/keys") or {"keys": ()}
        spaces = await showing.seen(request, "/v1/namespaces") or {"namespaces": ()}
        mine, person = [key for key in keys["keys"] if key["account_id"] == account], _kind(account) == "people"
        heard, codes = await _at_channels(showing, request, account) if person else ((), ())
        return showing.page(
            request, "account.html", one=found, keys=mine, namespaces=spaces["namespaces"], person=person, heard=heard, codes=codes,
            may=caller.somewhere("manage", "members"),
        )  # fmt: skip


def _in_use_first(keys: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The newest first, those that open nothing any more last: however many there were, what can be taken back is in sight."""
    newest = keys[::-1]
    return [*(key for key in newest if not key["revoked"]), *(key for key in newest if key["revoked"])]


async def _at_channels(showing: Showing, request: Request, account: str) -> tuple[Sequence[Any], Sequence[Any]]:
    """As whom they are heard at channels, and the codes by which they may say who they are elsewhere."""
    contacts = await showing.seen(request, "/v1/channel-contacts", person=account) or {"contacts": ()}
    codes = await showing.seen(request, "/v1/channel-codes") or {"codes": ()}
    shown = [{**one, "place": address_of(one["channel"], one["sender"])} for one in contacts["contacts"]]
    return shown, [one for one in codes["codes"] if one["person"] == account and not one["used_by"]]


def _accounts(router: APIRouter, showing: Showing) -> None:
    @router.post("/new")
    async def create(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        form = await form_of(request)
        body: dict[str, Any] = {"name": form.get("name", ""), "grants": grants_in(form), "reason": form.get("reason", "")}
        if form.get("kind") == "person":
            made = await showing.act(request, "POST", "/v1/people", {**body, "email": form.get("email", "")})
        else:
            made = await showing.act(request, "POST", "/v1/service-accounts", body)
        return showing.done(request, f"{_PLACE}/{made['account_id']}", "saved")


def _one(router: APIRouter, showing: Showing) -> None:
    @router.post("/{account}/grants")
    async def grant(account: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        before = await showing.ask(request, f"/v1/{_kind(account)}/{account}")
        kept = [one for one in before["grants"] if f"{one['role']}@{one['namespace']}" != form.get("without", "")]
        body = {"grants": kept + [one for one in grants_in(form) if one not in kept], "reason": form.get("reason", "")}
        await showing.act(request, "PATCH", f"/v1/{_kind(account)}/{account}", body)
        return showing.done(request, f"{_PLACE}/{account}", "saved")

    @router.post("/{account}/change")
    async def change(account: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        body: dict[str, Any] = {name: form[name].strip() for name in ("name", "email") if form.get(name, "").strip()}
        body |= {"groups": form["groups"].replace(",", " ").split()} if "groups" in form else {}
        await showing.act(request, "PATCH", f"/v1/{_kind(account)}/{account}", {**body, "reason": form.get("reason", "")})
        return showing.done(request, f"{_PLACE}/{account}", "saved")

    @router.post("/{account}/remove")
    async def remove(account: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        await showing.act(request, "DELETE", f"/v1/{_kind(account)}/{account}")
        return showing.done(request, _PLACE, "removed")

    @router.post("/{account}/code")
    async def code(account: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        made = await showing.act(request, "POST", "/v1/channel-codes", _code(account, await form_of(request)))
        return showing.page(request, "secret.html", secret=made["code"], kind="code", back=f"{_PLACE}/{account}")

    @router.post("/{account}/uncode")
    async def uncode(account: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        await showing.act(request, "DELETE", f"/v1/channel-codes/{account}", query={"reason": await reason_of(request)})
        return showing.done(request, f"{_PLACE}/{account}", "removed")

    @router.post("/{account}/disable")
    async def disable(account: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        return await _disabled(showing, request, account, disabled=True)

    @router.post("/{account}/enable")
    async def enable(account: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        return await _disabled(showing, request, account, disabled=False)


def _code(account: str, form: Mapping[str, str]) -> dict[str, Any]:
    """The code that is wanted for a person; a day and letters, unless the form says otherwise."""
    hours = {"hours": float(hours)} if (hours := number_of(form.get("hours", ""))) else {}
    return {"person": account, "digits": bool(form.get("digits")), "reason": form.get("reason", ""), **hours}


async def _disabled(showing: Showing, request: Request, account: str, *, disabled: bool) -> Response:
    await showing.act(request, "PATCH", f"/v1/{_kind(account)}/{account}", {"disabled": disabled})
    return showing.done(request, f"{_PLACE}/{account}", "saved")


def grants_in(form: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    """The grant that a form gives; none when no role was chosen."""
    return [{"role": form["role"], "namespace": form.get("namespace") or "*"}] if form.get("role") else []


def _kind(account: str) -> str:
    """Below which route the account is found. Raises `NotFound` for what is no account's id."""
    found = _KINDS.get(account.partition("_")[0])
    if found is None:
        raise NotFound("There is no account {id} here.", id=account[:80])
    return found
