"""Whatever anybody sends to any route, Hulk is never at fault: no 5xx, every error is a problem, none stands in the log as an exception.

A request follows from its seed and its index; a new Hulk begins with each seed, in the long run on both databases by turns.
HULK_TEST_REQUESTS is how many are sent there, HULK_TEST_FIRST_SEED where it begins: what a failure names is repeated by them. Of the
million that Hulk is to bear, one in ten goes over gRPC (tests/modules/tickets/test_tickets_grpc_fuzz.py).
"""

import asyncio
import contextlib
import io
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hulk.modules.router.api.openai import PATHS
from support.asgi import Answer, Request, asked
from support.callers import World, a_world, routes_of
from support.mutations import mutated, seeded
from support.postgres import Postgres
from support.subjects import known
from support.wellformed import Maker, Operation, draft, operations

AT_ONCE = 16
OF_A_SEED = 10_000
"""Requests to the same Hulk: so many that what they leave behind does not slow it down."""
BOUNDED = 1500
LONG = int(os.environ.get("HULK_TEST_REQUESTS", "900_000"))
FIRST = int(os.environ.get("HULK_TEST_FIRST_SEED", "0"))
MEMBERS = {"type", "title", "status", "detail", "instance"}


@dataclass
class Fuzzed:
    """A running Hulk, what can be sent to it, and what it says on standard error."""

    world: World
    operations: list[Operation]
    maker: Maker
    said: io.StringIO
    wrong: list[str] = field(default_factory=list)

    async def send(self, seed: int, count: int) -> None:
        """The seed's first requests, some at once."""
        indices = iter(range(count))
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._several(seed, indices))

    async def _several(self, seed: int, indices: Iterator[int]) -> None:
        for index in indices:
            request = self.request(seed, index)
            async with asyncio.timeout(60):
                answer = await asked(self.world.app, request)
            self.wrong += [f"{one}: seed {seed}, index {index}: {shown(request, answer)}" for one in complaints(request, answer)]

    def request(self, seed: int, index: int) -> Request:
        """The request of that seed and index. Its id, which the log has too, says which it is."""
        rng = seeded(seed, index)
        made = draft(rng, rng.choice(self.operations), self.maker)
        made.headers.append((b"x-request-id", f"{seed}-{index}".encode()))
        return mutated(rng, made, self.world.keys)

    def errors(self) -> list[str]:
        """What the log tells of exceptions."""
        return [line for line in self.said.getvalue().splitlines() if not line.startswith("{") or json.loads(line)["level"] == "error"]


def complaints(request: Request, answer: Answer) -> Iterator[str]:
    """What is wrong with the answer."""
    if request.leaves:
        return
    if not 200 <= answer.status < 500:
        yield f"answered {answer.status}"
    elif answer.status >= 400 and not (is_problem(answer) or (asks_models(request) and is_openais(answer))):
        yield "no problem"
    if not answer.header("x-request-id") or answer.header("x-content-type-options") != "nosniff":
        yield "headers are missing"


def is_problem(answer: Answer) -> bool:
    """Whether it is a problem as RFC 9457 has it, with all that ours have."""
    if answer.media_type != "application/problem+json":
        return False
    body = json.loads(answer.body)
    return body.keys() >= MEMBERS and (body["status"], body["instance"]) == (answer.status, answer.header("x-request-id"))


def asks_models(request: Request) -> bool:
    """Whether it goes where errors are told in OpenAI's form."""
    return request.target.partition(b"?")[0].decode(errors="replace") in PATHS


def is_openais(answer: Answer) -> bool:
    """Whether it is an error as OpenAI tells one, with our id of the request."""
    body = json.loads(answer.body) if answer.media_type == "application/json" else {}
    return body.get("request_id") == answer.header("x-request-id") and body.get("error", {}).keys() == {"message", "type", "param", "code"}


def shown(request: Request, answer: Answer) -> str:
    """Both, as far as one reads."""
    body = b"".join(request.body)
    head = " ".join(f"{name.decode()}: {value[:100]!r}" for name, value in request.headers)
    return f"{request.method} {request.target[:300]!r} {head} {len(body)} {body[:500]!r} -> {answer.status} {answer.body[:300]!r}"


@asynccontextmanager
async def fuzzed(folder: Path, store: str = "") -> AsyncIterator[Fuzzed]:
    """A new one, on the store at that URL; else on SQLite."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        async with a_world(folder, logging__level="error", store__url=store) as world:
            document = world.app.openapi()
            maker = Maker(document["components"]["schemas"], await known(world))
            yield Fuzzed(world, operations(document, sorted(routes_of(world.app))), maker, said)


async def tried(folder: Path, seed: int, count: int, store: str = "") -> None:
    """Send the seed's first requests to a new Hulk; nothing may be wrong with the answers, or stand in the log."""
    async with fuzzed(folder, store) as hulk:
        await hulk.send(seed, count)
        assert (await hulk.world.call("nobody", "GET", "/health"))[0] == 200
    assert (hulk.wrong[:20], hulk.errors()[:20]) == ([], []), f"{len(hulk.wrong)} of {count} answers"


async def test_no_mutated_request_finds_hulk_at_fault(tmp_path: Path) -> None:
    await tried(tmp_path, FIRST, BOUNDED)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + -(-LONG // OF_A_SEED)))
async def test_no_request_of_a_long_run_finds_hulk_at_fault(seed: int, tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    await tried(tmp_path, seed, OF_A_SEED, postgres().database() if seed % 2 else "")
