"""A model behind OpenAI's API, and what asking it took."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

PATIENCE = 5
"""Times that a server is asked again which says that it cannot now (429, 502, 503, 504), or is not reached."""
_PASSING = frozenset({429, 502, 503, 504})


class Failed(Exception):
    """The server did not answer as it should: an error, and no answer of the model's."""


@dataclass(slots=True)
class Taken:
    """What the answers of one case took together. `seconds` are of the answers, not of waiting for a server that was not ready."""

    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    asked: int = 0
    models: set[str] = field(default_factory=set)

    def add(self, reply: Mapping[str, Any], model: str, seconds: float) -> None:
        """One more answer."""
        usage = reply.get("usage") or {}
        self.input_tokens += int(usage.get("prompt_tokens") or 0)
        self.output_tokens += int(usage.get("completion_tokens") or 0)
        self.seconds += seconds
        self.asked += 1
        self.models.add(model)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that the model wants called. `arguments` is None where what it wrote is no JSON object."""

    tool: str
    arguments: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: words, calls, or both."""

    text: str
    calls: tuple[Call, ...] = ()

    @classmethod
    def of(cls, reply: Mapping[str, Any]) -> "Said":
        """From a chat completion."""
        message = reply["choices"][0]["message"]
        functions = [one["function"] for one in message.get("tool_calls") or ()]
        return cls(message.get("content") or "", tuple(Call(one["name"], _object(one["arguments"])) for one in functions))


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        data = json.loads(text)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


@dataclass(frozen=True, slots=True)
class Server:
    """Where `model` is asked. Raises `Failed` from all it does."""

    session: aiohttp.ClientSession
    url: str
    model: str

    async def complete(self, asked: Mapping[str, Any], taken: Taken) -> dict[str, Any]:
        """The chat completion for `asked`, which names no model."""
        for attempt in range(PATIENCE + 1):
            begun = time.perf_counter()
            status, headers, body = await self._sent({**asked, "model": self.model})
            if status == 200:
                taken.add(body, headers.get("x-hulk-model") or str(body.get("model", "")), time.perf_counter() - begun)
                return body
            if status not in _PASSING or attempt == PATIENCE:
                raise Failed(f"{status}: {json.dumps(body, ensure_ascii=False)[:500]}")
            await asyncio.sleep(_after(headers, attempt))
        raise AssertionError("the last attempt returns or raises")

    async def _sent(self, asked: Mapping[str, Any]) -> tuple[int, Mapping[str, str], dict[str, Any]]:
        try:
            async with self.session.post(f"{self.url}/chat/completions", json=asked) as answer:
                body = await answer.json(content_type=None)
                whole = answer.status != 200 or (isinstance(body, dict) and bool(body.get("choices")))
                return (answer.status if whole else 599), answer.headers, body if isinstance(body, dict) else {"said": body}
        except (aiohttp.ClientError, ValueError) as error:
            return 503, {}, {"said": f"{type(error).__name__}: {error}"}
        except TimeoutError:
            return 598, {}, {"said": "no answer within the time limit (--seconds)"}


def _after(headers: Mapping[str, str], attempt: int) -> float:
    with contextlib.suppress(ValueError):
        return min(60.0, float(headers.get("retry-after", "")))
    return float(2**attempt)


@asynccontextmanager
async def server(url: str, model: str, key: str, seconds: float) -> AsyncIterator[Server]:
    """A model at `url`, which ends in /v1; each answer may take `seconds`."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    timeout = aiohttp.ClientTimeout(total=seconds, connect=10)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        yield Server(session, url.rstrip("/"), model)


def tool(name: str, description: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """One that is offered, in OpenAI's form."""
    return {"type": "function", "function": {"name": name, "description": description, "parameters": dict(parameters)}}


def called(calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What an assistant said earlier: calls with `id`, `name` and `arguments`."""
    functions = [{"name": one["name"], "arguments": json.dumps(one["arguments"], ensure_ascii=False)} for one in calls]
    made = [{"id": one["id"], "type": "function", "function": function} for one, function in zip(calls, functions, strict=True)]
    return {"role": "assistant", "content": None, "tool_calls": made}
