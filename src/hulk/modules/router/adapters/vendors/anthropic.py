"""Anthropic's messages: https://docs.anthropic.com/en/api/messages.

Instructions stand outside the turns, turns alternate, and what comes before the conversation is marked to be cached when it is long: the
vendor caches nothing unasked, writing costs a quarter more, reading a tenth. Its `input_tokens` leave out what came from the cache or went
into it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

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
    arguments_of,
    given,
    most_output,
    number,
)
from hulk.modules.router.domain.model import (
    CallPart,
    Finish,
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

VERSION = "2023-06-01"
CACHED_FROM = 8192
"""Bytes of tools and instructions from which on they are cached: about the 2,048 tokens below which several models cache nothing."""
_FINISHES: Mapping[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
}
_MARK = {"cache_control": {"type": "ephemeral"}}
_NAME = re.compile(r"[^a-zA-Z0-9_-]")


class _Thinking(Sent):
    thinking_tokens: Count | None = None


class _Usage(Sent):
    input_tokens: Count | None = None
    output_tokens: Count = 0
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    output_tokens_details: Credible[_Thinking] = None


class _Block(Sent):
    type: str
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: Any = None


class _Message(Sent):
    id: str = ""
    model: str = ""
    content: Sequence[_Block] = ()
    stop_reason: str | None = None
    usage: Credible[_Usage] = None


class _Whole(_Message):
    type: str = Field(pattern="^message$")
    stop_reason: str


class _Change(Sent):
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Event(Sent):
    type: str
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Change = _Change()
    usage: Credible[_Usage] = None


class AnthropicDialect:
    """See `Dialect`."""

    def asking(self, model: Model, prompt: Prompt, *, streaming: bool) -> Asking:
        """See `Dialect`."""
        system = "\n\n".join(message.text for message in prompt.messages if message.role == "system")
        tools = [_tool(tool) for tool in prompt.tools]
        long = len(system) + sum(len(str(tool)) for tool in tools) >= CACHED_FROM
        if long and tools and not system:
            tools[-1] |= _MARK
        body = given(
            model=model.model,
            max_tokens=most_output(model, prompt),
            system=[{"type": "text", "text": system, **(_MARK if long else {})}] if system else None,
            messages=_turns(prompt.messages),
            tools=tools or None,
            tool_choice=_choice(prompt) if tools else None,
            output_config=_form(prompt.schema) if prompt.schema and model.abilities.schema else None,
            temperature=prompt.temperature,
            top_p=prompt.top_p,
            stop_sequences=list(prompt.stop) or None,
            stream=streaming or None,
        )
        return Asking("/messages", {**body, **model.extra})

    def authorised(self, key: str) -> Mapping[str, str]:
        """See `Dialect`."""
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def whole(self, heard: Heard, body: bytes) -> None:
        """See `Dialect`."""
        said = _Whole.model_validate_json(body)
        _begin(heard, said)
        for block in said.content:
            _open(heard, block)
        if not said.content and said.stop_reason not in ("refusal", "max_tokens", "end_turn"):
            raise ValueError("an answer without content")
        heard.finish = _FINISHES.get(said.stop_reason, "stop")
        heard.over = True

    def piece(self, heard: Heard, data: bytes) -> Sequence[Heeded]:
        """See `Dialect`."""
        event = _Event.model_validate_json(data)
        if event.type == "error":
            raise Interrupted
        if event.message is not None:
            _begin(heard, event.message)
        elif event.content_block is not None:
            return _open(heard, event.content_block)
        elif event.type == "content_block_delta":
            return _more(heard, event.delta)
        elif event.type == "message_stop":
            heard.over = True
        return _end(heard, event) if event.type == "message_delta" else _counted(heard, event.message)

    def limits(self, headers: Mapping[str, str]) -> Limits:
        """`anthropic-ratelimit-…`: https://docs.anthropic.com/en/api/rate-limits."""
        return Limits(
            requests=number(headers.get("anthropic-ratelimit-requests-remaining")),
            tokens=number(headers.get("anthropic-ratelimit-tokens-remaining")),
            requests_reset=_until(headers.get("anthropic-ratelimit-requests-reset")),
            tokens_reset=_until(headers.get("anthropic-ratelimit-tokens-reset")),
        )

    def retry_after(self, _body: bytes) -> float | None:
        """See `Dialect`: it stands in headers only."""
        return None


