"""Every route of the running program, and who may ask it: a route that is not in the table fails here."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel import ids
from support.asgi import Request, asked
from support.callers import CALLERS, World, a_world, routes_of
from support.patience import until_found
from support.statements import noted, watched
from support.subjects import ROOT, Act, address, intent, run


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk."""
    async with a_world(tmp_path) as made:
        yield made


@pytest.fixture
async def watched_world(tmp_path: Path) -> AsyncIterator[World]:
    """One whose statements can be noted."""
    with watched():
        async with a_world(tmp_path) as made:
            yield made


_VARIANT = {"name": "same", "value": "same", "share": 0.5}
_DONE = {"ticket_id": "tkt_x", "fence": 1}
BODIES: dict[str, Any] = {
    "POST /v1/tickets": {"kind": "nope", "title": "x"},
    "POST /v1/tickets/batch": {"tickets": [{"kind": "nope", "title": "x"}]},
    "POST /v1/tickets/{ticket_id}/status": {"status": "cancelled"},
    "POST /v1/tickets/{ticket_id}/comments": {"text": "x"},
    "POST /v1/leases": {"worker": "w", "kinds": ["nope"]},
    "POST /v1/leases/heartbeat": {},
    "POST /v1/leases/complete": {"completions": [_DONE]},
    "POST /v1/leases/fail": _DONE,
    "PUT /v1/ticket-kinds/{name}": {},
    "POST /v1/intents": {"text": ""},  # who may ask is told that it is empty
    "POST /v1/schedules": {"name": "", "every": "1h", "intent": {"text": "x"}},
    "PATCH /v1/schedules/{schedule}": {"paused": True},
    "POST /v1/schedules/check": {"every": "1h"},
    "POST /v1/runs/{run_id}/fork": {"step": 0},
    "POST /v1/runs/{run_id}/signals": {"name": "go", "key": "k"},
    "POST /v1/dead-letters/replay": {"filter": {"all": True}, "dry_run": True},
    "POST /v1/dead-letters/discard": {"filter": {"all": True}, "dry_run": True},
    "POST /v1/queues/{queue}/pause": {"reason": "a test"},
    "PUT /v1/log-level": {"level": "info"},
    "POST /v1/namespaces": {"name": "Not A Name"},
    "POST /v1/people": {"name": "x", "email": "no address"},
    "PATCH /v1/people/{person}": {"name": "y"},
    "POST /v1/service-accounts": {"name": ""},
    "PATCH /v1/service-accounts/{account}": {"name": "y"},
    "POST /v1/keys": {"name": "x", "grants": [{"role": "viewer"}]},
    "POST /v1/tenants": {"tenant": "Not A Name"},
    "PUT /v1/tenants/{tenant}/quotas": {"storage": "unlimited"},
    "POST /v1/embeddings": {"model": "nobody", "input": "x"},  # who may ask is told that there is no such model
    "POST /v1/chat/completions": {"messages": [{"role": "user", "content": "x"}]},  # who may ask is told that there is no model
    "POST /v1/decisions": {"text": "x"},
    "POST /v1/login/key": {"key": "hulk_x"},  # programs are told that it is for pages
    "POST /v1/feedback": {"decision_id": "dec_x", "thumb": "up"},
    "POST /v1/router/experiments": {"name": "x", "about": "models", "variants": [_VARIANT, {**_VARIANT, "share": 0.1}]},
    "POST /v1/router/experiments/{experiment}/stop": {},
    "POST /v1/router/experiments/{experiment}/kill": {},
    "PUT /v1/router/policies": {"policies": []},
    "POST /v1/router/policies/check": {},
    "POST /v1/router/models/check": {"name": "mini", "kind": "openai", "model": "gpt-5-mini"},
    "POST /v1/router/policies/versions/{version}/restore": {},
    "PUT /v1/budgets/{budget}": {"daily": "5"},
    "POST /v1/tool-systems/{system}/approve": {"digests": {"x": "0" * 64}},
    "POST /v1/tool-systems/{system}/revoke": {"tools": ["x"]},
    "PUT /v1/tool-rules/{rule}": {"tools": ["nothing.*"]},
    "PUT /v1/tool-servers/{server}": {"tools": ["nothing.*"]},
    "POST /v1/tools/{tool}/calls": {},
    "POST /v1/memories/forget": {"agent": "nobody"},
    "POST /v1/agents/{agent}/cases/{case}": {},
    "POST /v1/reasoning/{id}/reviews": {"verdict": "confirmed"},
    "POST /v1/reasoning/{id}/resolution": {"resolution": "upheld"},
    "POST /v1/conversations/{conversation}/replies": {"text": "x"},
    "PATCH /v1/channels/{channel}/contacts/{sender:path}": {"blocked": True},
    "POST /v1/channel-codes": {"person": "usr_x"},
    "PUT /v1/rates": {"base": "USD", "quote": "BRL", "value": "5.3521", "day": "2026-11-20"},
}

