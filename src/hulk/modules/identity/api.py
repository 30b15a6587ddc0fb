"""Who may do what, over HTTP: oneself, namespaces, people, service accounts, keys, tenants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from hulk.kernel.errors import NotFound, Unauthenticated
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import EVERYWHERE, Grant, Principal, Role
from hulk.kernel.time import iso
from hulk.modules.identity.domain import LOGIN, Account, AccountChange, ApiKey, Kind, Namespace, NewKey, Session, Tenant, hashed
from hulk.modules.identity.usecases import OVERLAP, Identity, Logins, Returned, WantedKey, grants_of
from hulk.runtime.http import Browser, Caller, Reason, Reasoned


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GrantBody(_Body):
    """A role in a namespace."""

    role: Role
    namespace: str = Field(default=EVERYWHERE, max_length=63, description="“*” is all, and what belongs to none.")

    def grant(self) -> Grant:
        """As the domain has it."""
        return Grant(self.role, self.namespace)


Given = Annotated[tuple[GrantBody, ...], Field(max_length=100)]


class NamespaceBody(Reasoned):
    """A new namespace."""

    name: str = Field(max_length=63, description="1 to 63 small letters, digits and hyphens.")


class TenantBody(Reasoned):
    """A new tenant."""

    tenant: str = Field(max_length=63, description="1 to 63 small letters, digits and hyphens.")


class PersonBody(Reasoned):
    """A new person."""

    name: str = Field(max_length=200)
    email: str = Field(max_length=200, description="By which Hulk knows who logs in.")
    grants: Given = ()

    def wanted(self) -> AccountChange:
        """As the domain has it."""
        return AccountChange(name=self.name, email=self.email, grants=_grants(self.grants))


class ServiceBody(Reasoned):
    """A new service account."""

    name: str = Field(max_length=200)
    groups: tuple[str, ...] = Field(default=(), max_length=50, description="Worker groups that it may take work for; none: any.")
    grants: Given = ()

    def wanted(self) -> AccountChange:
        """As the domain has it."""
        return AccountChange(name=self.name, groups=self.groups, grants=_grants(self.grants))


class ChangePersonBody(Reasoned):
    """What changes about a person; what is not given stays."""

    name: str | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=200)
    grants: Given | None = None
    disabled: bool | None = Field(default=None, description="Whose sessions and keys open no more.")

    def wanted(self) -> AccountChange:
        """As the domain has it."""
        grants = None if self.grants is None else _grants(self.grants)
        return AccountChange(name=self.name, email=self.email, grants=grants, disabled=self.disabled)


class ChangeServiceBody(Reasoned):
    """What changes about a service account; what is not given stays."""

    name: str | None = Field(default=None, max_length=200)
    groups: tuple[str, ...] | None = Field(default=None, max_length=50)
    grants: Given | None = None
    disabled: bool | None = Field(default=None, description="Whose keys open no more.")

    def wanted(self) -> AccountChange:
        """As the domain has it."""
        grants = None if self.grants is None else _grants(self.grants)
        return AccountChange(name=self.name, groups=self.groups, grants=grants, disabled=self.disabled)


class KeyBody(Reasoned):
    """A new API key: with grants of its own, or of an account, cut to the grants when there are any."""

    name: str = Field(max_length=200)
    grants: Given = ()
    account: str | None = Field(default=None, max_length=64, description="A person's or service account's id.")
    expires: AwareDatetime | None = None

    def wanted(self) -> WantedKey:
        """As the domain has it."""
        return WantedKey(name=self.name, grants=_grants(self.grants), account=self.account, expires=self.expires)


class RotateBody(Reasoned):
    """How a key is rotated."""

    overlap: float = Field(
        default=OVERLAP.total_seconds(), ge=0, le=90 * 86_400, description="Seconds that the old key goes on working.", allow_inf_nan=False
    )


CALLBACK = "/v1/login/callback"
_STATE_SECONDS = int(LOGIN.total_seconds())


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of browsers that reach us at that address. Over https their names begin with `__Host-`, so that browsers take them from
    this very host only, with `Secure` and for all paths; plain http, which is for this machine alone, has no such thing."""

    url: str

    @property
    def secure(self) -> bool:
        """Whether they go over https only."""
        return self.url.startswith("https://")

    @property
    def session(self) -> str:
        """The name of the session's."""
        return "__Host-hulk" if self.secure else "hulk"

    @property
    def login(self) -> str:
        """The name of the one that a login under way has."""
        return f"{self.session}-login"

    @property
    def origin(self) -> str:
        """The site whose pages may use the session."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}".lower()

    def put(self, answer: Response, name: str, value: str, seconds: int) -> None:
        """Have the browser keep it."""
        answer.set_cookie(name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax")

    def drop(self, answer: Response, name: str) -> None:
        """Have the browser forget it."""
        answer.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")


def browser(identity: Identity, url: str) -> Browser | None:
    """How browsers come in; None where no provider is set up."""
    cookies = Cookies(url)
    return None if identity.logins is None else Browser(cookies.session, cookies.origin, identity.logins.resume)


def routes(identity: Identity, url: str = "") -> list[APIRouter]:
    """`/v1/me`, `/v1/namespaces`, `/v1/people`, `/v1/service-accounts`, `/v1/keys`, `/v1/tenants`, `/v1/login`, `/v1/logout` and
    `/v1/sessions`. `url` is where browsers reach us."""
    of_accounts = [_namespaces(identity), _people(identity), _services(identity), _keys(identity), _tenants(identity)]
    return [_me(), *of_accounts, _login(identity, Cookies(url)), _sessions(identity, Cookies(url))]


def _login(identity: Identity, cookies: Cookies) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["identity"])

    def logins() -> Logins:
        if identity.logins is None:
            raise NotFound("Nobody can log in here: no provider is set up (identity.issuer). Use an API key.")
        return identity.logins

    @router.get("/login", summary="Log in at the OpenID Connect provider", response_class=Response)
    async def begin(next: Annotated[str, Query(max_length=500, description="Where to go then, a path of ours.")] = "/v1/me") -> Response:  # noqa: A002  # as everybody calls it
        """For browsers: leads to the provider, and from there to the callback."""
        address, state = await logins().begin(next)
        answer = RedirectResponse(address, 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"})
        cookies.put(answer, cookies.login, state, _STATE_SECONDS)
        return answer

    @router.get("/login/callback", summary="Where the provider sends the browser back to", response_class=Response)
    async def finish(
        request: Request,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4000)] = "",
        error: Annotated[str, Query(max_length=200, description="What the provider says instead of a code.")] = "",
    ) -> Response:
        """Begins a session, and leads to where the browser wanted to go."""
        acts = logins()
        if error or not code:
            raise Unauthenticated("The provider did not log you in ({error}). Try again, or ask its admin.", error=error or "—")
        sent = request.cookies
        back = Returned(
            state=state, carried=sent.get(cookies.login, ""), code=code, agent=request.headers.get("user-agent", ""),
            session=sent.get(cookies.session),
        )  # fmt: skip
        new, place = await acts.finish(back)
        answer = RedirectResponse(place, 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"})
        cookies.drop(answer, cookies.login)
        cookies.put(answer, cookies.session, new.secret, int(acts.rules.lifetime.total_seconds()))
        return answer

    return router


def _sessions(identity: Identity, cookies: Cookies) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["identity"])

    @router.post("/logout", status_code=204, summary="End this browser's session")
    async def logout(request: Request, caller: Caller) -> Response:
        """Here at once, in other processes within 5 s."""
        if secret := request.cookies.get(cookies.session):
            await identity.end_session.by_secret(caller, secret)
        answer = Response(status_code=204)
        cookies.drop(answer, cookies.session)
        return answer

    @router.get("/sessions", summary="The caller's own sessions")
    async def listed(request: Request, caller: Caller) -> dict[str, list[JsonObject]]:
        """Newest first, also those that are over."""
        mine = hashed(request.cookies.get(cookies.session, ""))
        return {"sessions": [session_view(one, mine) for one in await identity.end_session.of(caller)]}

    @router.delete("/sessions/{session}", status_code=204, summary="End one of the caller's own sessions")
    async def end(session: str, caller: Caller, reason: Reason = "") -> None:
        """Such as that of a browser that was left behind."""
        await identity.end_session(caller, session, reason)

    return router


def session_view(session: Session, current: str) -> JsonObject:
    """A session as the API shows it; `current` is the hash of the one that asks."""
    return {
        "session_id": session.id, "agent": session.agent, "current": session.hash == current, "created": iso(session.created),
        "seen": iso(session.seen), "expires": iso(session.expires), "ended": session.ended and iso(session.ended),
    }  # fmt: skip


def _me() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["identity"])

    @router.get("/me", summary="Who asks, and what they may do")
    async def me(caller: Caller) -> JsonObject:
        """As the trail names them, with their grants."""
        return me_view(caller)

    return router


def _namespaces(identity: Identity) -> APIRouter:
    router = APIRouter(prefix="/v1/namespaces", tags=["identity"])

    @router.get("", summary="The namespaces of the tenant that the caller may see")
    async def listed(caller: Caller) -> dict[str, list[JsonObject]]:
        """By name."""
        return {"namespaces": [namespace_view(one) for one in await identity.list_namespaces(caller)]}

    @router.post("", status_code=201, summary="Make a namespace")
    async def create(body: NamespaceBody, caller: Caller) -> JsonObject:
        """In which grants can be given, and work be done."""
        return namespace_view(await identity.create_namespace(caller, body.name, body.reason))

    @router.delete("/{namespace}", status_code=204, summary="Remove a namespace")
    async def remove(namespace: str, caller: Caller, reason: Reason = "") -> None:
        """In which nobody is granted anything."""
        await identity.remove_namespace(caller, namespace, reason)

    return router


def _people(identity: Identity) -> APIRouter:
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


def _services(identity: Identity) -> APIRouter:
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


def _keys(identity: Identity) -> APIRouter:
    router = APIRouter(prefix="/v1/keys", tags=["identity"])

    @router.get("", summary="API keys, without their secrets")
    async def listed(caller: Caller) -> dict[str, list[JsonObject]]:
        """Oldest first, also those that hold no more."""
        return {"keys": [key_view(one) for one in await identity.list_keys(caller)]}

    @router.post("", status_code=201, summary="Make an API key; its secret is shown once")
    async def create(body: KeyBody, caller: Caller) -> JsonObject:
        """With no more rights than the caller has."""
        return new_key_view(await identity.create_key(caller, body.wanted(), body.reason))

    @router.post("/{key}/rotate", status_code=201, summary="Make a key in the place of another, which lives on for a while")
    async def rotate(key: str, caller: Caller, body: RotateBody | None = None) -> JsonObject:
        """With the same rights; its secret is shown once."""
        asked = body or RotateBody()
        return new_key_view(await identity.rotate_key(caller, key, timedelta(seconds=asked.overlap), asked.reason))

    @router.delete("/{key}", summary="Take an API key back")
    async def revoke(key: str, caller: Caller, reason: Reason = "") -> JsonObject:
        """It opens no more: here at once, in other processes within 5 s."""
        return key_view(await identity.revoke_key(caller, key, reason))

    return router


def _tenants(identity: Identity) -> APIRouter:
    router = APIRouter(prefix="/v1/tenants", tags=["identity"])

    @router.get("", summary="All tenants")
    async def listed(caller: Caller) -> dict[str, list[JsonObject]]:
        """For admins of the tenant `default`."""
        return {"tenants": [tenant_view(one) for one in await identity.list_tenants(caller)]}

    @router.post("", status_code=201, summary="Make a tenant, with a key for its first admin")
    async def create(body: TenantBody, caller: Caller) -> JsonObject:
        """For admins of the tenant `default`. The key's secret is shown once."""
        tenant, key = await identity.create_tenant(caller, body.tenant, body.reason)
        return {**tenant_view(tenant), "key": new_key_view(key)}

    return router


