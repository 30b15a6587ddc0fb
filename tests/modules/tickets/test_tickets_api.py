"""Tickets over HTTP, really served, on both databases: what callers see, and what they are told when something is wrong."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from hulk.apps.ticketing import lease_holders, routes_of
from hulk.kernel import ids
from hulk.kernel.errors import Unauthenticated
from hulk.kernel.tenancy import Grant, Principal, everywhere
from hulk.modules.tickets.domain import page_token
from hulk.modules.tickets.wiring import Service
from hulk.runtime.store import Store
from support.served import application, served
from support.tickets import INTENT, PLAN, Heard, service_over, ticket

NUL = "tkt_\0"
CALLERS = {
    "admin": Principal(tenant="acme", actor="key:admin", grants=everywhere("admin")),
    "operator": Principal(tenant="acme", actor="key:operator", grants=everywhere("operator")),
    "approver": Principal(tenant="acme", actor="person:ana", grants=everywhere("approver")),
    "viewer": Principal(tenant="acme", actor="key:viewer", grants=everywhere("viewer")),
    "prod": Principal(tenant="acme", actor="key:prod", grants=(Grant("operator", "prod"),)),
    "builder": Principal(tenant="acme", actor="svc:builder", grants=everywhere("operator"), groups=("builders",)),
    "rival": Principal(tenant="rival", actor="key:rival", grants=everywhere("admin")),
}
SCHEMA = {
    "type": "object", "properties": {"amount": {"type": "integer", "minimum": 1}, "who": {"type": "string"}}, "required": ["amount"],
    "additionalProperties": False,
}  # fmt: skip


@dataclass
class Site:
    """A served board and callers of it."""

    http: aiohttp.ClientSession
    heard: Heard
    service: Service

    async def __call__(
        self, caller: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Ask as that caller; status and JSON."""
        sent = {"authorization": f"Bearer {caller}", **(headers or {})}
        async with self.http.request(method, path, json=body, headers=sent) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def made(self, **more: Any) -> dict[str, Any]:
        """A new ticket, as the operator makes it."""
        status, ticket = await self("operator", "POST", "/v1/tickets", {"kind": "pay", "title": "Pay", "input": {"amount": 3}} | more)
        assert status == 201, ticket
        return dict(ticket)

    async def taken(self, **more: Any) -> dict[str, Any]:
        """What a worker takes."""
        status, lease = await self("operator", "POST", "/v1/leases", {"worker": "w1", "kinds": ["pay"], "most": 10} | more)
        assert status == 200, lease
        return dict(lease)


@pytest.fixture
async def site(store: Store) -> AsyncIterator[Site]:
    """Each kind of store, with the kind `pay`."""
    heard = Heard()
    service = await service_over(store, heard)

    async def authenticate(key: str | None, _: str) -> Principal:
        if key not in CALLERS:
            raise Unauthenticated("who?")
        return CALLERS[key]

    async with served(application(routes_of(service), authenticate=lease_holders(service, authenticate))) as http:
        found = Site(http, heard, service)
        for tenant in ("admin", "rival"):
            status, _ = await found(
                tenant, "PUT", "/v1/ticket-kinds/pay", {"input_schema": SCHEMA, "result_schema": {"required": ["paid"]}}
            )
            assert status == 200
        yield found


async def test_a_ticket_goes_from_its_making_to_its_end(site: Site) -> None:
    made = await site.made(labels={"env": "prod"}, priority="high", sla=3600)
    assert (made["status"], made["owner"], made["labels"], made["revision"]) == ("ready", "worker", {"env": "prod"}, 1)
    lease = await site.taken(lease_for=5)
    [held] = lease["tickets"]
    assert (held["ticket_id"], held["status"], held["fence"], lease["lease_for"]) == (made["ticket_id"], "running", 1, 5)
    status, renewed = await site(lease["token"], "POST", "/v1/leases/heartbeat", {"tickets": [held["ticket_id"], "tkt_other"]})
    assert (status, renewed["lost"], renewed["expires"] > lease["expires"]) == (200, ["tkt_other"], True)
    done = {"completions": [{"ticket_id": held["ticket_id"], "fence": 1, "result": {"paid": True}}]}
    for _ in range(2):
        status, answer = await site(renewed["token"], "POST", "/v1/leases/complete", done)
        assert (status, answer) == (200, {"completed": [held["ticket_id"]], "refused": {}})
    status, shown = await site("viewer", "GET", f"/v1/tickets/{held['ticket_id']}")
    assert (status, shown["status"], shown["result"], shown["worker"], shown["comments"]) == (200, "completed", {"paid": True}, "w1", [])