TABLE = """
route                                           nobody   viewer   operator approver admin    stranger prod     platform
GET /.well-known/jwks.json                      200      200      200      200      200      200      200      200
GET /.well-known/oauth-protected-resource       404      404      404      404      404      404      404      404
GET /.well-known/oauth-protected-resource/mcp   404      404      404      404      404      404      404      404
GET /.well-known/oauth-protected-resource/mcp/{server} 404      404      404      404      404      404      404      404
GET /docs                                       401      200      200      200      200      200      200      200
GET /docs/init.js                               401      200      200      200      200      200      200      200
GET /docs/openapi.json                          401      200      200      200      200      200      200      200
GET /docs/{name}                                401      200      200      200      200      200      200      200
GET /health                                     200      200      200      200      200      200      200      200
DELETE /mcp                                     401      400      400      400      400      400      403      400
GET /mcp                                        401      400      400      400      400      400      403      400
POST /mcp                                       401      400      400      400      400      400      403      400
DELETE /mcp/{server}                            401      400      400      400      400      404      403      404
GET /mcp/{server}                               401      400      400      400      400      404      403      404
POST /mcp/{server}                              401      400      400      400      400      404      403      404
GET /metrics                                    401      200      200      200      200      200      200      200
GET /openapi.json                               401      200      200      200      200      200      200      200
GET /ready                                      200      200      200      200      200      200      200      200
GET /v1/about                                   401      200      200      200      200      200      200      200
GET /v1/about/sbom                              401      200      200      200      200      200      200      200
GET /v1/agent-tasks                             401      200      200      200      200      200      200      200
GET /v1/agent-tasks/{task}                      401      404      404      404      200      404      404      404
GET /v1/agent-tasks/{task}/artefacts/{name}     401      404      404      404      200      404      404      404
GET /v1/agent-tasks/{task}/reasoning            401      200      200      200      200      404      404      404
GET /v1/agents                                  401      200      200      200      200      200      200      200
GET /v1/agents/{agent}                          401      404      200      404      200      200      200      200
POST /v1/agents/{agent}/cases/{case}            401      403      202      403      202      202      403      202
GET /v1/agents/{agent}/memories                 401      200      200      200      200      200      200      200
DELETE /v1/memories/{memory}                    401      403      403      403      204      404      404      404
POST /v1/memories/forget                        401      403      403      403      200      200      200      200
POST /v1/reasoning/{id}/resolution              401      403      403      409      409      404      404      404
POST /v1/reasoning/{id}/reviews                 401      403      201      403      201      404      404      404
GET /v1/audit                                   401      403      403      403      200      200      403      200
GET /v1/audit/export                            401      403      403      403      200      200      403      200
POST /v1/audit/verification                     401      403      403      403      200      200      403      200
GET /v1/breakers                                401      403      403      403      403      403      403      200
POST /v1/breakers/{name}/{act}                  401      403      403      403      403      403      403      404
GET /v1/budgets                                 401      200      200      200      200      200      403      200
DELETE /v1/budgets/{budget}                     401      403      403      403      204      404      403      404
PUT /v1/budgets/{budget}                        401      403      403      403      200      200      403      200
GET /v1/costs                                   401      200      200      200      200      200      403      200
GET /v1/costs/reports/{month}                   401      200      200      200      200      200      403      200
GET /v1/rates                                   401      200      200      200      200      200      403      200
PUT /v1/rates                                   401      403      403      403      403      403      403      200
GET /v1/caches                                  401      200      200      200      200      200      403      200
DELETE /v1/caches/{name}                        401      403      403      403      403      403      403      204
DELETE /v1/caches/{name}/keys/{key:path}        401      403      403      403      403      403      403      204
DELETE /v1/caches/{name}/tags/{tag:path}        401      403      403      403      403      403      403      204
GET /v1/channel-arrivals                        401      200      200      200      200      200      200      200
GET /v1/channel-codes                           401      403      403      403      200      200      403      200
POST /v1/channel-codes                          401      403      403      403      404      404      403      404
DELETE /v1/channel-codes/{person}               401      403      403      403      204      404      403      404
GET /v1/channel-kinds                           401      200      200      200      200      200      200      200
GET /v1/channel-kinds/{kind}                    401      200      200      200      200      200      200      200
GET /v1/channel-contacts                        401      403      403      403      200      200      200      200
GET /v1/channel-messages                        401      200      200      200      200      200      200      200
GET /v1/channel-messages/{message}              401      200      200      200      200      404      404      404
POST /v1/channel-messages/{message}/again       401      403      200      403      200      404      404      404
POST /v1/channel-messages/{message}/withdraw    401      403      200      403      200      404      404      404
GET /v1/channels                                401      200      200      200      200      200      200      200
GET /v1/channels/{channel}                      401      200      200      200      200      404      404      404
POST /v1/channels/{channel}/check               401      403      200      403      200      404      404      404
GET /v1/channels/{channel}/contacts/{sender:path} 401  403      403      403      200      404      404      404
PATCH /v1/channels/{channel}/contacts/{sender:path} 401  403      403      403      200      404      404      404
GET /v1/conversations                           401      200      200      200      200      200      200      200
GET /v1/conversations/{conversation}            401      200      200      200      200      404      404      404
POST /v1/conversations/{conversation}/back      401      403      200      403      200      404      404      404
POST /v1/conversations/{conversation}/replies   401      403      409      403      409      404      404      404
POST /v1/conversations/{conversation}/take      401      403      200      403      200      404      404      404
POST /v1/chat/completions                       401      403      400      403      400      400      403      400
GET /v1/dead-letters                            401      200      200      200      200      200      200      200
POST /v1/dead-letters/discard                   401      403      200      403      200      200      200      200
POST /v1/dead-letters/replay                    401      403      200      403      200      200      200      200
POST /v1/decisions                              401      403      200      403      200      200      403      200
GET /v1/decisions                               401      200      200      200      200      200      403      200
GET /v1/decisions/{decision}                    401      200      200      200      200      404      403      404
POST /v1/files                                  401      403      201      403      201      201      201      201
POST /v1/embeddings                             401      403      404      403      404      404      403      404
POST /v1/feedback                               401      403      404      403      404      404      404      404
GET /v1/hooks/{channel}                         405      405      405      405      405      405      405      405
POST /v1/hooks/{channel}                        401      401      401      401      401      401      401      401
GET /v1/intents                                 401      200      200      200      200      200      200      200
POST /v1/intents                                401      403      422      403      422      422      403      422
GET /v1/intents/{intent_id}                     401      200      200      200      200      404      404      404
GET /v1/intents/{intent_id}/answer              401      200      200      200      200      404      404      404
GET /v1/intents/{intent_id}/artefacts/{name}    401      200      200      200      200      404      404      404
GET /v1/intents/{intent_id}/events              401      200      200      200      200      404      404      404
GET /v1/keys                                    401      403      403      403      200      200      200      200
POST /v1/keys                                   401      403      403      403      201      201      403      201
DELETE /v1/keys/{key}                           401      403      403      403      200      404      404      404
POST /v1/keys/{key}/rotate                      401      403      403      403      201      404      404      404
GET /v1/log-level                               401      403      403      403      403      403      403      200
PUT /v1/log-level                               401      403      403      403      403      403      403      204
POST /v1/leases                                 401      403      422      403      422      422      403      422
POST /v1/leases/complete                        401      401      401      401      401      401      401      401
POST /v1/leases/fail                            401      401      401      401      401      401      401      401
POST /v1/leases/heartbeat                       401      401      401      401      401      401      401      401
GET /v1/login                                   404      404      404      404      404      404      404      404
GET /v1/login/callback                          404      404      404      404      404      404      404      404
POST /v1/login/key                              403      403      403      403      403      403      403      403
POST /v1/logout                                 204      204      204      204      204      204      204      204
GET /v1/me                                      401      200      200      200      200      200      200      200
GET /v1/models                                  401      403      200      403      200      200      403      200
GET /v1/namespaces                              401      200      200      200      200      200      200      200
POST /v1/namespaces                             401      403      403      403      422      422      403      422
DELETE /v1/namespaces/{namespace}               401      403      403      403      204      404      403      404
GET /v1/people                                  401      403      403      403      200      200      200      200
POST /v1/people                                 401      403      403      403      422      422      403      422
DELETE /v1/people/{person}                      401      403      403      403      204      404      403      404
GET /v1/people/{person}                         401      403      403      403      200      404      200      404
PATCH /v1/people/{person}                       401      403      403      403      200      404      403      404
GET /v1/queues                                  401      200      200      200      200      200      200      200
POST /v1/queues/{queue}/pause                   401      403      403      403      403      403      403      204
POST /v1/queues/{queue}/resume                  401      403      403      403      403      403      403      204
GET /v1/quotas                                  401      200      200      200      200      200      403      200
GET /v1/router/experiments                      401      200      200      200      200      200      403      200
POST /v1/router/experiments                     401      403      403      403      422      422      403      422
GET /v1/router/experiments/{experiment}         401      200      200      200      200      404      403      404
POST /v1/router/experiments/{experiment}/kill   401      403      403      403      200      404      403      404
POST /v1/router/experiments/{experiment}/stop   401      403      403      403      200      404      403      404
GET /v1/router/models                           401      200      200      200      200      200      403      200
POST /v1/router/models/check                    401      200      200      200      200      200      403      200
GET /v1/router/policies                         401      200      200      200      200      200      403      200
PUT /v1/router/policies                         401      403      403      403      200      200      403      200
POST /v1/router/policies/check                  401      200      200      200      200      200      403      200
GET /v1/router/policies/versions                401      200      200      200      200      200      403      200
GET /v1/router/policies/versions/{version}      401      200      200      200      200      404      403      404
POST /v1/router/policies/versions/{version}/restore 401  403      403      403      200      404      403      404
GET /v1/runs                                    401      200      200      200      200      200      200      200
GET /v1/runs/{run_id}                           401      200      200      200      200      404      404      404
GET /v1/runs/{run_id}/payloads/{part}           401      403      200      403      200      404      404      404
POST /v1/runs/{run_id}/cancel                   401      403      409      403      409      404      404      404
POST /v1/runs/{run_id}/discard                  401      403      409      403      409      404      404      404
POST /v1/runs/{run_id}/fork                     401      403      422      403      422      404      404      404
POST /v1/runs/{run_id}/replay                   401      403      409      403      409      404      404      404
POST /v1/runs/{run_id}/resolve                  401      403      409      403      409      404      404      404
POST /v1/runs/{run_id}/signals                  401      403      409      403      409      404      404      404
GET /v1/schedules                               401      200      200      200      200      200      200      200
POST /v1/schedules                              401      403      422      403      422      422      403      422
POST /v1/schedules/check                        401      200      200      200      200      200      200      200
DELETE /v1/schedules/{schedule}                 401      403      204      403      204      404      404      404
GET /v1/schedules/{schedule}                    401      200      200      200      200      404      404      404
PATCH /v1/schedules/{schedule}                  401      403      200      403      200      404      404      404
POST /v1/schedules/{schedule}/pause             401      403      200      403      200      404      404      404
POST /v1/schedules/{schedule}/resume            401      403      200      403      200      404      404      404
POST /v1/schedules/{schedule}/run               401      403      202      403      202      404      404      404
GET /v1/secrets                                 401      403      403      403      403      403      403      200
GET /v1/service-accounts                        401      403      403      403      200      200      200      200
POST /v1/service-accounts                       401      403      403      403      422      422      403      422
DELETE /v1/service-accounts/{account}           401      403      403      403      204      404      403      404
GET /v1/service-accounts/{account}              401      403      403      403      200      404      200      404
PATCH /v1/service-accounts/{account}            401      403      403      403      200      404      403      404
GET /v1/settings                                401      403      403      403      403      403      403      200
GET /v1/sessions                                401      200      200      200      200      200      200      200
DELETE /v1/sessions/{session}                   401      404      404      404      404      404      404      404
GET /v1/tenants                                 401      403      403      403      403      403      403      200
POST /v1/tenants                                401      403      403      403      403      403      403      422
GET /v1/tenants/{tenant}/quotas                 401      200      200      200      200      403      403      200
PUT /v1/tenants/{tenant}/quotas                 401      403      403      403      403      403      403      200
GET /v1/ticket-kinds                            401      200      200      200      200      200      200      200
DELETE /v1/ticket-kinds/{name}                  401      403      403      403      404      404      403      404
PUT /v1/ticket-kinds/{name}                     401      403      403      403      200      200      403      200
GET /v1/tickets                                 401      200      200      200      200      200      200      200
POST /v1/tickets                                401      403      422      403      422      422      403      422
POST /v1/tickets/batch                          401      403      422      403      422      422      403      422
GET /v1/tickets/watch                           401      200      200      200      200      200      200      200
GET /v1/tickets/{ticket_id}                     401      200      200      200      200      404      404      404
GET /v1/tickets/{ticket_id}/history             401      200      200      200      200      404      404      404
GET /v1/tickets/{ticket_id}/input               401      200      200      200      200      404      404      404
GET /v1/tickets/{ticket_id}/result              401      200      200      200      200      404      404      404
POST /v1/tickets/{ticket_id}/approve            401      403      403      200      200      404      404      404
POST /v1/tickets/{ticket_id}/cancel             401      403      200      403      200      404      404      404
POST /v1/tickets/{ticket_id}/comments           401      403      201      201      201      404      404      404
POST /v1/tickets/{ticket_id}/reject             401      403      403      200      200      404      404      404
POST /v1/tickets/{ticket_id}/status             401      403      200      403      200      404      404      404
GET /v1/tool-calls                              401      200      200      200      200      200      403      200
GET /v1/tool-calls/{call}                       401      404      404      404      200      404      403      404
GET /v1/tool-rules                              401      200      200      200      200      200      403      200
PUT /v1/tool-rules/{rule}                       401      403      403      403      204      204      403      204
DELETE /v1/tool-rules/{rule}                    401      403      403      403      204      404      403      404
GET /v1/tool-servers                            401      200      200      200      200      200      403      200
PUT /v1/tool-servers/{server}                   401      403      403      403      204      204      403      204
DELETE /v1/tool-servers/{server}                401      403      403      403      204      404      403      404
GET /v1/tools                                   401      200      200      200      200      200      403      200
GET /v1/tools/{tool}                            401      200      200      200      200      403      403      403
POST /v1/tools/{tool}/calls                     401      200      200      200      200      403      403      403
GET /v1/tool-systems/{system}/review            401      403      403      403      403      403      403      404
POST /v1/tool-systems/{system}/approve          401      403      403      403      403      403      403      404
POST /v1/tool-systems/{system}/revoke           401      403      403      403      403      403      403      404
GET /v1/trace/{id}                              401      200      200      200      200      404      404      404
"""
"""The status for each caller."""


