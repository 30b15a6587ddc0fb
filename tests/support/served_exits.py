"""The router as the program wires it, served over HTTP, with twins of vendors as its models: the same exits once more, with nothing of ours
between the request and the bytes that arrive."""

import contextlib
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr

from hulk.kernel.time import utc_now
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.wiring import wired as wired_finops
from hulk.modules.router.api.learning import routes as learning_routes
from hulk.modules.router.api.openai import PATHS, routes, shaped
from hulk.modules.router.domain.model import Message, Prompt
from hulk.modules.router.settings import LearningSettings, ModelsSettings, PriceSettings, ProviderSettings, RouterSettings
from hulk.modules.router.usecases.weighing import always
from hulk.modules.router.wiring import learning_of, wired
from hulk.runtime.breaker import Breakers
from hulk.runtime.cache import opened
from hulk.runtime.config import CacheSettings, Config, LoggingSettings
from hulk.runtime.models import LocalEmbedder, Remembered
from hulk.runtime.outbox import Outbox
from hulk.runtime.telemetry import Metrics, started
from support.catalogue import built_in
from support.exits import no_postgres, recorded_spans
from support.routing import KEY
from support.served import application, served
from support.stores import a_store
from support.twins import openai_twin, seen


@dataclass
class Served:
    """A client of the served router, and all that can be seen of it."""

    web: aiohttp.ClientSession
    cloud: str
    folder: Path
    lines: io.StringIO
    spans: InMemorySpanExporter
    metrics: Metrics
    errors: list[bytes] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)

    async def post(self, path: str, body: Any, **headers: str) -> bytes:
        """The answer; of one that is an error a note is kept, and of its headers in any case."""
        async with self.web.post(path, json=body, headers={"authorization": "Bearer right", **headers}) as response:
            said = await response.read()
            self.statuses.append(response.status)
            self.errors += [str(response.headers).encode(), *([said] if response.status >= 400 else [])]
            if decision := response.headers.get("x-hulk-decision-id"):
                self.decisions.append(decision)
            return said

    def said(self) -> Mapping[str, bytes]:
        """All that has come out so far, by exit."""
        return {
            "models outside": json.dumps(seen(self.cloud), ensure_ascii=False).encode(),
            "files": b"\n".join(file.read_bytes() for file in sorted(self.folder.rglob("*")) if file.is_file()),
            "logs": self.lines.getvalue().encode(),
            "spans": "\n".join(one.to_json() for one in self.spans.get_finished_spans()).encode(),
            "metrics": self.metrics.render(),
            "errors": b"\n".join(self.errors),
        }


@contextlib.asynccontextmanager
async def a_served_world(folder: Path) -> AsyncIterator[Served]:
    """The router over SQLite, caches on disk, a learner, breakers; `cloud` and `inside` are a twin each."""
    metrics, lines, data = Metrics(), io.StringIO(), folder / "data"
    data.mkdir()
    async with contextlib.AsyncExitStack() as stack:
        cloud, inside = (stack.enter_context(openai_twin()) for _ in range(2))
        spans = stack.enter_context(recorded_spans())
        await stack.enter_async_context(started(Config(logging=LoggingSettings(level="debug")), stream=lines))
        store = await stack.enter_async_context(a_store("sqlite", data, no_postgres))
        store.measure(metrics)
        breakers = await stack.enter_async_context(Breakers(metrics=metrics).working())
        caches = await stack.enter_async_context(opened(CacheSettings(), data / "cache", breakers=breakers))
        caches.measure(metrics)
        vectors = Remembered(stack.enter_context(contextlib.closing(LocalEmbedder())), folder=data / "cache")
        learning = learning_of(store, LearningSettings(), vectors, Outbox(store, KEY))
        router = await stack.enter_async_context(
            wired(
                store, ModelsSettings(providers=_providers(cloud, inside)), vectors, built_in(),
                wired_finops(store, FinopsSettings(), caches, _unlimited), breakers, caches, KEY, RouterSettings(), always(()), learning,
                metrics=metrics,
            )
        )  # fmt: skip
        app = application(
            [routes(router.gateway), learning_routes(learning, utc_now)], metrics=metrics, shapes=dict.fromkeys(PATHS, shaped)
        )
        web = await stack.enter_async_context(served(app))
        yield Served(web, cloud, data, lines, spans, metrics)


async def _unlimited(_: str) -> tuple[bool, None]:
    return False, None


def _providers(cloud: str, inside: str) -> tuple[ProviderSettings, ...]:
    price, key = PriceSettings(input=1, output=1), SecretStr("right")  # type: ignore[arg-type]  # as in a file of settings
    return (
        ProviderSettings(name="cloud", url=cloud, model="echo", api_key=key, price=price, fallbacks=("inside",)),
        ProviderSettings(name="inside", url=inside, model="echo", api_key=key, local=True),
    )


def body_of(prompt: Prompt) -> dict[str, Any]:
    """The prompt as a program sends it."""
    body: dict[str, Any] = {"messages": [_message(one) for one in prompt.messages]}
    if prompt.tools:
        functions = ({"name": one.name, "description": one.description, "parameters": one.parameters} for one in prompt.tools)
        body["tools"] = [{"type": "function", "function": one} for one in functions]
    if prompt.schema is not None:
        form = {"name": prompt.schema.name, "schema": prompt.schema.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    return {**body, **({"stop": list(prompt.stop)} if prompt.stop else {})}


def _message(message: Message) -> dict[str, Any]:
    calls = [{"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}} for one in message.calls]
    return {
        "role": message.role, "content": _content([getattr(part, "text", "") for part in message.parts]),
        **({"tool_calls": calls} if calls else {}), **({"tool_call_id": message.call_id} if message.call_id else {}),
    }  # fmt: skip


def _content(texts: Sequence[str]) -> Any:
    return texts[0] if len(texts) == 1 else [{"type": "text", "text": text} for text in texts] or None
