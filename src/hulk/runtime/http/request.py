"""What the middlewares found out about a request, as routes and problems read it.

Dependencies are async although they wait for nothing: FastAPI runs any other in a thread, which costs 0.3 ms a request.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, cast

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import Scope

from hulk.kernel.errors import Forbidden, Unauthenticated
from hulk.kernel.tenancy import EVERYWHERE, Principal, Resource, Verb
from hulk.kernel.text import Language, Voice
from hulk.runtime.language import negotiate, voice


def state(scope: Scope) -> dict[str, Any]:
    """What is known about the request so far; `request.state` shows the same."""
    return cast("dict[str, Any]", scope.setdefault("state", {}))


def request_id(scope: Scope) -> str:
    """The request's id, as answered in `X-Request-Id`."""
    return str(state(scope).get("request_id", ""))


def voice_of(scope: Scope) -> Voice:
    """How the caller wants to be spoken to (`Accept-Language`, else the settings' language)."""
    default: Language = state(scope).get("language", "pt")
    return voice(negotiate(Headers(scope=scope).get("accept-language"), default))


def client_host(scope: Scope) -> str:
    """The address of whoever connected."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def tell(request: Request, headers: Mapping[str, str]) -> None:
    """Headers that the answer is to have also when it becomes a problem."""
    state(request.scope)["told"] = headers


async def principal(request: Request) -> Principal:
    """Who asks; raises `Unauthenticated` on a route that the door did not guard."""
    found = state(request.scope).get("principal")
    if not isinstance(found, Principal):
        raise Unauthenticated("An API key is needed: send it as “Authorization: Bearer …” or “X-API-Key: …”.")
    return found


async def speaker(request: Request) -> Voice:
    """The caller's voice."""
    return voice_of(request.scope)


Caller: TypeAlias = Annotated[Principal, Depends(principal)]
"""A route's parameter: who asks."""

Spoken: TypeAlias = Annotated[Voice, Depends(speaker)]
"""A route's parameter: how to speak to who asks."""


def allow_somewhere(caller: Principal, verb: Verb, resource: Resource) -> frozenset[str] | None:
    """The namespaces in which `caller` may do that, None for all; raises `Forbidden` when there is none."""
    found = caller.namespaces(verb, resource)
    if found == frozenset():
        allow(caller, verb, resource)
    return found


def allow(caller: Principal, verb: Verb, resource: Resource, namespace: str = EVERYWHERE) -> None:
    """Raise `Forbidden` unless `caller` may do that to what lies in `namespace` (by default: to what lies in none)."""
    if not caller.may(verb, resource, namespace):
        raise Forbidden(
            "You may not do this: it needs “{verb}” on {resource}, and your roles are {roles}. Ask an admin for a role that has it.",
            verb=verb, resource=resource, roles=caller.roles or "—",
        )  # fmt: skip