def table() -> dict[str, dict[str, int]]:
    """The table, by route and caller."""
    rows = [line.split() for line in TABLE.strip().splitlines()[1:]]
    return {f"{method} {path}": dict(zip(CALLERS, map(int, statuses), strict=True)) for method, path, *statuses in rows}


async def answered(world: World, route: str, who: str, *, of: Act | None = None) -> tuple[int, Any]:
    """What somebody is answered on the route."""
    more = {"json": BODIES[route]} if route in BODIES else {"data": b"x"} if route == "POST /v1/files" else {}
    return await world.call(who, route.split(" ")[0], await address(world, route, of=of), **more)


async def test_every_route_answers_everybody_as_the_table_says(world: World) -> None:
    served = sorted(routes_of(world.app))
    await intent(world)
    found = {route: {who: (await answered(world, route, who))[0] for who in CALLERS} for route in served}
    assert served == sorted(table()), "a route is not in the table, or no longer served"
    assert {route: row for route, row in found.items() if row != table()[route]} == {}


_ALLS = ("breakers", "tool-systems", " /mcp/", "GET /v1/channels/{channel}", "{channel}/check")
"""What belongs to no tenant; what is known without asking the store; and MCP, which first looks at the host that was asked for
(tests/modules/tools/over_mcp)."""


