"""Answers as OpenAI tells them: https://platform.openai.com/docs/api-reference/chat/object and …/chat/streaming."""

import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hulk.kernel.errors import HulkError
from hulk.kernel.text import Voice
from hulk.modules.router.api.openai.errors import told
from hulk.modules.router.domain.model import CallPart, Completion, Counted, Delta, Ended, Finish, Said, ToolCall
from hulk.modules.router.usecases.executing import Answered, Streaming, Vectors
from hulk.modules.router.usecases.gateway import Decided
from hulk.runtime.http import ServerEvent

_FINISHES: Mapping[Finish, str] = {"refusal": "stop"}
"""Those of ours that OpenAI has no word for."""


def headers(decided: Decided) -> dict[str, str]:
    """What is known before anybody answers."""
    return {"x-hulk-decision-id": decided.decision.id, "x-hulk-sensitivity": decided.decision.sensitivity}


def answered_headers(decided: Decided, answered: Answered | Vectors) -> dict[str, str]:
    """Who answered, and what that cost with all attempts."""
    cost = answered.bill.cost
    return {
        **headers(decided), "x-hulk-model": answered.able.model.name, "x-hulk-cost": str(cost.amount), "x-hulk-currency": cost.currency,
        "x-hulk-attempts": str(answered.bill.attempts),
    }  # fmt: skip


def whole(decided: Decided, answered: Answered) -> dict[str, Any]:
    """`chat.completion`."""
    completion = answered.completion
    refused = completion.finish == "refusal"
    message: dict[str, Any] = {
        "role": "assistant", "content": None if refused or (completion.calls and not completion.text) else completion.text,
        "refusal": completion.text if refused else None,
    }  # fmt: skip
    if completion.calls:
        message["tool_calls"] = [_call(one) for one in completion.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(completion)}
    return {**_head(decided, answered.able.model.name, "chat.completion"), "choices": [choice], "usage": usage(completion)}


def usage(completion: Completion) -> dict[str, Any]:
    """Tokens, as the provider counted them."""
    return {
        "prompt_tokens": completion.input_tokens,
        "completion_tokens": completion.output_tokens,
        "total_tokens": completion.input_tokens + completion.output_tokens,
        "prompt_tokens_details": {"cached_tokens": completion.cache_read_tokens},
        "completion_tokens_details": {"reasoning_tokens": completion.reasoning_tokens},
    }


@dataclass(frozen=True, slots=True)
class Chunks:
    """`chat.completion.chunk`s of an answer, the last of which tells what it cost (`hulk`), with its usage when that was wanted."""

    decided: Decided
    streaming: Streaming
    voice: Voice
    with_usage: bool

    async def events(self) -> AsyncGenerator[ServerEvent]:
        """All of them, and `[DONE]`; an error in the middle is the last."""
        head = _head(self.decided, self.streaming.able.model.name, "chat.completion.chunk")
        try:
            yield _event(head, {"role": "assistant", "content": ""})
            async for delta in self.streaming.deltas:
                for event in self._of(head, delta):
                    yield event
        except HulkError as error:
            yield ServerEvent(data=told(error, self.voice))
            return
        yield ServerEvent(data="[DONE]")

    def _of(self, head: Mapping[str, Any], delta: Delta) -> Iterator[ServerEvent]:
        match delta:
            case Said(text):
                yield _event(head, {"content": text})
            case CallPart():
                yield _event(head, {"tool_calls": [_part(delta)]})
            case Ended(completion):
                yield _event(head, {}, _finish(completion))
                counted = usage(completion) if self.with_usage else None
                yield ServerEvent(data={**head, "choices": [], "usage": counted, "hulk": self._told()})
            case Counted():
                return

    def _told(self) -> dict[str, Any]:
        cost = self.streaming.bill.cost
        return {
            "decision_id": self.decided.decision.id, "model": self.streaming.able.model.name, "cost": str(cost.amount),
            "currency": cost.currency, "attempts": self.streaming.bill.attempts,
        }  # fmt: skip


def _head(decided: Decided, model: str, kind: str) -> dict[str, Any]:
    name = decided.decision.id.removeprefix("dec_")
    return {"id": f"chatcmpl-{name}", "object": kind, "created": int(time.time()), "model": model, "system_fingerprint": None}


def _event(head: Mapping[str, Any], delta: Mapping[str, Any], finish: str | None = None) -> ServerEvent:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return ServerEvent(data={**head, "choices": [choice]})


def _finish(completion: Completion) -> str:
    return _FINISHES.get(completion.finish, completion.finish)


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _part(part: CallPart) -> dict[str, Any]:
    begun = {"id": part.id, "type": "function"} if part.id else {}
    named = {"name": part.name} if part.name else {}
    return {"index": part.index, **begun, "function": {**named, "arguments": part.arguments}}
