"""What a caller is told when something is not possible: always a problem (RFC 9457), in their language."""

import json
from pathlib import Path
from typing import Annotated, Literal

import aiohttp
import pytest
import structlog
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from structlog.testing import capture_logs

from hulk.kernel.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    HulkError,
    NotFound,
    Refused,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from hulk.runtime.http import Download, TimedOut
from support.served import application, served

MISSING = NotFound("“{value}” is not an id of this kind: expected {prefix}_ and 26 letters or digits.", value="x", prefix="tkt")


class Body(BaseModel):
    """What the test's route takes."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=2)
    kind: Literal["a", "b"] = "a"
    counts: list[int] = []


def routes(error: Exception | None = None) -> APIRouter:
    """A route that fails, and one that is strict."""
    router = APIRouter(prefix="/v1")

    @router.get("/fail")
    async def fail() -> None:
        if error is not None:
            raise error

    @router.post("/strict")
    async def strict(body: Body, limit: Annotated[int, Query(le=10)] = 1) -> dict[str, object]:
        return {"name": body.name, "limit": limit}

    return router


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (Refused("No."), 422, "refused", None),
        (Unauthenticated("No."), 401, "unauthenticated", None),
        (Forbidden("No."), 403, "forbidden", None),
        (TooLarge("No."), 413, "too_large", None),
        (NotFound("No."), 404, "not_found", None),
        (Conflict("No."), 409, "conflict", None),
        (Exhausted("No.", retry_after=0.2), 429, "exhausted", "1"),
        (Unavailable("No.", retry_after=7), 503, "unavailable", "7"),
        (Unavailable("No."), 503, "unavailable", None),
        (TimedOut("No."), 504, "timed_out", None),
    ],
    ids=lambda value: value.code if isinstance(value, HulkError) else None,
)
async def test_each_error_has_its_status(error: HulkError, status: int, code: str, retry_after: str | None) -> None:
    async with served(application([routes(error)])) as client, client.get("/v1/fail") as answer:
        body = await answer.json(content_type="application/problem+json")
    assert (answer.status, answer.headers.get("Retry-After")) == (status, retry_after)
    assert body.pop("instance") == answer.headers["X-Request-Id"]
    assert body.pop("title")
    body.pop("retry_after", None)
    assert body == {"type": f"urn:hulk:problem:{code}", "status": status, "detail": "No."}


@pytest.mark.parametrize(
    ("wish", "language", "detail"),
    [("en", "en", "“x” is not an id"), ("pt-BR", "pt", "“x” não é um id"), ("de", "pt", "“x” não é um id")],
)
async def test_the_caller_is_told_in_their_language(wish: str, language: str, detail: str) -> None:
    async with served(application([routes(MISSING)])) as client, client.get("/v1/fail", headers={"Accept-Language": wish}) as answer:
        assert (await answer.json(content_type=None))["detail"].startswith(detail)
        assert answer.headers["Content-Language"] == language


async def test_a_bug_is_logged_with_its_trace_and_told_without_it() -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        async with served(application([routes(ZeroDivisionError("secret inside"))])) as client, client.get("/v1/fail") as answer:
            text = await answer.text()
    assert answer.status == 500
    assert "secret" not in text
    assert "ZeroDivision" not in text
    told = next(line for line in logs if line["event"] == "request_failed")
    assert (told["exc_info"], told["request_id"]) == (True, json.loads(text)["instance"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param('{"name": "x"}', ["body.name: the length must be at least 2."], id="too short"),
        pytest.param(
            '{"nam": "xx"}', ["body.name: it is required and missing.", "body.nam: there is no such field; remove it."], id="mistyped"
        ),
        pytest.param('{"name": "xx", "kind": "c"}', ["body.kind: allowed: a, b."], id="not one of the choices"),
        pytest.param('{"name": "xx", "counts": [1, "z"]}', ["body.counts[1]: a whole number is expected."], id="in a list"),
        pytest.param('{"name": ', ["body: this is not valid JSON: Expecting value."], id="broken JSON"),
        pytest.param("[]", ["body: keys with values are expected."], id="no object"),
    ],
)
async def test_a_wrong_body_is_told_field_by_field(body: str, said: list[str]) -> None:
    headers = {"Content-Type": "application/json"}
    async with served(application([routes()])) as client, client.post("/v1/strict", data=body, headers=headers) as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["type"]) == (422, "urn:hulk:problem:invalid")
    assert problem["detail"].splitlines() == said
    assert [f"{error['field']}: {error['detail']}." for error in problem["errors"]] == said


async def test_wrong_parameters_are_told_in_portuguese_too() -> None:
    headers = {"Accept-Language": "pt"}
    async with (
        served(application([routes()])) as client,
        client.post("/v1/strict?limit=99", json={"name": "xx"}, headers=headers) as answer,
    ):
        assert (await answer.json(content_type=None))["detail"] == "query.limit: deve ser no máximo 10."


async def told(client: aiohttp.ClientSession, method: str, path: str, data: bytes | None = None) -> tuple[int, str, str]:
    """Status, code and media type of an answer."""
    async with client.request(method, path, data=data, headers={"Content-Type": "application/json"}) as answer:
        body = await answer.json(content_type=None)
        return answer.status, body["type"].removeprefix("urn:hulk:problem:"), answer.content_type


async def test_the_frameworks_own_refusals_are_problems_too() -> None:
    async with served(application([routes()])) as client:
        assert await told(client, "GET", "/nothing") == (404, "not_found", "application/problem+json")
        assert await told(client, "DELETE", "/v1/strict") == (405, "method_not_allowed", "application/problem+json")
        assert (await told(client, "POST", "/v1/strict", b"\xff\xfe{"))[0] in (400, 422)


@pytest.mark.parametrize(("range_", "status"), [("bytes=0-4", 206), ("bytes=5-2", 400), ("bytes=99-", 416)])
async def test_a_range_that_a_file_has_not_is_a_problem_too(range_: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    router = APIRouter()

    @router.get("/file")
    async def file() -> Response:
        return Download(tmp_path / "file")

    async with served(application([router])) as client, client.get("/file", headers={"Range": range_}) as answer:
        assert (answer.status, await answer.read() == b"01234") == (status, status == 206)
        assert answer.headers.get("content-range") == {206: "bytes 0-4/10", 400: None, 416: "bytes */10"}[status]
        assert (answer.content_type == "application/problem+json") is (status >= 400)


@pytest.mark.parametrize("language", ["en", "pt"])
async def test_a_detail_that_repeats_half_of_a_pair_is_told_all_the_same(language: str) -> None:
    router = APIRouter()

    @router.get("/refused")
    async def refused() -> None:
        raise Refused("There is no {name}.", name="a\ud800b")

    async with served(application([router])) as client, client.get("/refused", headers={"Accept-Language": language}) as answer:
        assert (answer.status, "a\ufffdb" in (await answer.json(content_type=None))["detail"]) == (422, True)
