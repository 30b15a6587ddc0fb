"""Gemini's generateContent as it goes over the wire (https://ai.google.dev/api/generate-content)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from support.twins.scenarios import Answer, Asked

_STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
_FINISHES = {"length": "MAX_TOKENS", "content_filter": "SAFETY", "refusal": "PROHIBITED_CONTENT"}


def key_of(headers: Mapping[str, str]) -> str:
    """The key that was shown."""
    return headers.get("x-goog-api-key", "")


def read(path: str, body: Any) -> Asked:
    """A request: what is to be done stands in its path, `models/<model>:<act>`."""
    model, _, act = path.removeprefix("models/").partition(":")
    if act not in ("generateContent", "streamGenerateContent"):
        raise ValueError(path)
    system = (body.get("systemInstruction") or {}).get("parts", ())
    texts = [_text(system), *(_text(turn["parts"]) for turn in body["contents"])]
    settings = body.get("generationConfig") or {}
    declared = [one for tool in body.get("tools") or () for one in tool["functionDeclarations"]]
    result = "functionResponse" in body["contents"][-1]["parts"][-1]
    return Asked(
        model=model,
        last=texts[-1],
        said=" ".join(texts),
        streaming=act == "streamGenerateContent",
        tools=[one["name"] for one in declared],
        schema=settings.get("responseJsonSchema") or settings.get("responseSchema"),
        result=texts[-1] if result else None,
    )


def _text(parts: Any) -> str:
    return " ".join(_words(part) for part in parts)


def _words(part: Any) -> str:
    if "functionResponse" in part:
        return str(part["functionResponse"]["response"].get("result"))
    return str(part.get("text", f"[{next(iter(part))}]"))


def error(status: int) -> Any:
    """The body of an error."""
    code = {"code": status, "message": "canary: what was asked", "status": _STATUSES.get(status, "INTERNAL")}
    return {"error": code}


def exhausted(limits: Mapping[str, str]) -> Any:
    """The body of an error that says when to ask again, as this vendor does in place of headers."""
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{limits['reset']}s"}
    return {"error": {"code": 429, "message": "canary", "status": "RESOURCE_EXHAUSTED", "details": [retry]}}


def headers(_limits: Mapping[str, str]) -> Mapping[str, str]:
    """The vendor tells none."""
    return {}


def whole(asked: Asked, answer: Answer) -> Any:
    """An answer in one piece."""
    thought = [{"text": "Hm.", "thought": True}] if answer.reasoning else []
    said = [{"text": answer.text}] if answer.words else []
    return _response(asked, answer, [*thought, *said, *map(_called, answer.calls)], finish=True)


def _called(call: Any) -> Any:
    return {"functionCall": {"id": call.id, "name": call.name, "args": dict(call.arguments)}, "thoughtSignature": "c2lnbmVk"}


def _response(asked: Asked, answer: Answer, parts: Sequence[Any], *, finish: bool) -> Any:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish:
        candidate["finishReason"] = _FINISHES.get(answer.finish, "STOP")
    said: dict[str, Any] = {"candidates": [] if answer.empty else [candidate], "responseId": "resp1", "modelVersion": f"{asked.model}-2026"}
    if answer.finish == "content_filter" and not answer.words:
        said |= {"candidates": [], "promptFeedback": {"blockReason": "SAFETY"}}
    return said | ({} if answer.usage == "quiet" or not finish else {"usageMetadata": usage(answer)})


def usage(answer: Answer) -> Any:
    """What it took; `candidatesTokenCount` without the thinking."""
    if answer.usage == "lying":
        return {"promptTokenCount": -5, "candidatesTokenCount": "many"}
    return {
        "promptTokenCount": answer.input_tokens,
        "cachedContentTokenCount": answer.cached,
        "candidatesTokenCount": answer.output_tokens - answer.reasoning,
        "thoughtsTokenCount": answer.reasoning,
        "totalTokenCount": answer.input_tokens + answer.output_tokens,
    }


def stream(asked: Asked, answer: Answer) -> Sequence[tuple[str, int]]:
    """The events of a streamed answer, each with the tokens that it is billed for. Calls come whole."""
    thought: list[tuple[list[Any], int]] = [([{"text": "Hm.", "thought": True}], answer.reasoning)] if answer.reasoning else []
    said: list[tuple[list[Any], int]] = [([{"text": word}], len(word.split())) for word in answer.words]
    calls = [([_called(call)], 2 + len(json.dumps(call.arguments).split())) for call in answer.calls]
    pieces = [*thought, *said, *calls] or [([], 0)]
    *before, (last, tokens) = pieces
    events = [(_data(_response(asked, answer, parts, finish=False)), count) for parts, count in before]
    return [*events, (_data(_response(asked, answer, last, finish=True)), tokens)]


def broken() -> str:
    """What comes within a stream when the vendor breaks off."""
    return _data(error(503))


def models(names: Sequence[str]) -> Any:
    """The list of models."""
    return {
        "models": [{"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": ["generateContent"]} for name in names]
    }


def _data(value: Any) -> str:
    return f"data: {json.dumps(value)}\r\n\r\n"