def _begin(heard: Heard, message: _Message) -> None:
    heard.id, heard.version = message.id or heard.id, message.model or heard.version
    _take(heard, message.usage)


def _take(heard: Heard, usage: _Usage | None) -> None:
    """Counts are cumulative: what is told later is more, and what is left out is as it was."""
    if usage is None:
        return
    before = heard.tokens or Tokens()
    read = before.cache_read if usage.cache_read_input_tokens is None else usage.cache_read_input_tokens
    written = before.cache_write if usage.cache_creation_input_tokens is None else usage.cache_creation_input_tokens
    plain = before.input - before.cache_read - before.cache_write if usage.input_tokens is None else usage.input_tokens
    thought = (usage.output_tokens_details and usage.output_tokens_details.thinking_tokens) or 0
    heard.tokens = Tokens(input=plain + read + written, output=usage.output_tokens, cache_read=read, cache_write=written, reasoning=thought)


def _counted(heard: Heard, message: _Message | None) -> Sequence[Heeded]:
    return (heard.tokens.counted,) if message is not None and heard.tokens else ()


def _open(heard: Heard, block: _Block) -> Sequence[Heeded]:
    """A block that begins, or a whole one."""
    if block.type == "tool_use":
        arguments = _text_of(block.input) if block.input else ""
        heard.calls.append(ToolCall(id=block.id, name=block.name, arguments=arguments))
        return (CallPart(len(heard.calls) - 1, block.id, block.name, arguments),)
    return _more(heard, _Change(text=block.text, thinking=block.thinking))


def _more(heard: Heard, change: _Change) -> Sequence[Heeded]:
    if change.partial_json:
        if not heard.calls:
            raise ValueError("arguments without a call")
        last = heard.calls[-1]
        heard.calls[-1] = ToolCall(id=last.id, name=last.name, arguments=last.arguments + change.partial_json)
        return (CallPart(len(heard.calls) - 1, arguments=change.partial_json),)
    if change.text:
        heard.text.append(change.text)
        return (Said(change.text),)
    return (Thought(change.thinking),) if change.thinking else ()


def _end(heard: Heard, event: _Event) -> Sequence[Heeded]:
    if event.delta.stop_reason:
        heard.finish = _FINISHES.get(event.delta.stop_reason, "stop")
    _take(heard, event.usage)
    return (heard.tokens.counted,) if heard.tokens else ()


def _turns(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Users' and assistants' in turn: what follows in the same voice is joined. Results of tools are the user's."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = list(_blocks(message))
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    return turns


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    if message.role == "tool":
        yield {"type": "tool_result", "tool_use_id": _id(message.call_id), "content": message.text}
        return
    yield from (_block(part) for part in message.parts if not (isinstance(part, TextPart) and not part.text))
    for call in message.calls:
        yield {"type": "tool_use", "id": _id(call.id), "name": call.name, "input": arguments_of(call)}


def _id(name: str) -> str:
    """A call's id as this vendor takes it; others' have dots and colons."""
    return _NAME.sub("_", name)


def _block(part: Part) -> dict[str, Any]:
    return {"type": "text", "text": part.text} if isinstance(part, TextPart) else _media(part)


def _media(part: MediaPart) -> dict[str, Any]:
    kind = "image" if part.kind == "image" else "document"
    source = {"type": "url", "url": part.url} if part.url else {"type": "base64", "media_type": part.mime, "data": part.data}
    return {"type": kind, "source": source}


def _tool(tool: Tool) -> dict[str, Any]:
    return given(name=tool.name, description=tool.description or None, input_schema=dict(tool.parameters), strict=tool.strict or None)


def _choice(prompt: Prompt) -> dict[str, Any]:
    choice = prompt.tool_choice
    if choice.name is not None:
        return {"type": "tool", "name": choice.name}
    return {"type": "any" if choice.mode == "required" else choice.mode}


def _form(schema: Schema) -> dict[str, Any]:
    return {"format": {"type": "json_schema", "schema": dict(schema.schema)}}


def _text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _until(date: str | None) -> float | None:
    """Seconds until a moment in RFC 3339."""
    try:
        return max(0.0, (datetime.fromisoformat(date) - datetime.now(UTC)).total_seconds()) if date else None
    except (ValueError, TypeError):
        return None
