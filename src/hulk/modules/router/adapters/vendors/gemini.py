"""Google's Gemini: https://ai.google.dev/api/generate-content.

The model stands in the path, the key in a header (never in the address, which is logged). `candidatesTokenCount` leaves thinking out.
A call comes whole; the signature that some models put on it must go back with it, or the documented stand-in for one.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

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
    TextPart,
    Tool,
    ToolCall,
)

_FILTERED = ("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "MODEL_ARMOR")
_FINISHES: Mapping[str, Finish] = {"STOP": "stop", "MAX_TOKENS": "length", **dict.fromkeys(_FILTERED, "content_filter")}
_BROKEN = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER", "MALFORMED_RESPONSE"})
_NO_SIGNATURE = base64.b64encode(b"skip_thought_signature_validator").decode()
"""https://ai.google.dev/gemini-api/docs/thought-signatures: for calls that another model made."""


class _Function(Sent):
    id: str = ""
    name: str
    args: dict[str, Any] | None = None


class _Part(Sent):
    text: str | None = None
    thought: bool = False
    functionCall: _Function | None = None  # noqa: N815  # the vendor's names, as below
    thoughtSignature: str = ""  # noqa: N815


class _Content(Sent):
    parts: Sequence[_Part] | None = None


class _Candidate(Sent):
    content: _Content = _Content()
    finishReason: str | None = None  # noqa: N815


class _Feedback(Sent):
    blockReason: str | None = None  # noqa: N815


class _Usage(Sent):
    promptTokenCount: Count  # noqa: N815
    toolUsePromptTokenCount: Count = 0  # noqa: N815
    candidatesTokenCount: Count = 0  # noqa: N815
    thoughtsTokenCount: Count = 0  # noqa: N815
    cachedContentTokenCount: Count = 0  # noqa: N815

    @property
    def tokens(self) -> Tokens:
        """In our words."""
        return Tokens(
            input=self.promptTokenCount + self.toolUsePromptTokenCount,
            output=self.candidatesTokenCount + self.thoughtsTokenCount,
            cache_read=self.cachedContentTokenCount,
            reasoning=self.thoughtsTokenCount,
        )


class _Response(Sent):
    responseId: str = ""  # noqa: N815
    modelVersion: str = ""  # noqa: N815
    candidates: Sequence[_Candidate] = ()
    promptFeedback: _Feedback | None = None  # noqa: N815
    usageMetadata: Credible[_Usage] = None  # noqa: N815
    error: Any = None


class GeminiDialect:
    """See `Dialect`."""

    def asking(self, model: Model, prompt: Prompt, *, streaming: bool) -> Asking:
        """See `Dialect`."""
        act = "streamGenerateContent?alt=sse" if streaming else "generateContent"
        system = [{"text": message.text} for message in prompt.messages if message.role == "system"]
        body = given(
            systemInstruction={"parts": system} if system else None,
            contents=_contents(model, prompt.messages),
            tools=[{"functionDeclarations": [_tool(tool) for tool in prompt.tools]}] if prompt.tools else None,
            toolConfig={"functionCallingConfig": _choice(prompt)} if prompt.tools else None,
            generationConfig=_settings(model, prompt),
        )
        return Asking(f"/models/{quote(model.model)}:{act}", {**body, **model.extra})

    def authorised(self, key: str) -> Mapping[str, str]:
        """See `Dialect`."""
        return {"x-goog-api-key": key} if key else {}

    def whole(self, heard: Heard, body: bytes) -> None:
        """See `Dialect`."""
        self.piece(heard, body)
        if heard.finish is None:
            raise ValueError("an answer without an end")
        heard.over = True

    def piece(self, heard: Heard, data: bytes) -> Sequence[Heeded]:
        """See `Dialect`."""
        said = _Response.model_validate_json(data)
        if said.error:
            raise Interrupted
        heard.id, heard.version = said.responseId or heard.id, said.modelVersion or heard.version
        if said.promptFeedback is not None and said.promptFeedback.blockReason:
            heard.finish = "content_filter"
        parts = (said.candidates[0].content.parts or ()) if said.candidates else ()
        deltas = [delta for part in parts for delta in _taken(heard, part)]
        _finish(heard, said.candidates[0].finishReason if said.candidates else None)
        if said.usageMetadata is not None:
            heard.tokens = said.usageMetadata.tokens
            deltas.append(heard.tokens.counted)
        return deltas

    def limits(self, _headers: Mapping[str, str]) -> Limits:
        """The vendor tells none."""
        return Limits()

    def retry_after(self, body: bytes) -> float | None:
        """Of `google.rpc.RetryInfo`: https://cloud.google.com/apis/design/errors."""
        try:
            details = json.loads(body)["error"]["details"]
            return next(float(one["retryDelay"].removesuffix("s")) for one in details if one["@type"].endswith("RetryInfo"))
        except (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError):
            return None