@pytest.mark.parametrize("bad", ["\ud800", "a\0b"])
async def test_a_text_that_no_store_takes_is_refused_wherever_it_stands(bad: str, site: Site) -> None:
    taken = await site.made() and await site.taken()
    sent = [
        ("POST", "/v1/leases", {"worker": "w", "kinds": [bad]}),
        ("POST", "/v1/leases", {"worker": "w", "kinds": ["pay"], "namespace": bad}),
        ("POST", "/v1/leases/heartbeat", {"tickets": [bad], "lease_token": taken["token"]}),
        ("POST", "/v1/tickets", {"kind": bad, "title": "Pay"}),
        ("PUT", "/v1/ticket-kinds/pay", {"description": bad}),
    ]
    for method, path, body in sent:
        status, answer = await site("admin", method, path, body)
        assert status in (200, 404, 422), (path, answer)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        pytest.param({"input": {"amount": 0}}, {"input.amount": "at least 1"}, id="schema"),
        pytest.param(
            {"input": {"who": 1, "x": 2}}, {"input.amount": "required", "input.who": "string", "input.x": "no such field"}, id="all at once"
        ),
        pytest.param({"kind": "nope"}, {"kind": "no such kind"}, id="kind"),
        pytest.param({"title": " "}, {"title": "1 to 300"}, id="title"),
        pytest.param({"title": "a\0b"}, {"title": "NUL"}, id="nul"),
        pytest.param({"after": ["#0"]}, {"after[0]": "before it"}, id="after itself"),
        pytest.param({"after": ["nonsense"]}, {"after[0]": "ticket's id"}, id="after no id"),
        pytest.param({"labels": {"a b": "c"}}, {"labels['a b']": "letters"}, id="label"),
        pytest.param({"deadline": "2020-01-01T00:00:00Z"}, {"deadline": "has passed"}, id="deadline"),
        pytest.param({"intent_id": "x", "plan_id": "y"}, {"intent_id": "int_", "plan_id": "pln_"}, id="chain"),
        pytest.param({"intent_id": ids.derived("int", "rival's")}, {"intent_id": "no such intent"}, id="an intent that is not theirs"),
        pytest.param({"intent_id": INTENT, "plan_id": ids.derived("pln", "x")}, {"plan_id": "not the plan"}, id="another's plan"),
        pytest.param({"plan_id": PLAN}, {"plan_id": "not the plan"}, id="a plan of no intent"),
        pytest.param({"namespace": "Não"}, {"namespace": "small letters"}, id="namespace"),
        pytest.param({"namespace": "other"}, {"namespace": "no such namespace"}, id="a namespace there is not"),
        pytest.param({"assignee": "agent:"}, {"assignee": "name is missing"}, id="assignee"),
        pytest.param({"request_id": "a\nb"}, {"request_id": "printable"}, id="request"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_with_its_path_and_nothing_is_kept(body: dict[str, Any], wrong: dict[str, str], site: Site) -> None:
    whole = {"kind": "pay", "title": "Pay", "input": {"amount": 3}} | body
    status, problem = await site("operator", "POST", "/v1/tickets", whole)
    found = {one["field"]: one["detail"] for one in problem["errors"]}
    assert (status, problem["type"], found.keys()) == (422, "urn:hulk:problem:invalid", wrong.keys())
    assert all(wrong[field] in found[field] for field in wrong), found
    status, batch = await site("operator", "POST", "/v1/tickets/batch", {"tickets": [whole | {"after": [], "kind": "pay"} | body]})
    assert (status, {one["field"] for one in batch["errors"]}) == (422, {f"tickets[0].{field}" for field in wrong})
    assert (await site("viewer", "GET", "/v1/tickets"))[1]["tickets"] == []


async def test_an_input_that_is_too_deep_or_too_much_is_refused(site: Site) -> None:
    deep: Any = 1
    for _ in range(80):
        deep = [deep]
    for input_ in ({"amount": 3, "who": deep}, {"amount": 3, "who": "x" * 300_000}):
        status, problem = await site("operator", "POST", "/v1/tickets", {"kind": "pay", "title": "Pay", "input": input_})
        assert (status, [one["field"] for one in problem["errors"]]) == (422, ["input"])


async def test_the_same_request_makes_one_ticket(site: Site) -> None:
    first = await site.made(request_id="r1")
    assert await site.made(request_id="r1") == first
    status, problem = await site(
        "operator", "POST", "/v1/tickets", {"kind": "pay", "title": "Other", "input": {"amount": 3}, "request_id": "r1"}
    )
    assert (status, problem["type"]) == (409, "urn:hulk:problem:conflict")


async def test_a_ticket_stands_in_the_chain_of_its_intent(site: Site) -> None:
    made = await site.made(intent_id=INTENT, plan_id=PLAN)
    for query in (f"intent={INTENT}", f"plan={PLAN}"):
        _, page = await site("viewer", "GET", f"/v1/tickets?{query}")
        assert [one["ticket_id"] for one in page["tickets"]] == [made["ticket_id"]]
    status, _ = await site("rival", "POST", "/v1/tickets", {"kind": "pay", "title": "x", "input": {"amount": 1}, "intent_id": INTENT})
    assert status == 422, "nobody puts tickets into another tenant's story"


async def test_tickets_made_together_come_after_each_other(site: Site) -> None:
    one = {"kind": "pay", "title": "Pay", "input": {"amount": 1}}
    status, made = await site("operator", "POST", "/v1/tickets/batch", {"tickets": [one, one | {"after": ["#0"]}]})
    assert (status, [each["status"] for each in made["tickets"]]) == (201, ["ready", "open"])
    assert made["tickets"][1]["after"] == [made["tickets"][0]["ticket_id"]]


async def test_of_many_that_are_done_each_is_told_by_itself(site: Site) -> None:
    for _ in range(3):
        await site.made()
    lease = await site.taken()
    ids_ = [one["ticket_id"] for one in lease["tickets"]]
    done = [
        {"ticket_id": ids_[0], "fence": 1, "result": {"paid": True}},
        {"ticket_id": ids_[1], "fence": 1},
        {"ticket_id": ids_[2], "fence": 7, "result": {"paid": True}},
    ]
    status, answer = await site("operator", "POST", "/v1/leases/complete", {"completions": done, "lease_token": lease["token"]})
    assert (status, answer["completed"]) == (200, [ids_[0]])
    assert {id_: one["code"] for id_, one in answer["refused"].items()} == {ids_[1]: "invalid", ids_[2]: "lease_lost"}
    assert answer["refused"][ids_[1]]["errors"] == [{"field": "result.paid", "detail": "it is required and missing"}]


async def test_what_fails_is_tried_again_or_not(site: Site) -> None:
    made = await site.made()
    for retry, status_then in ((True, "ready"), (False, "failed")):
        lease = await site.taken()
        [held] = lease["tickets"]
        body = {"ticket_id": held["ticket_id"], "fence": held["fence"], "code": "busy", "detail": "banco ocupado", "retry": retry}
        status, shown = await site(lease["token"], "POST", "/v1/leases/fail", body)
        assert (status, shown["status"], shown["problem"]) == (200, status_then, {"code": "busy", "detail": "banco ocupado"})
    status, shown = await site("operator", "POST", f"/v1/tickets/{made['ticket_id']}/status", {"status": "open", "reason": "again"})
    assert (status, shown["status"], shown["problem"]) == (200, "ready", None)


async def test_a_person_decides_and_the_others_hear(site: Site) -> None:
    asked = await site.made(assignee="person:")
    status, problem = await site("operator", "POST", f"/v1/tickets/{asked['ticket_id']}/approve")
    assert (status, "approve" in problem["detail"]) == (403, True)
    status, said = await site("approver", "POST", f"/v1/tickets/{asked['ticket_id']}/comments", {"text": "por quê?", "request_id": "c1"})
    assert (status, said["text"]) == (201, "por quê?")
    assert await site("approver", "POST", f"/v1/tickets/{asked['ticket_id']}/comments", {"text": "por quê?", "request_id": "c1"}) == (
        201,
        said,
    )
    status, shown = await site("approver", "POST", f"/v1/tickets/{asked['ticket_id']}/approve", {"reason": "ok", "result": {"paid": 1}})
    assert (status, shown["status"], shown["result"]) == (200, "completed", {"paid": 1})
    status, problem = await site("approver", "POST", f"/v1/tickets/{asked['ticket_id']}/reject")
    assert (status, "completed and cannot become failed" in problem["detail"]) == (409, True)
    status, shown = await site("viewer", "GET", f"/v1/tickets/{asked['ticket_id']}")
    assert [one["comment_id"] for one in shown["comments"]] == [said["comment_id"]]


async def test_what_is_for_one_person_is_decided_on_by_that_person_or_an_admin(site: Site) -> None:
    anas, ruis = await site.made(assignee="person:ana"), await site.made(assignee="person:rui")
    assert (await site("approver", "POST", f"/v1/tickets/{anas['ticket_id']}/approve"))[0] == 200
    assert (await site("approver", "POST", f"/v1/tickets/{ruis['ticket_id']}/approve"))[0] == 403
    assert (await site("admin", "POST", f"/v1/tickets/{ruis['ticket_id']}/reject", {"reason": "no"}))[0] == 200


async def test_what_is_called_off_is_lost_to_its_worker(site: Site) -> None:
    await site.made()
    lease = await site.taken()
    [held] = lease["tickets"]
    status, shown = await site("operator", "POST", f"/v1/tickets/{held['ticket_id']}/cancel", {"reason": "not needed"})
    assert (status, shown["status"]) == (200, "cancelled")
    status, problem = await site(lease["token"], "POST", "/v1/leases/heartbeat", {"tickets": [held["ticket_id"]]})
    assert (status, problem["type"]) == (409, "urn:hulk:problem:lease_lost")


async def test_a_worker_of_a_group_takes_its_groups_work_only(site: Site) -> None:
    await site.made(assignee="worker_group:builders")
    status, problem = await site("builder", "POST", "/v1/leases", {"worker": "w", "kinds": ["pay"], "assignees": ["worker_group:testers"]})
    assert (status, problem["errors"][0]["field"]) == (422, "assignees[0]")
    status, lease = await site("builder", "POST", "/v1/leases", {"worker": "w", "kinds": ["pay"], "assignees": ["worker_group:builders"]})
    assert (status, len(lease["tickets"])) == (200, 1)


async def test_who_waits_for_work_gets_it_as_it_comes(site: Site) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(site.taken(wait=20))
        await asyncio.sleep(0)
        made = await site.made()
    assert [one["ticket_id"] for one in waiting.result()["tickets"]] == [made["ticket_id"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", "dcba", id="all, newest first"),
        pytest.param("priority=urgent", "b", id="priority"),
        pytest.param("priority=urgent&priority=low", "cb", id="either priority"),
        pytest.param("label=env=prod", "ca", id="label"),
        pytest.param("label=env=prod&label=team=x", "c", id="both labels"),
        pytest.param("text=fevereiro", "b", id="a word of the title"),
        pytest.param("text=RELATORIO", "ba", id="without accents, in capitals"),
        pytest.param("text=joao", "d", id="a word of the input"),
        pytest.param("text=relatorio%20janeiro", "a", id="all words"),
        pytest.param("text=relatorio%20nada", "", id="not all words"),
        pytest.param("namespace=prod", "d", id="namespace"),
        pytest.param("assignee=person:", "c", id="assignee"),
        pytest.param("kind=pay&status=ready", "dba", id="kind and status"),
        pytest.param("kind=pay&kind=other", "dcba", id="either kind"),
        pytest.param("kind=other", "", id="no such"),
        pytest.param("overdue=true", "", id="none overdue"),
        pytest.param("limit=2", "dc", id="only so many"),
    ],
)
async def test_tickets_are_found(query: str, found: str, site: Site) -> None:
    tickets: dict[str, dict[str, Any]] = {
        "a": {"title": "Relatório de janeiro", "labels": {"env": "prod"}},
        "b": {"title": "Relatório de fevereiro", "priority": "urgent"},
        "c": {"title": "Aprovar", "labels": {"env": "prod", "team": "x"}, "assignee": "person:", "priority": "low"},
        "d": {"title": "Pagar", "input": {"amount": 3, "who": "João"}, "namespace": "prod"},
    }  # fmt: skip
    named = {(await site.made(**more))["ticket_id"]: name for name, more in tickets.items()}
    status, page = await site("viewer", "GET", f"/v1/tickets?{query}")
    assert (status, "".join(named[one["ticket_id"]] for one in page["tickets"])) == (200, found)
    assert (await site("rival", "GET", f"/v1/tickets?{query}"))[1]["tickets"] == []
    in_prod = [one for one in page["tickets"] if one["namespace"] == "prod"]
    assert (await site("prod", "GET", f"/v1/tickets?{query}"))[1]["tickets"] == in_prod or "limit" in query


async def test_pages_go_through_all_once_in_their_order(site: Site) -> None:
    one = {"kind": "pay", "title": "Pay", "input": {"amount": 1}}
    await site("operator", "POST", "/v1/tickets/batch", {"tickets": [one | {"title": f"p {n % 3}"} for n in range(25)]})
    for query, many in (("", 25), ("text=p&", 25), ("kind=pay&status=ready&", 25)):
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            status, page = await site("viewer", "GET", f"/v1/tickets?{query}limit=7&after={after}")
            assert status == 200
            seen += [each["ticket_id"] for each in page["tickets"]]
            after = page["next"]
        assert (len(seen), len(set(seen))) == (many, many)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v1/tickets/{quote(chr(0) + 'a')}", 422), ("/v1/tickets/tkt_x", 422), (f"/v1/tickets/{ids.derived('tkt', 'x')}", 404),
        ("/v1/tickets?after=zzz", 422), ("/v1/tickets?after=WyIyMDI2IiwgMV0", 422), ("/v1/tickets?label=x", 422),
        (f"/v1/tickets?after={page_token(ticket(1, id=NUL))}", 422),
        (f"/v1/tickets?kind={quote('a' + chr(0))}", 422), ("/v1/tickets?status=nope", 422), ("/v1/tickets?assignee=dog:x", 422),
        (f"/v1/tickets?intent={quote(chr(0))}", 422), (f"/v1/tickets?text={quote('a' + chr(0) + 'b')}", 200), ("/v1/tickets?limit=0", 422),
    ],
)  # fmt: skip
async def test_what_cannot_be_looked_for_is_refused_in_words(path: str, status: int, site: Site) -> None:
    found, body = await site("viewer", "GET", path)
    assert found == status, body


