"""What is told about requests: ids, log lines, metrics, traces, and nothing that is private."""

import re

import fastapi
import pytest
import structlog
from fastapi import APIRouter
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from hulk.kernel.errors import HulkError, Unavailable
from hulk.runtime.http.middleware.hardening import HEADERS
from hulk.runtime.telemetry import Metrics, trace_id
from support.asgi import Request, asked
from support.served import application, served


def routes() -> APIRouter:
    """A route with a parameter."""
    router = APIRouter(prefix="/v1")

    @router.post("/things/{id}")
    async def thing(id: str) -> str:  # noqa: A002  # as in the path
        return trace_id() or id

    return router


async def test_a_sane_request_id_is_kept_and_any_other_replaced() -> None:
    async with served(application()) as client:
        for sent, kept in [("my-id.7:x", True), ("a b", False), ("x" * 200, False), ("é", False), ("", False)]:
            async with client.get("/health", headers={"X-Request-Id": sent}) as answer:
                found = answer.headers["X-Request-Id"]
                assert (found == sent) is kept
                assert kept or re.fullmatch(r"req_[0-9a-z]{26}", found)


async def test_a_request_is_one_line_without_query_body_or_key() -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        async with served(application([routes()])) as client:
            headers = {"X-API-Key": "right", "X-Request-Id": "r1"}
            async with client.post("/v1/things/private1?q=private2", data=b"private3", headers=headers) as answer:
                assert answer.status == 200
    [line] = [line for line in logs if line["event"] == "http_request"]
    assert line.pop("ms") >= 0
    assert line == {
        "event": "http_request", "log_level": "info", "request_id": "r1", "method": "POST", "route": "/v1/things/{id}", "status": 200,
        "client": "127.0.0.1", "tenant": "acme", "actor": "key:right",
    }  # fmt: skip
    assert "private" not in str(logs)


async def test_a_caller_who_hangs_up_amid_the_body_is_told_of_as_one_who_had_gone() -> None:
    router = APIRouter()

    @router.post("/count")
    async def count(request: fastapi.Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    cut = Request(method="POST", target=b"/count", headers=((b"host", b"localhost"),), body=(b"x",), leaves=True)
    with capture_logs() as logs:
        assert (await asked(application([router]), cut)).status == 0
    assert [(line["event"], line["status"]) for line in logs] == [("http_request", 499)]


async def test_requests_are_measured_by_method_route_and_status() -> None:
    metrics = Metrics()
    async with served(application([routes()], metrics=metrics)) as client:
        for method, path in [("POST", "/v1/things/1"), ("POST", "/v1/things/2"), ("GET", "/v1/things/1"), ("GET", "/no"), ("BREW", "/no")]:
            async with client.request(method, path):
                pass
        async with client.get("/metrics") as answer:
            assert answer.content_type == "text/plain"
            families = {family.name: family for family in text_string_to_metric_families(await answer.text())}
    family = families["http_server_request_duration_seconds"]
    counts = {
        (it.labels["http_request_method"], it.labels["http_route"], it.labels["http_response_status_code"]): it.value
        for it in family.samples
        if it.name.endswith("_count")
    }
    assert counts[("POST", "/v1/things/{id}", "200")] == 2
    assert counts[("GET", "unmatched", "404")] == 1
    assert counts[("_OTHER", "unmatched", "404")] == 1
    assert sum(count for (_, _, status), count in counts.items() if status == "405") == 1


async def test_a_request_goes_on_with_the_callers_trace() -> None:
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    async with served(application([routes()])) as client, client.post("/v1/things/1", headers=headers) as answer:
        assert await answer.json() == "0af7651916cd43dd8448eb211c80319c"


async def test_browsers_are_told_to_be_careful() -> None:
    async with served(application()) as client:
        for path in ("/health", "/nothing", "/docs"):
            async with client.get(path) as answer:
                assert {name: answer.headers[name] for name in HEADERS} == HEADERS


async def fine() -> dict[str, object]:
    """A check that passes, with a detail."""
    return {"fsync": "always"}


async def failing() -> None:
    """A check that says no."""
    raise Unavailable("The disk is full: nothing was written. Free some space; Hulk goes on by itself.")


async def broken() -> None:
    """A check that is itself broken."""
    raise ZeroDivisionError("secret inside")


async def test_ready_tells_the_state_of_every_check() -> None:
    async with served(application(checks={"store": fine})) as client, client.get("/ready") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok", "checks": {"store": {"status": "ok", "fsync": "always"}}})
    async with served(application(checks={"store": fine, "nats": failing, "odd": broken})) as client, client.get("/ready") as answer:
        body = await answer.json()
    assert (answer.status, body["status"]) == (503, "not_ready")
    assert body["checks"]["store"]["status"] == "ok"
    assert body["checks"]["nats"]["detail"].startswith("The disk is full")
    assert body["checks"]["odd"] == {"status": "failed", "detail": "The check itself failed; the log has the details."}


async def test_health_says_that_the_process_lives_even_when_nothing_is_ready() -> None:
    async with served(application(checks={"nats": failing})) as client, client.get("/health") as answer:
        assert (answer.status, (await answer.json())["status"]) == (200, "ok")


@pytest.mark.parametrize("path", ["/docs/../../etc/passwd", "/docs/%2e%2e%2fsecret", "/docs/index.j2"])
async def test_the_docs_give_no_other_files(path: str) -> None:
    async with served(application()) as client, client.get(path) as answer:
        assert answer.status == 404


async def test_the_docs_load_everything_from_here_and_nothing_inline() -> None:
    async with served(application([routes()])) as client:
        async with client.get("/docs") as answer:
            page = await answer.text()
        assert "http" not in page.replace("http-equiv", "")
        assert not re.search(r"<script[^>]*>[^<]", page)
        for path in re.findall(r'(?:src|href)="([^"]+)"', page):
            async with client.get(path) as answer:
                assert answer.status == 200, path
        async with client.get("/docs/openapi.json") as answer:
            drawn = await answer.json()
        async with client.get("/openapi.json") as answer:
            described = await answer.json()
    assert drawn["openapi"] == "3.0.3"
    assert described["openapi"].startswith("3.1")
    assert "/v1/things/{id}" in described["paths"]
    assert "/docs" not in described["paths"]
    assert set(described["components"]["securitySchemes"]) == {"bearer", "key", "session"}


def test_no_error_is_without_a_status() -> None:
    from hulk.runtime.http.problems import STATUS

    def kinds(kind: type[HulkError]) -> set[type[HulkError]]:
        return {kind, *(deeper for child in kind.__subclasses__() for deeper in kinds(child))}

    missing = {kind for kind in kinds(HulkError) - {HulkError} if not any(issubclass(kind, known) for known in STATUS)}
    assert missing == set()