def me_view(caller: Principal) -> JsonObject:
    """Who asks, as the API shows it."""
    return {
        "tenant": caller.tenant, "actor": caller.actor, "account_id": caller.account, "grants": grants_of(caller.grants),
        "groups": list(caller.groups),
    }  # fmt: skip


def namespace_view(namespace: Namespace) -> JsonObject:
    """A namespace as the API shows it."""
    return {"namespace": namespace.name, "created": iso(namespace.created)}


def tenant_view(tenant: Tenant) -> JsonObject:
    """A tenant as the API shows it."""
    return {"tenant": tenant.id, "created": iso(tenant.created)}


def account_view(account: Account) -> JsonObject:
    """An account as the API shows it."""
    own: JsonObject = {"email": account.email} if account.kind == "person" else {"groups": list(account.groups)}
    return {
        "account_id": account.id, "name": account.name, **own, "grants": grants_of(account.grants),
        "disabled": account.disabled and iso(account.disabled), "created": iso(account.created),
    }  # fmt: skip


def key_view(key: ApiKey) -> JsonObject:
    """A key as the API shows it."""
    return {
        "key_id": key.id, "name": key.name, "prefix": key.prefix, "account_id": key.account, "grants": grants_of(key.grants),
        "created": iso(key.created), "expires": key.expires and iso(key.expires), "revoked": key.revoked and iso(key.revoked),
        "last_use": key.last_use and iso(key.last_use),
    }  # fmt: skip


def new_key_view(new: NewKey) -> JsonObject:
    """A key that was just made, with its secret."""
    return {**key_view(new.key), "secret": new.secret}


def _grants(bodies: Sequence[GrantBody]) -> tuple[Grant, ...]:
    return tuple(body.grant() for body in bodies)