def hidden_from(who: str) -> list[str]:
    """The routes to what an admin of acme's can reach, and that caller is told is not there."""
    return [route for route, row in table().items() if row[who] == 404 and row["admin"] != 404 and not any(one in route for one in _ALLS)]


def unlike(route: str, there: str) -> tuple[str, str, str]:
    """The id in an address, and two like it that nothing has."""
    own = there.split("/")[next(at for at, part in enumerate(route.split("/")) if part.startswith("{"))]
    kind, _, rest = own.partition("_")
    one, another = (ids.new(kind if rest else "x") for _ in range(2))
    return (own, one, another) if rest else (own, one.replace("_", "-"), another.replace("_", "-"))


def _with(there: str, own: str, id_: str) -> str:
    """The address with another id in the place of its own."""
    return "/".join(id_ if part == own else part for part in there.split("/"))


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller learns of an id by a request: the words, and how long they take, which the store's statements decide."""

    body: dict[str, Any]
    statements: tuple[str, ...]


async def told(world: World, who: str, route: str, path: str, id_: str, body: Any = None) -> Told:
    """What somebody learns of that id on the route, where it is answered with 404."""
    sent = BODIES.get(route) if body is None else body
    head = ((b"x-api-key", world.keys[who].encode()), (b"content-type", b"application/json"))
    request = Request(
        method=route.split(" ")[0], target=path.encode(), headers=head, body=(b"" if sent is None else json.dumps(sent).encode(),)
    )
    with noted() as statements:
        answer = await asked(world.app, request)
    assert answer.status == 404, (route, who, answer)
    return Told(json.loads(answer.body.replace(id_.encode(), "…".encode())) | {"instance": ""}, tuple(statements))