def _taken(heard: Heard, part: _Part) -> Sequence[Heeded]:
    if part.functionCall is not None:
        place, call = len(heard.calls), part.functionCall
        arguments = json.dumps(call.args or {}, ensure_ascii=False)
        one = ToolCall(id=call.id or f"call_{heard.id}_{place}", name=call.name, arguments=arguments, signature=part.thoughtSignature)
        heard.calls.append(one)
        return (CallPart(place, one.id, one.name, one.arguments),)
    if not part.text:
        return ()
    if part.thought:
        return (Thought(part.text),)
    heard.text.append(part.text)
    return (Said(part.text),)


def _finish(heard: Heard, reason: str | None) -> None:
    if reason in _BROKEN:
        raise Interrupted
    if reason:
        known = _FINISHES.get(reason, "stop")
        heard.finish = "tool_calls" if heard.calls and known == "stop" else known


def _contents(model: Model, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The turns; what follows in the same voice is joined, as results of several calls must be."""
    names = {call.id: call.name for message in messages for call in message.calls}
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "model" if message.role == "assistant" else "user"
        parts = [_result(message, names)] if message.role == "tool" else _spoken(model, message)
        if turns and turns[-1]["role"] == role:
            turns[-1]["parts"] += parts
        elif parts:
            turns.append({"role": role, "parts": parts})
    return turns


def _result(message: Message, names: Mapping[str, str]) -> dict[str, Any]:
    name = names.get(message.call_id, "unknown")
    return {"functionResponse": {"id": message.call_id, "name": name, "response": {"result": message.text}}}


def _spoken(model: Model, message: Message) -> list[dict[str, Any]]:
    said = [_part(part) for part in message.parts if not (isinstance(part, TextPart) and not part.text)]
    return said + [_call(model, call, first=place == 0) for place, call in enumerate(message.calls)]


def _call(model: Model, call: ToolCall, *, first: bool) -> dict[str, Any]:
    """Only the first call of a turn needs a signature, and only models from the third generation on want it."""
    signature = call.signature or (_NO_SIGNATURE if first and model.model.startswith("gemini-3") else None)
    called = {"id": call.id, "name": call.name, "args": arguments_of(call)}
    return given(functionCall=called, thoughtSignature=signature)


def _part(part: Part) -> dict[str, Any]:
    return {"text": part.text} if isinstance(part, TextPart) else _media(part)


def _media(part: MediaPart) -> dict[str, Any]:
    if part.url:
        return {"fileData": given(mimeType=part.mime or None, fileUri=part.url)}
    return {"inlineData": {"mimeType": part.mime, "data": part.data}}


def _tool(tool: Tool) -> dict[str, Any]:
    return given(name=tool.name, description=tool.description or None, parametersJsonSchema=dict(tool.parameters))


def _choice(prompt: Prompt) -> dict[str, Any]:
    mode = {"auto": "AUTO", "none": "NONE", "required": "ANY"}[prompt.tool_choice.mode]
    return given(
        mode="ANY" if prompt.tool_choice.name else mode, allowedFunctionNames=[prompt.tool_choice.name] if prompt.tool_choice.name else None
    )


def _settings(model: Model, prompt: Prompt) -> dict[str, Any]:
    form = prompt.schema if model.abilities.schema else None
    return given(
        maxOutputTokens=most_output(model, prompt),
        temperature=prompt.temperature,
        topP=prompt.top_p,
        stopSequences=list(prompt.stop) or None,
        seed=prompt.seed,
        responseMimeType="application/json" if form else None,
        responseJsonSchema=dict(form.schema) if form else None,
    )
