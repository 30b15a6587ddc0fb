"""The way out to models: nothing passes the gate unseen, and there is no other way."""

import ast
from pathlib import Path

import httpx2
import openai
import pytest

from hulk.kernel.errors import Forbidden
from hulk.modules import router
from hulk.modules.router.adapters.transport import GatedTransport, opened
from hulk.modules.router.domain.model import Model
from support.gates import Recording
from support.ports import free_port
from support.twins import openai_twin, seen

ROUTER = Path(router.__file__).parent
WAYS_OUT = frozenset(
    {"aiohttp", "http", "httpx", "httpx2", "httpx_aiohttp", "httpcore", "openai", "anthropic", "google", "grpc", "pydantic_ai", "requests"}
    | {"socket", "ssl", "urllib.request", "urllib3", "websockets", "subprocess", "ftplib", "smtplib", "telnetlib", "xmlrpc"}
)
TRANSPORT, WAY = "adapters/transport.py", "adapters/vendors/way.py"


def imported(file: Path) -> set[str]:
    """All that a file imports, wherever in it."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    plain = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    parted = {f"{node.module}.{name.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    return plain | parted


def goes_out(name: str) -> bool:
    """Whether what is imported can make a connection."""
    return any(name == way or name.startswith(f"{way}.") for way in WAYS_OUT)


def test_only_the_transport_can_make_connections() -> None:
    able = {str(file.relative_to(ROUTER)) for file in ROUTER.rglob("*.py") if any(map(goes_out, imported(file)))}
    assert able == {TRANSPORT, WAY}
    assert {name for name in imported(ROUTER / WAY) if goes_out(name)} == {"httpx2"}


def test_who_asks_gets_its_client_from_the_transport_only() -> None:
    """`httpx2` itself could connect as well: of it, only times and errors are used."""
    tree = ast.parse((ROUTER / WAY).read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "httpx2"
    }
    assert used <= {"ConnectError", "DecodingError", "InvalidURL", "Response", "Timeout", "TransportError", "UnsupportedProtocol"}


def test_nothing_else_of_the_runtime_connects_for_the_router() -> None:
    for file in ROUTER.rglob("*.py"):
        assert not {"hulk.runtime.breaker.answering", "hulk.runtime.models.served"} & imported(file)


async def test_every_request_of_any_library_passes_the_gate() -> None:
    gate = Recording()
    with openai_twin() as url:
        async with openai.AsyncOpenAI(base_url=url, api_key="right", max_retries=2, http_client=opened(gate, local=True)) as client:
            with pytest.raises(openai.InternalServerError):
                await client.chat.completions.create(model="down", messages=[{"role": "user", "content": "hi"}])
    assert [(method, address) for method, address, _ in gate.passed] == [("POST", f"{url}/chat/completions")] * 3
    assert b'"hi"' in gate.passed[0][2]


async def test_what_the_gate_stops_is_never_sent() -> None:
    gate = Recording(shut=True)
    with openai_twin() as url:
        async with opened(gate, local=False) as client:
            for request in (client.post(f"{url}/chat/completions", json={"model": "echo"}), client.get(f"{url}/models")):
                with pytest.raises(Forbidden):
                    await request
        assert seen(url) == []


async def test_proxies_of_the_environment_are_asked_through_the_gate_and_never_for_local_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", "")
    gate = Recording()
    with openai_twin() as url:
        async with opened(gate, local=True) as local:
            assert (await local.get(f"{url}/models")).status_code == 200
        async with opened(gate, local=False) as cloud:
            with pytest.raises(httpx2.ConnectError):
                await cloud.get(f"{url}/models")
        assert len(gate.passed) == 2
        assert all(isinstance(one, GatedTransport) for one in cloud._mounts.values() if one is not None)


@pytest.mark.parametrize(
    ("url", "held"),
    [
        ("https://api.example.com/v1/chat/completions", True),
        ("https://API.example.com:443/v1/models", True),
        ("http://api.example.com/v1/models", False),
        ("https://api.example.com/v1", False),
        ("https://api.example.com/v11/models", False),
        ("https://api.example.com/v1/../admin", False),
        ("https://api.example.com.evil.org/v1/models", False),
        ("https://api.example.com@evil.org/v1/models", False),
        ("https://api.example.com:8443/v1/models", False),
    ],
)
def test_an_address_is_a_models_below_its_own_only(url: str, held: bool) -> None:
    assert Model(name="a", url="https://api.example.com/v1", model="m").holds(url) is held
