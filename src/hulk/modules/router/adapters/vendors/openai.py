"""OpenAI's chat completions, and those that speak it in their own ways: DeepSeek, xAI, Z.AI (GLM), Ollama, any compatible server.

https://platform.openai.com/docs/api-reference/chat. `max_tokens` is the older name of the limit, and the one that every compatible server
knows; OpenAI and xAI want the newer. Where a vendor leaves reasoning out of `completion_tokens` (xAI), the total tells.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from hulk.modules.router.adapters.vendors.dialect import (
    Asking,
    Count,
    Credible,
    Heard,
    Heeded,
    Interrupted,
    Sent,
    Thought,
    Tokens,
    given,
    most_output,
    number,
)
from hulk.modules.router.domain.model import (
    CallPart,
    Finish,
    Kind,
    Limits,
    MediaPart,
    Message,
    Model,
    Part,
    Prompt,
    Said,
    Schema,
    TextPart,
    Tool,
    ToolCall,
)

_NEWER: frozenset[Kind] = frozenset({"openai", "xai"})
_FINISHES: Mapping[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "sensitive": "content_filter",  # Z.AI
    "refusal": "refusal",
}
_BROKEN = frozenset({"network_error", "insufficient_system_resource", "error"})  # Z.AI, DeepSeek, OpenRouter: not an answer's end
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class _Read(Sent):
    cached_tokens: Count | None = None


class _Written(Sent):
    reasoning_tokens: Count | None = None


class _Usage(Sent):
    prompt_tokens: Count
    completion_tokens: Count = 0
    total_tokens: Count | None = None
    prompt_tokens_details: Credible[_Read] = None
    completion_tokens_details: Credible[_Written] = None
    prompt_cache_hit_tokens: Count | None = None  # DeepSeek

    @property
    def tokens(self) -> Tokens:
        """In our words."""
        reasoning = (self.completion_tokens_details and self.completion_tokens_details.reasoning_tokens) or 0
        apart = reasoning if self.total_tokens == self.prompt_tokens + self.completion_tokens + reasoning else 0
        cached = (self.prompt_tokens_details and self.prompt_tokens_details.cached_tokens) or self.prompt_cache_hit_tokens or 0
        return Tokens(input=self.prompt_tokens, output=self.completion_tokens + apart, cache_read=cached, reasoning=reasoning)


class _Function(Sent):
    name: str | None = None
    arguments: str | None = None


class _Call(Sent):
    index: int | None = None
    id: str | None = None
    function: _Function = _Function()


class _Message(Sent):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    tool_calls: Sequence[_Call] | None = None


class _Choice(Sent):
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None


class _Chunk(Sent):
    id: str | None = None
    model: str | None = None
    choices: Annotated[Sequence[_Choice], BeforeValidator(lambda said: () if said is None else said)] = ()
    usage: Credible[_Usage] = None
    error: Any = None


class _Whole(_Chunk):
    choices: Sequence[_Choice] = Field(min_length=1)


class OpenAiDialect:
    """See `Dialect`."""

    path: ClassVar[str] = "/chat/completions"

    def asking(self, model: Model, prompt: Prompt, *, streaming: bool) -> Asking:
        """See `Dialect`."""
        limit = "max_completion_tokens" if model.kind in _NEWER or model.url.startswith("https://api.openai.com/") else "max_tokens"
        body = given(
            model=model.model,
            messages=[_message(one) for one in prompt.messages],
            tools=[_tool(one) for one in prompt.tools] or None,
            tool_choice=_choice(prompt) if prompt.tools else None,
            response_format=_form(model, prompt.schema) if prompt.schema else None,
            temperature=prompt.temperature,
            top_p=prompt.top_p,
            stop=list(prompt.stop) or None,
            seed=prompt.seed,
            stream=streaming or None,
            stream_options={"include_usage": True} if streaming else None,
        )
        return Asking(self.path, {**body, limit: most_output(model, prompt), **model.extra})

    def authorised(self, key: str) -> Mapping[str, str]:
        """See `Dialect`."""
        return {"authorization": f"Bearer {key}"} if key else {}

    def whole(self, heard: Heard, body: bytes) -> None:
        """See `Dialect`."""
        said = _Whole.model_validate_json(body)
        if said.choices[0].message is None:
            raise ValueError("a choice without a message")
        self._take(heard, said, said.choices[0].message)
        heard.over = True

    def piece(self, heard: Heard, data: bytes) -> Sequence[Heeded]:
        """See `Dialect`."""
        if data.strip() == b"[DONE]":
            heard.over = True
            return ()
        chunk = _Chunk.model_validate_json(data)
        return self._take(heard, chunk, (chunk.choices[0].delta if chunk.choices else None) or _Message())

    def limits(self, headers: Mapping[str, str]) -> Limits:
        """`x-ratelimit-…`: https://platform.openai.com/docs/guides/rate-limits."""
        return Limits(
            requests=number(headers.get("x-ratelimit-remaining-requests")),
            tokens=number(headers.get("x-ratelimit-remaining-tokens")),
            requests_reset=_span(headers.get("x-ratelimit-reset-requests")),
            tokens_reset=_span(headers.get("x-ratelimit-reset-tokens")),
        )

    def retry_after(self, _body: bytes) -> float | None:
        """See `Dialect`: it stands in headers only."""
        return None

    def _take(self, heard: Heard, chunk: _Chunk, message: _Message) -> Sequence[Heeded]:
        if chunk.error:
            raise Interrupted
        heard.id, heard.version = chunk.id or heard.id, chunk.model or heard.version
        deltas: list[Heeded] = [*_said(heard, message), *(_part(heard, call) for call in message.tool_calls or ())]
        _finish(heard, chunk.choices[0].finish_reason if chunk.choices else None)
        if chunk.usage is not None:
            heard.tokens = chunk.usage.tokens
            deltas.append(heard.tokens.counted)
        return deltas