async def test_what_is_not_for_a_caller_is_answered_as_what_there_is_not_and_as_soon(watched_world: World) -> None:
    """In the same words, after the same statements: neither tells that there is something."""
    for who in ("stranger", "platform", "prod"):  # of other tenants, of another namespace
        hidden = hidden_from(who)
        assert len(hidden) > 20
        for route in hidden:
            there = await address(watched_world, route)
            own, *made_up = unlike(route, there)
            answers = [await told(watched_world, who, route, _with(there, own, id_), id_) for id_ in (made_up[0], own, made_up[1])]
            assert answers[1] == answers[2], (who, route)  # the first is for what is remembered of the caller
            assert answers[1].statements, (who, route)


async def test_a_file_of_another_tenant_is_answered_as_none_and_as_soon(watched_world: World) -> None:
    mine = (await watched_world.call("admin", "POST", "/v1/files", data=b"a,b\n1,2\n"))[1]["blob"]

    async def asked_about(blob: str) -> Told:
        body = {"text": "Describe x.csv", "sources": [{"kind": "file", "blob": blob, "name": "x.csv"}]}
        return await told(watched_world, "stranger", "POST /v1/intents", "/v1/intents", blob, body)

    _, other, none = [await asked_about(blob) for blob in ("0" * 64, mine, "1" * 64)]
    assert other == none
    assert other.statements


