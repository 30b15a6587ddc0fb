"""Memories and reasoning over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hulk.apps.schema import prepare
from hulk.kernel.tenancy import Principal
from hulk.modules.agents.adapters.disputes import TicketDisputes
from hulk.modules.agents.adapters.memory_memories import MemoryMemories
from hulk.modules.agents.adapters.sql_reasoning import SqlCases
from hulk.modules.agents.api import memory_routes, reasoning_routes
from hulk.modules.agents.domain.reasoning import id_of
from hulk.modules.agents.usecases.forgetting import Forget
from hulk.modules.agents.usecases.memory import LookAtMemories, Remember
from hulk.modules.agents.usecases.reasoning import Note, ReviewReasoning, Show
from hulk.modules.tickets.adapters.sql import SqlBoard
from hulk.runtime.store import opened
from support.memory import Told, at_once
from support.minds import (
    Clock,
    WordVectors,
    a_decision,
    a_hypothesis,
    a_new,
    a_principal,
    a_task,
    an_inference,
    drafts,
    some_evidence,
)
from support.served import application, served

PEOPLE = {
    "admin": a_principal(), "operator": a_principal("operator", actor="person:oto"),
    "approver": a_principal("approver", actor="person:bob"), "viewer": a_principal("viewer", actor="person:eve"),
    "stranger": a_principal(tenant="other"),
}  # fmt: skip
INFERENCE, ELSEWHERE = id_of("inference", "acme", a_task(), "i"), id_of("inference", "acme", a_task("two"), "i")


async def known(key: str | None, _: str) -> Principal:
    return PEOPLE[key or "admin"]


@dataclass
class Site:
    client: aiohttp.ClientSession
    remember: Remember

    async def ask(self, method: str, path: str, who: str = "admin", body: Any = None) -> tuple[int, Any]:
        headers = {"x-api-key": who, "accept-language": "en"}
        async with self.client.request(method, f"/v1{path}", json=body, headers=headers) as answer:
            if answer.content_type == "text/markdown":
                return answer.status, await answer.text()
            return answer.status, await answer.json(content_type=None)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with _site(tmp_path) as made:
        yield made


@asynccontextmanager
async def _site(folder: Path) -> AsyncIterator[Site]:
    async with opened("", folder) as store:
        prepare(store.engine)
        memories, vectors, trail, clock = MemoryMemories(), WordVectors(), Told(), Clock()
        cases = SqlCases(store)
        some = (a_hypothesis(), some_evidence("e", ("h", 1.5)), an_inference("i", ["e"]), a_decision())
        await store.commit(Note(cases, trail, clock)("acme", "agent:retail", drafts(*some)))
        review = ReviewReasoning(cases, TicketDisputes(SqlBoard(store), trail, store.commit, clock), trail, store.commit, clock)
        routers = [
            memory_routes(LookAtMemories(memories, vectors, clock), Forget(memories, trail, at_once)),
            reasoning_routes(Show(cases), review),
        ]  # fmt: skip
        async with served(application(routers, authenticate=known)) as client:
            yield Site(client, Remember(memories, vectors, trail, at_once, clock))


async def test_memories_are_listed_searched_and_forgotten(site: Site) -> None:
    for key, text in (("k1", "The sprint ends on Friday."), ("k2", "Orders are late."), ("k3", "O cpf da Ana é 529.982.247-25")):
        await site.remember(PEOPLE["admin"], a_new(key, text, source="https://x.example/"))
    status, listed = await site.ask("GET", "/agents/retail/memories", "viewer")
    assert status == 200
    assert sorted(str(one["text"]) for one in listed["memories"]) == ["None", "Orders are late.", "The sprint ends on Friday."]
    assert [one["withheld"] for one in listed["memories"] if one["text"] is None] == [["cpf"]]
    _, found = await site.ask("GET", "/agents/retail/memories?query=sprint+friday&limit=1", "viewer")
    [one] = found["memories"]
    assert (one["text"], one["score"] > 0, one["uses"], one["source"]) == ("The sprint ends on Friday.", True, 0, "https://x.example/")
    assert (await site.ask("DELETE", f"/memories/{one['id']}", "viewer"))[0] == 403
    assert (await site.ask("DELETE", f"/memories/{one['id']}", "stranger"))[0] == 404
    assert (await site.ask("DELETE", f"/memories/{one['id']}?reason=old"))[0] == 204
    assert (await site.ask("DELETE", "/memories/tkt_1"))[0] == 422
    assert await site.ask("POST", "/memories/forget", body={"agent": "retail", "reason": "over"}) == (200, {"forgotten": 2})
    assert await site.ask("GET", "/agents/retail/memories") == (200, {"memories": []})


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        pytest.param("viewer", {"agent": "retail"}, 403, id="who may only read"),
        pytest.param("viewer", {"about": "person:eve"}, 200, id="but what is about them"),
        pytest.param("admin", {"reason": "x"}, 422, id="nothing in particular"),
        pytest.param("admin", {"agents": "retail"}, 422, id="what there is not"),
    ],
)
async def test_who_may_have_what_forgotten(site: Site, who: str, body: Any, status: int) -> None:
    assert (await site.ask("POST", "/memories/forget", who, body))[0] == status


async def test_reasoning_is_shown_contested_and_settled(site: Site) -> None:
    place = f"/agent-tasks/{a_task()}/reasoning"
    status, shown = await site.ask("GET", place, "viewer")
    assert (status, shown["hypotheses"][0]["status"], shown["decisions"][0]["standing"]) == (200, "supported", "stands")
    contest = {"verdict": "contested", "reason": "Another region."}
    assert (await site.ask("POST", f"/reasoning/{INFERENCE}/reviews", "viewer", contest))[0] == 403
    status, review = await site.ask("POST", f"/reasoning/{INFERENCE}/reviews", "operator", contest)
    assert (status, review["verdict"], review["by"], review["ticket"][:4]) == (201, "contested", "person:oto", "tkt_")
    assert (await site.ask("POST", f"/reasoning/{INFERENCE}/reviews", "operator", contest))[0] == 409
    status, page = await site.ask("GET", f"{place}?format=markdown", "viewer")
    assert (status, "in doubt" in page) == (200, True)
    settle = {"resolution": "withdrawn", "reason": "So it is."}
    assert (await site.ask("POST", f"/reasoning/{INFERENCE}/resolution", "operator", settle))[0] == 403
    assert (await site.ask("POST", f"/reasoning/{INFERENCE}/resolution", "approver", settle))[0] == 200
    _, shown = await site.ask("GET", place)
    assert (shown["decisions"][0]["standing"], len(shown["reviews"])) == ("fallen", 2)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("GET", f"/agent-tasks/{a_task('two')}/reasoning", None, 404, id="a task of which nothing was noted"),
        pytest.param("GET", "/agent-tasks/int_1/reasoning", None, 422, id="no task's id"),
        pytest.param("POST", "/reasoning/inf_none/reviews", {"verdict": "confirmed"}, 422, id="no id"),
        pytest.param("POST", f"/reasoning/{ELSEWHERE}/reviews", {"verdict": "confirmed"}, 404, id="nothing to review"),
        pytest.param("POST", f"/reasoning/{INFERENCE}/reviews", {"verdict": "upheld"}, 422, id="no opinion"),
        pytest.param("POST", f"/reasoning/{INFERENCE}/reviews", {"verdict": "contested"}, 422, id="contested without a reason"),
        pytest.param("POST", f"/reasoning/{INFERENCE}/resolution", {"resolution": "upheld"}, 409, id="nothing to settle"),
    ],
)
async def test_what_is_wrong_is_said(site: Site, method: str, path: str, body: Any, status: int) -> None:
    assert (await site.ask(method, path, body=body))[0] == status
