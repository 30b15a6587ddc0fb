"""The audit trail: searching it, one entry as it changed things, and proving that it is whole."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hulk.kernel.errors import NotFound
from hulk.modules.console.pages.forms import moment_of
from hulk.modules.console.pages.showing import Showing
from hulk.runtime.http import Caller

_MOST = 100
_FIELDS = ("subject", "intent", "actor", "type", "from", "before")
_LONGEST = 2000


def audit_routes(showing: Showing) -> APIRouter:
    """`/console/audit`."""
    router = APIRouter(prefix="/console/audit", include_in_schema=False)

    @router.get("")
    async def search(request: Request, caller: Caller, after: Annotated[str, Query(max_length=20)] = "") -> Response:  # noqa: ARG001  # only for who has been let in
        given = {name: request.query_params[name] for name in _FIELDS if request.query_params.get(name)}
        zone = showing.view(request).zone
        asked = {name: moment_of(value, zone) if name in ("from", "before") else value for name, value in given.items()}
        found = await showing.ask(request, "/v1/audit", limit=_MOST, after=after or None, **asked)
        return showing.page(request, "audit.html", entries=found["entries"], next=found["next"], given=given)

    @router.get("/{position}")
    async def entry(position: int, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        if not 1 <= position < 1 << 62:
            raise NotFound("There is no entry {position} in the trail.", position=position)
        found = await showing.ask(request, "/v1/audit", limit=2, after=position + 2)
        one = next((one for one in found["entries"] if one["position"] == position), None)
        if one is None:
            raise NotFound("There is no entry {position} in the trail.", position=position)
        event = one["event"] or {}
        last = found["entries"][0] is one
        return showing.page(
            request, "audit_entry.html", one=one, event=event, rows=list(changes(_data(event))), rest=_rest(_data(event)), last=last
        )

    @router.post("/verification")
    async def verify(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        found = await showing.act(request, "POST", "/v1/audit/verification")
        return showing.page(request, "audit_verified.html", copies=found["copies"])

    return router


def changes(data: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str | None]]:
    """What an entry says that was changed: each field with how it was before and is after, None where it is not."""
    before, after = (_flat(data.get(side)) for side in ("before", "after"))
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def _flat(value: Any, name: str = "") -> dict[str, str]:
    """Each leaf by its path; what is too long is cut."""
    if isinstance(value, dict) and value:
        return {path: text for key, part in value.items() for path, text in _flat(part, f"{name}.{key}" if name else str(key)).items()}
    if isinstance(value, list) and value:
        return {path: text for place, part in enumerate(value) for path, text in _flat(part, f"{name}[{place}]").items()}
    return {} if value is None and not name else {name or "·": _written(value)}


def _written(value: Any) -> str:
    text = value if isinstance(value, str) else "–" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _rest(data: Mapping[str, Any]) -> Mapping[str, str]:
    return _flat({name: value for name, value in data.items() if name not in ("before", "after")})


def _data(event: Mapping[str, Any]) -> Mapping[str, Any]:
    found = event.get("data")
    return found if isinstance(found, dict) else {}