async def test_work_of_a_namespace_is_seen_and_changed_by_those_of_the_namespace(world: World) -> None:
    for name, grant in (("reader", "viewer@prod"), ("worker", "operator@prod"), ("elsewhere", "operator@default"), ("both", "viewer")):
        world.keys[name] = await world.key("acme", grant)
    asked = {"text": "Is the disk full?", "namespace": "prod"}
    for who, status in (("reader", 403), ("elsewhere", 403), ("both", 403), ("stranger", 422), ("worker", 202), ("operator", 202)):
        assert (await world.call(who, "POST", "/v1/intents", json=asked))[0] == status, who
    assert (await world.call("operator", "POST", "/v1/intents", json={**asked, "namespace": "nowhere"}))[0] == 422
    mine = (await world.call("worker", "GET", "/v1/intents"))[1]["intents"]
    assert {one["namespace"] for one in mine} == {"prod"}
    place = f"/v1/intents/{mine[0]['intent_id']}"
    await world.ended("worker", mine[0]["intent_id"])
    runs = (await world.call("reader", "GET", "/v1/runs?workflow=intent"))[1]["runs"]
    assert {one["namespace"] for one in runs} == {"prod"}
    run_place = f"/v1/runs/{runs[0]['run_id']}"
    for who, status in (("reader", 200), ("worker", 200), ("both", 200), ("prod", 200), ("elsewhere", 404), ("stranger", 404)):
        for path in (place, f"{place}/events", run_place):
            assert (await world.call(who, "GET", path))[0] == status, (who, path)
    for who, status in (("reader", 403), ("both", 403), ("worker", 409), ("elsewhere", 404)):
        assert (await world.call(who, "POST", f"{run_place}/cancel"))[0] == status, who
    assert (await world.call("elsewhere", "GET", "/v1/intents"))[1] == {"intents": []}
    assert (await world.call("elsewhere", "GET", "/v1/runs"))[1]["runs"] == []
    queues = (await world.call("elsewhere", "GET", "/v1/queues"))[1]["queues"]
    assert {one["pending"] + one["running"] + one["waiting"] for one in queues} == {0}


