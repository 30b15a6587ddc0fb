"""Knowing who asks, and saying who may do what."""

from dataclasses import dataclass

from hulk.kernel.durable import Commit
from hulk.kernel.events import Trail
from hulk.kernel.time import Clock
from hulk.modules.identity.domain import LoginRules, Spans
from hulk.modules.identity.ports import Accounts, Keys, Provider, Sessions, Tenants
from hulk.modules.identity.usecases.accounts import ChangeAccount, CreateAccount, ListAccounts, RemoveAccount
from hulk.modules.identity.usecases.authenticate import LOCAL, REMEMBERED, Authenticate, Verified
from hulk.modules.identity.usecases.keys import OVERLAP, CreateKey, KeysInReach, ListKeys, RevokeKey, RotateKey, WantedKey
from hulk.modules.identity.usecases.known import KnowPerson
from hulk.modules.identity.usecases.login import BeginLogin, FinishLogin, Logins, Returned
from hulk.modules.identity.usecases.recognise import Recognise
from hulk.modules.identity.usecases.sessions import BeginSession, EndSession, LogInByKey, Resume
from hulk.modules.identity.usecases.standing import Standing
from hulk.modules.identity.usecases.telling import grants_of
from hulk.modules.identity.usecases.tenants import (
    CreateNamespace,
    CreateTenant,
    EnsureTenant,
    ListNamespaces,
    ListTenants,
    RemoveNamespace,
)
from hulk.modules.identity.usecases.tokens import TakeToken

__all__ = ["LOCAL", "OVERLAP", "REMEMBERED", "Identity", "Logins", "Places", "Returned", "WantedKey", "acts", "grants_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The module's acts."""

    authenticate: Authenticate
    create_key: CreateKey
    rotate_key: RotateKey
    revoke_key: RevokeKey
    list_keys: ListKeys
    ensure_tenant: EnsureTenant
    create_tenant: CreateTenant
    list_tenants: ListTenants
    list_namespaces: ListNamespaces
    create_namespace: CreateNamespace
    remove_namespace: RemoveNamespace
    create_account: CreateAccount
    list_accounts: ListAccounts
    change_account: ChangeAccount
    remove_account: RemoveAccount
    log_in_by_key: LogInByKey
    resume: Resume
    end_session: EndSession
    standing: Standing
    known: KnowPerson
    logins: Logins | None
    """Where a provider of OpenID Connect is set up."""
    tokens: TakeToken | None
    """The same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where all of it is kept."""

    keys: Keys
    tenants: Tenants
    accounts: Accounts
    sessions: Sessions


_AS_ALWAYS = Spans()


def acts(
    places: Places, trail: Trail, commit: Commit, clock: Clock, *, local: bool, oidc: tuple[Provider, LoginRules] | None = None,
    spans: Spans = _AS_ALWAYS,
) -> Identity:  # fmt: skip
    """The acts over these ports. `spans` is how long sessions last."""
    keys, tenants, accounts, sessions = places.keys, places.tenants, places.accounts, places.sessions
    verified, in_reach = Verified(clock), KeysInReach(keys, accounts)
    recognise = None if oidc is None else Recognise(oidc[1], accounts, tenants, trail, commit, verified, clock)
    authenticate = Authenticate(keys, accounts, commit, verified, clock, local)
    begin = BeginSession(sessions, trail, commit, verified, clock, spans)
    return Identity(
        authenticate=authenticate,
        create_key=CreateKey(keys, accounts, tenants, trail, commit, clock),
        rotate_key=RotateKey(keys, in_reach, trail, commit, verified, clock),
        revoke_key=RevokeKey(keys, in_reach, trail, commit, verified, clock),
        list_keys=ListKeys(in_reach),
        ensure_tenant=EnsureTenant(tenants, commit, clock),
        create_tenant=CreateTenant(tenants, keys, trail, commit, clock),
        list_tenants=ListTenants(tenants),
        list_namespaces=ListNamespaces(tenants),
        create_namespace=CreateNamespace(tenants, trail, commit, clock),
        remove_namespace=RemoveNamespace(tenants, trail, commit),
        create_account=CreateAccount(accounts, tenants, trail, commit, clock),
        list_accounts=ListAccounts(accounts),
        change_account=ChangeAccount(accounts, tenants, sessions, trail, commit, verified, clock),
        remove_account=RemoveAccount(accounts, sessions, trail, commit, verified, clock),
        log_in_by_key=LogInByKey(keys, authenticate, begin),
        resume=Resume(sessions, accounts, keys, authenticate, commit, verified, clock, spans),
        end_session=EndSession(sessions, keys, trail, commit, verified, clock),
        known=KnowPerson(accounts),
        standing=Standing(accounts, keys, clock),
        logins=None if oidc is None or recognise is None else _logins(*oidc, recognise, sessions, begin, commit, clock),
        tokens=None if oidc is None or recognise is None else TakeToken(oidc[0], recognise, oidc[1], verified, clock),
    )


def _logins(
    provider: Provider, rules: LoginRules, recognise: Recognise, sessions: Sessions, begin: BeginSession, commit: Commit, clock: Clock
) -> Logins:
    return Logins(
        begin=BeginLogin(provider, sessions, commit, clock),
        finish=FinishLogin(provider, rules, recognise, sessions, begin, commit, clock),
    )
