"""Requests below addresses that the operator names, against a server of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Forbidden, NotFound, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.backends.http import Endpoint, Http, below
from hulk.modules.tools.domain import Bytes
from hulk.modules.tools.ports import Uncertain
from support.backends import ABOUT, HURRIED, ask, data, without_waiting, words
from support.twins.systems import System, system


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    with system("plain") as twin:
        yield twin


@pytest.fixture
def twin(running: System) -> System:
    running.reset()
    return running


def http(twin: System, **more: Any) -> Http:
    given: dict[str, Any] = {"private": True, "headers": lambda: {"Authorization": "Bearer right"}, **more}
    return Http("http", ABOUT, endpoints=[Endpoint(prefix=f"{twin.url}/api/v1", **given)], most_bytes=100_000)


ALL = ("GET", "HEAD", "POST", "DELETE")


async def test_what_stands_below_the_address_is_read_with_a_key_that_is_not_told(twin: System) -> None:
    output = await ask(http(twin), "get", url=f"{twin.url}/api/v1/echo?day=1")
    assert output.data is not None
    assert output.data["status"] == 200
    assert output.data["json"]["query"] == {"day": "1"}
    assert output.data["headers"]["ETag"] == '"1"'
    assert twin.seen()[0]["headers"]["authorization"] == "Bearer right"
    assert "right" not in str(output)
    assert "Bearer ***" in words(output) or '"***"' in words(output)


async def test_what_is_no_text_is_bytes_and_a_head_has_none(twin: System) -> None:
    assert (await ask(http(twin), "get", url=f"{twin.url}/api/v1/picture")).pieces == (Bytes(b"\x89PNG", "image/png"),)
    assert (await ask(http(twin), "get", url=f"{twin.url}/api/v1/echo", method="HEAD")).pieces == ()


OUTSIDE = [
    "{root}/admin", "{root}/api/v10/echo", "{root}/api/v1/../admin", "{root}/api/v1/%2e%2e/admin", "{root}/api/v1/%252e%252e/admin",
    "{root}/api/v1/..%2fadmin", "{root}/api/v1/..;/admin", "{root}/api/v1/..\\admin", "{root}/api/v1\n/x", "{root}/api/v1/x#y",
    "http://other.example/api/v1/echo", "http://127.0.0.1/api/v1/echo", "http://me@{host}/api/v1/echo", "//{host}/api/v1/echo",
    "http://{host}@other.example/api/v1/echo", "https://{host}/api/v1/echo", "file:///api/v1", "", "http://[::1/api/v1",
]  # fmt: skip


@pytest.mark.parametrize("url", OUTSIDE)
async def test_nothing_else_is_asked(twin: System, url: str) -> None:
    with pytest.raises(Forbidden, match="begins as none of the addresses"):
        await ask(http(twin), "get", url=url.format(root=twin.url, host=twin.url.removeprefix("http://")))
    assert twin.seen() == []


@given(st.text(alphabet="ab./%2eEfF;\\?#@:", max_size=30))
def test_whatever_follows_it_stays_below_the_address(rest: str) -> None:
    target = below("http://erp.example/api/v1", f"http://erp.example/api/v1{rest}")
    assert target is None or (target.startswith("/api/v1") and target[7:8] in ("", "/", "?"))
    assert target is None or ".." not in target.partition("?")[0].replace("%2e", ".").replace("%2E", ".").split("/")


async def test_a_server_on_a_private_network_is_refused_where_its_name_is_resolved(twin: System) -> None:
    named = Endpoint(prefix=f"{twin.url.replace('127.0.0.1', 'localhost')}/api/v1")
    with pytest.raises(Forbidden, match="private network"):
        await ask(Http("http", ABOUT, endpoints=[named]), "get", url=f"{named.prefix}/echo")
    with pytest.raises(Forbidden, match="private: true"):
        await ask(http(twin, private=False), "get", url=f"{twin.url}/api/v1/echo")
    assert twin.seen() == []


async def test_a_redirection_is_not_followed_though_it_stays_on_the_server(twin: System) -> None:
    with pytest.raises(Refused, match="leads elsewhere"):
        await ask(http(twin), "get", url=f"{twin.url}/api/v1/moved")
    assert [one["path"] for one in twin.seen()] == ["/api/v1/moved"]


async def test_only_methods_that_are_named_are_there(twin: System) -> None:
    assert [one.name for one in await http(twin).tools()] == ["http.get"]
    tools = {one.name: one.effect for one in await http(twin, methods=ALL).tools()}
    assert tools == {"http.get": "read", "http.request": "write", "http.delete": "destroy"}
    with pytest.raises(Forbidden, match="PUT may not be used there, but DELETE, GET, HEAD, POST"):
        await ask(http(twin, methods=ALL), "request", url=f"{twin.url}/api/v1/orders", method="PUT")


async def test_with_a_key_that_the_server_honours_a_lost_answer_is_asked_for_again(twin: System) -> None:
    twin.upset("lost")
    once = http(twin, methods=ALL, idempotency="Idempotency-Key")
    with without_waiting(attempts=2):
        made = await data(once, "request", url=f"{twin.url}/api/v1/orders", body={"item": "till"})
    assert made["json"] == {"orders": 1, "first": {"item": "till"}}
    assert len(twin.seen()) == 2
    assert (await data(once, "delete", url=f"{twin.url}/api/v1/orders/1"))["status"] == 204


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", Refused), ("403", Forbidden), ("404", NotFound), ("429 after 7", Unavailable), ("500", Unavailable), ("slow", Unavailable),
        ("cut", Unavailable), ("flood", TooLarge), ("elsewhere", Refused), ("hung up", Unavailable),
    ],
)  # fmt: skip
async def test_a_read_that_fails_says_what_can_be_done(twin: System, fault: str, error: type[Exception]) -> None:
    twin.upset(fault, times=5)
    with pytest.raises(error), without_waiting(attempts=2):
        await ask(http(twin), "get", url=f"{twin.url}/api/v1/echo", seconds=HURRIED if fault == "slow" else 20)
    assert twin.stolen() == []


@pytest.mark.parametrize("fault", ["500", "slow", "cut", "flood", "lost"])
async def test_a_write_that_fails_may_have_been_done(twin: System, fault: str) -> None:
    twin.upset(fault, times=5)
    with pytest.raises(Uncertain):
        await ask(http(twin, methods=ALL), "request", url=f"{twin.url}/api/v1/orders", body={}, seconds=HURRIED if fault == "slow" else 20)
    assert len(twin.seen()) == 1