async def test_changes_are_told_as_they_happen_and_from_where_one_left_off(site: Site) -> None:
    made = await site.made()

    async def heard(count: int, last: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        headers = {"authorization": "Bearer viewer", "last-event-id": last}
        async with site.http.get("/v1/tickets/watch?kind=pay", headers=headers) as response:
            assert response.status == 200
            position = ""
            async for line in response.content:
                position = line.decode()[4:].strip() if line.startswith(b"id: ") else position
                if line.startswith(b"data: "):
                    found.append(json.loads(line[6:]) | {"position": position})
                    if len(found) == count:
                        break
        return found

    async with asyncio.TaskGroup() as group:
        listening = group.create_task(heard(3, "0"))
        lease = await site.taken()
        [held] = lease["tickets"]
        await site(lease["token"], "POST", "/v1/leases/fail", {"ticket_id": held["ticket_id"], "fence": 1})
    told = listening.result()
    assert [one["type"] for one in told] == ["hulk.ticket.created.v1", "hulk.ticket.leased.v1", "hulk.ticket.failed.v1"]
    assert {one["ticket"]["ticket_id"] for one in told} == {made["ticket_id"]}
    assert (await heard(1, told[1]["position"]))[0] == told[2]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        pytest.param({"type": "nope"}, "not a JSON Schema", id="no schema"),
        pytest.param({"$ref": "http://169.254.169.254/latest"}, "only what is inside", id="leads elsewhere"),
        pytest.param({"pattern": "(a+)+$(?=x)"}, "regex", id="a pattern that may take for ever"),
    ],
)
async def test_a_kind_with_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any], reason: str, site: Site) -> None:
    status, problem = await site("admin", "PUT", "/v1/ticket-kinds/other", {"input_schema": schema})
    assert (status, problem["errors"][0]["field"]) == (422, "input_schema")
    assert reason in problem["errors"][0]["detail"]