async def test_a_schedule_asks_in_its_namespace(world: World) -> None:
    world.keys["worker"], world.keys["elsewhere"] = await world.key("acme", "operator@prod"), await world.key("acme", "operator@default")
    body = {"name": "disk", "namespace": "prod", "every": "24h", "intent": {"text": "Is the disk full?"}}
    assert (await world.call("elsewhere", "POST", "/v1/schedules", json=body))[0] == 403
    assert (await world.call("operator", "POST", "/v1/schedules", json={**body, "namespace": "nowhere"}))[0] == 422
    split = {**body, "namespace": "default", "intent": {"text": "Is the disk full?", "namespace": "prod"}}
    assert (await world.call("operator", "POST", "/v1/schedules", json=split))[0] == 422
    made = await world.made("worker", "/v1/schedules", **body)
    assert made["namespace"] == "prod"
    for who, status in (("worker", 202), ("elsewhere", 404)):
        assert (await world.call(who, "POST", "/v1/schedules/disk/run"))[0] == status
    assert (await world.call("elsewhere", "GET", "/v1/schedules"))[1] == {"schedules": []}

    async def begun() -> bool:
        return bool((await world.call("worker", "GET", "/v1/intents"))[1]["intents"])

    await until_found(begun)
    assert (await world.call("elsewhere", "GET", "/v1/intents"))[1] == {"intents": []}


async def test_dead_letters_of_a_namespace_are_dealt_with_by_those_of_the_namespace(world: World) -> None:
    world.keys["worker"], world.keys["elsewhere"] = await world.key("acme", "operator@prod"), await world.key("acme", "operator@default")
    everything = {"filter": {"all": True}, "dry_run": True}
    assert (await world.call("worker", "POST", "/v1/dead-letters/replay", json=everything))[1]["runs"] == []
    named = {"filter": {"runs": [await run(world)]}}
    for who, status in (("worker", 404), ("elsewhere", 404), ("viewer", 403), ("stranger", 404)):
        found, body = await world.call(who, "POST", "/v1/dead-letters/discard", json=named)
        assert found == status, (who, body)
    assert "Among the dead letters" in (await world.call("elsewhere", "POST", "/v1/dead-letters/discard", json=named))[1]["detail"]
    assert "There is no run" in (await world.call("worker", "POST", "/v1/dead-letters/discard", json=named))[1]["detail"]


async def test_a_file_of_another_tenant_is_no_file(world: World) -> None:
    mine = (await world.call("admin", "POST", "/v1/files", data=(ROOT / "examples/sales.csv").read_bytes()))[1]["blob"]

    async def asked(who: str, blob: str) -> tuple[int, str]:
        source = {"kind": "file", "blob": blob, "name": "sales.csv"}
        status, body = await world.call(who, "POST", "/v1/intents", json={"text": "Describe sales.csv", "sources": [source]})
        return status, str(body.get("detail")).replace(blob, "…")

    assert await asked("stranger", mine) == await asked("stranger", "0" * 64) == (404, "There is no file … here. Send it again.")
    assert (await asked("operator", mine))[0] == 202
    await world.call("stranger", "POST", "/v1/files", data=(ROOT / "examples/sales.csv").read_bytes())
    assert (await asked("stranger", mine))[0] == 202
