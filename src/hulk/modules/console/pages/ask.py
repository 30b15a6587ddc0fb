"""`/console/ask`: a box that takes what somebody wants, and leads to what becomes of it; the same with an example, for who is new here."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.kernel.errors import Refused
from hulk.kernel.tenancy import DEFAULT_NAMESPACE
from hulk.modules.console.pages.example import example_of
from hulk.modules.console.pages.showing import Showing, form_of, require_own
from hulk.runtime.http import Caller, allow_somewhere

Sources: TypeAlias = Sequence[Mapping[str, str]]


def ask_routes(showing: Showing) -> APIRouter:
    """`/console/ask`, `/console/ask/example`."""
    router = APIRouter(prefix="/console", include_in_schema=False)

    @router.get("/ask")
    async def form(request: Request, caller: Caller, again: str = "", follow: str = "", here: str = "") -> Response:
        allow_somewhere(caller, "write", "intents")
        before = await showing.ask(request, f"/v1/intents/{ids.parse(again or follow, 'int')}") if again or follow else None
        agents = await showing.seen(request, "/v1/agents") or {"agents": ()}
        namespaces = await showing.seen(request, "/v1/namespaces") or {"namespaces": ()}
        return showing.page(
            request, "ask.html", key=ids.new("ask"), text=before["text"] if before and again else "", before=before, follows=bool(follow),
            sources=[dict(one) for one in before["sources"]] if before else [], agents=agents["agents"],
            namespaces=[one["namespace"] for one in namespaces["namespaces"]], here=here,
        )  # fmt: skip

    @router.post("/ask")
    async def send(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        form = await form_of(request)
        return await _sent(showing, request, _wanted(form), form.get("key") or ids.new("ask"))

    @router.post("/ask/example")
    async def example(request: Request, caller: Caller) -> Response:  # noqa: ARG001
        require_own(request)
        found = example_of(showing.view(request).voice.language)
        kept = await showing.send(request, "/v1/files", found.content)
        body = {"text": found.text, "sources": [{"kind": "file", "blob": kept["blob"], "name": found.name}]}
        return await _sent(showing, request, body, (await form_of(request)).get("key") or ids.new("ask"))

    return router


async def _sent(showing: Showing, request: Request, body: Mapping[str, Any], key: str) -> Response:
    accepted = await showing.act(request, "POST", "/v1/intents", body, idempotency_key=key)
    return showing.done(request, f"/console/intents/{accepted['intent_id']}")


def _wanted(form: Mapping[str, str]) -> dict[str, Any]:
    """The form as the API takes it."""
    path = form.get("path", "").strip()
    kind = "repository" if form.get("path-kind") == "repository" else "file"
    sources = [*_sources(form.get("sources", "")), *([{"kind": kind, "path": path}] if path else [])]
    wanted = {"text": form.get("text", ""), "sources": sources, "namespace": form.get("namespace") or DEFAULT_NAMESPACE}
    more = {name: form[name] for name in ("agent", "follows") if form.get(name)}
    return {**wanted, **more}


def _sources(text: str) -> list[Any]:
    """What the page says of files that it has sent, or that were sent before; the API looks at each."""
    try:
        found = json.loads(text or "[]")
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise Refused("The list of files cannot be read. Load the page anew and choose them again.")
    return found