async def test_kinds_are_listed_changed_and_removed(site: Site) -> None:
    status, kind = await site("admin", "PUT", "/v1/ticket-kinds/report.monthly", {"lease": 60, "attempts": 2})
    assert (status, kind["version"], kind["lease"]) == (200, 1, 60)
    status, kind = await site("admin", "PUT", "/v1/ticket-kinds/report.monthly", {"lease": 90, "attempts": 2})
    assert (status, kind["version"]) == (200, 2)
    status, listed = await site("viewer", "GET", "/v1/ticket-kinds")
    assert [one["kind"] for one in listed["kinds"]] == ["pay", "report.monthly"]
    assert (await site("admin", "DELETE", "/v1/ticket-kinds/report.monthly"))[0] == 204
    assert (await site("admin", "DELETE", "/v1/ticket-kinds/report.monthly"))[0] == 404
    assert (await site("operator", "PUT", "/v1/ticket-kinds/x", {}))[0] == 403
    assert (await site("admin", "PUT", "/v1/ticket-kinds/Nope!", {}))[0] == 422


async def test_the_keys_of_lease_tokens_are_public_and_nothing_else_of_them(site: Site) -> None:
    async with site.http.get("/.well-known/jwks.json") as response:
        [key] = (await response.json(content_type=None))["keys"]
    assert (response.status, key["kty"], key["crv"], "d" in key) == (200, "OKP", "Ed25519", False)
