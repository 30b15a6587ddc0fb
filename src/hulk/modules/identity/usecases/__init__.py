"""Knowing who asks, and saying who may do what."""

from dataclasses import dataclass

from hulk.kernel.durable import Commit
from hulk.kernel.events import Trail
from hulk.kernel.time import Clock
from hulk.modules.identity.domain import LoginRules
from hulk.modules.identity.ports import Accounts, Keys, Provider, Sessions, Tenants
from hulk.modules.identity.usecases.accounts import ChangeAccount, CreateAccount, ListAccounts, RemoveAccount
from hulk.modules.identity.usecases.authenticate import LOCAL, REMEMBERED, Authenticate, Verified
from hulk.modules.identity.usecases.keys import OVERLAP, CreateKey, KeysInReach, ListKeys, RevokeKey, RotateKey, WantedKey
from hulk.modules.identity.usecases.known import KnowPerson
from hulk.modules.identity.usecases.login import BeginLogin, EndSession, FinishLogin, Logins, Resume, Returned
from hulk.modules.identity.usecases.recognise import Recognise
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


def acts(
    places: Places, trail: Trail, commit: Commit, clock: Clock, *, local: bool, oidc: tuple[Provider, LoginRules] | None = None
) -> Identity:
    """The acts over these ports."""
    keys, tenants, accounts, sessions = places.keys, places.tenants, places.accounts, places.sessions
    verified, in_reach = Verified(clock), KeysInReach(keys, accounts)
    recognise = None if oidc is None else Recognise(oidc[1], accounts, tenants, trail, commit, verified, clock)
    return Identity(
        authenticate=Authenticate(keys, accounts, commit, verified, clock, local),
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
        end_session=EndSession(sessions, trail, commit, verified, clock),
        known=KnowPerson(accounts),
        standing=Standing(accounts, keys, clock),
        logins=None if oidc is None or recognise is None else _logins(*oidc, recognise, places, trail, commit, verified, clock),
        tokens=None if oidc is None or recognise is None else TakeToken(oidc[0], recognise, oidc[1], verified, clock),
    )


def _logins(
    provider: Provider, rules: LoginRules, recognise: Recognise, places: Places, trail: Trail, commit: Commit, verified: Verified,
    clock: Clock,
) -> Logins:  # fmt: skip
    accounts, sessions = places.accounts, places.sessions
    return Logins(
        begin=BeginLogin(provider, sessions, commit, clock),
        finish=FinishLogin(provider, rules, recognise, sessions, trail, commit, verified, clock),
        resume=Resume(sessions, accounts, rules, commit, verified, clock),
        rules=rules,
    )