def _said(heard: Heard, message: _Message) -> list[Heeded]:
    if message.refusal:
        heard.finish = "refusal"
    said = (message.content or "") + (message.refusal or "")
    thought: list[Heeded] = [Thought(message.reasoning_content)] if message.reasoning_content else []
    if not said:
        return thought
    heard.text.append(said)
    return [*thought, Said(said)]


def _part(heard: Heard, call: _Call) -> CallPart:
    """Some servers leave the index out: then an id begins another call."""
    place = call.index if call.index is not None else len(heard.calls) - (not call.id)
    if not 0 <= place <= len(heard.calls):
        raise ValueError("calls out of order")
    name, more = call.function.name or "", call.function.arguments or ""
    if place == len(heard.calls):
        heard.calls.append(ToolCall(id=call.id or f"call_{place}", name=name, arguments=more))
        return CallPart(place, heard.calls[place].id, name, more)
    before = heard.calls[place]
    heard.calls[place] = ToolCall(id=before.id, name=before.name, arguments=before.arguments + more)
    return CallPart(place, arguments=more)


def _finish(heard: Heard, reason: str | None) -> None:
    if reason in _BROKEN:
        raise Interrupted
    if reason and heard.finish != "refusal":
        known = _FINISHES.get(reason, "stop")
        heard.finish = "tool_calls" if heard.calls and known == "stop" else known


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
    plain = all(isinstance(part, TextPart) for part in message.parts)
    content: Any = message.text if plain else [_part_of(part) for part in message.parts]
    calls = [{"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}} for one in message.calls]
    return {"role": message.role, "content": (content or None) if calls else content} | ({"tool_calls": calls} if calls else {})


def _part_of(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    return _media(part)


def _media(part: MediaPart) -> dict[str, Any]:
    place = part.url or f"data:{part.mime};base64,{part.data}"
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": place}}
    if part.kind == "audio":
        return {"type": "input_audio", "input_audio": {"data": part.data, "format": part.mime.rpartition("/")[2]}}
    return {"type": "file", "file": {"filename": part.name or "file", "file_data": place}}


def _tool(tool: Tool) -> dict[str, Any]:
    function = given(name=tool.name, description=tool.description or None, parameters=dict(tool.parameters), strict=tool.strict or None)
    return {"type": "function", "function": function}


def _choice(prompt: Prompt) -> Any:
    name = prompt.tool_choice.name
    return prompt.tool_choice.mode if name is None else {"type": "function", "function": {"name": name}}


def _form(model: Model, schema: Schema) -> dict[str, Any]:
    if not model.abilities.schema:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": schema.name, "schema": dict(schema.schema), "strict": schema.strict}}


def _span(text: str | None) -> float | None:
    """Seconds in `6m0s`, `20ms` or `7`."""
    if text is None:
        return None
    found = _SPAN.findall(text)
    return sum(float(size) * _SECONDS[unit] for size, unit in found) if found else number(text)
