"""Asking a model what it cannot be asked as it is: tools by a schema, schemas in words. Pure rules.

A small local model that is offered tools writes calls into its answer, or none; asked for a JSON value that is one of these calls or the
answer, it makes no mistake of form (measured with Qwen2.5-Coder-1.5B: 1 of 5 natively, 6 of 6 by schema).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hulk.kernel.errors import Refused
from hulk.modules.router.domain.model.answers import Completion
from hulk.modules.router.domain.model.models import Model
from hulk.modules.router.domain.model.prompts import MediaPart, Message, Prompt, Schema, Tool, ToolCall

NONE = "none"
"""What stands for no tool."""
_FENCE = "```"


def fitted(model: Model, prompt: Prompt) -> Prompt:
    """What `model` is asked in place of `prompt`: the same, if it can all that this needs. Raises `Refused` for what it cannot see."""
    _all_seen(model, prompt)
    if _emulated(model, prompt):
        prompt = _by_schema(prompt)
    if prompt.schema is not None and not model.abilities.schema:
        told = "Answer with one JSON value only, without any text around it. It must follow this JSON Schema:\n"
        prompt = _instructed(prompt, told + _json(prompt.schema.schema))
    return prompt


def reread(model: Model, prompt: Prompt, completion: Completion) -> Completion:
    """The answer to `prompt`, from the one to what `fitted` made of it."""
    if prompt.schema is not None and not model.abilities.schema:
        completion = replace(completion, text=_unfenced(completion.text))
    return _called(prompt, completion) if _emulated(model, prompt) else completion


def _emulated(model: Model, prompt: Prompt) -> bool:
    return bool(prompt.tools) and not model.abilities.tools


def _all_seen(model: Model, prompt: Prompt) -> None:
    able = {"image": model.abilities.images, "audio": model.abilities.audio, "file": model.abilities.files}
    for message in prompt.messages:
        for part in message.parts:
            if isinstance(part, MediaPart) and not able[part.kind]:
                raise Refused(
                    "{model} takes no part of the kind {kind}: leave it out, or ask a model that does (models.providers, abilities).",
                    model=model.name,
                    kind=part.kind,
                )


def _by_schema(prompt: Prompt) -> Prompt:
    """Tools told in words, the choice among them as a schema, what was called and came of it as ordinary turns."""
    offered = _offered(prompt)
    told = "\n".join(f"- {tool.name}: {tool.description} Arguments: {_json(tool.parameters)}" for tool in offered)
    talk = replace(prompt, messages=tuple(_as_words(prompt)), tools=())
    if not offered:
        return talk
    asked = (
        "You may have one tool called, by answering with a JSON object with its name in “tool” and its “arguments”."
        f" To answer yourself, put “{NONE}” in “tool” and the answer in “answer”. The tools:\n{told}"
    )
    return replace(_instructed(talk, asked), schema=Schema(schema=_choice(prompt, offered), name="tool_or_answer"))


def _offered(prompt: Prompt) -> tuple[Tool, ...]:
    choice = prompt.tool_choice
    return () if choice.mode == "none" else tuple(tool for tool in prompt.tools if choice.name in (None, tool.name))


def _choice(prompt: Prompt, offered: tuple[Tool, ...]) -> dict[str, Any]:
    calls = [_record(tool.name, "arguments", tool.parameters) for tool in offered]
    if prompt.tool_choice.mode == "auto":
        calls.append(_record(NONE, "answer", prompt.schema.schema if prompt.schema else {"type": "string"}))
    return {"anyOf": calls}


def _record(name: str, field: str, content: Mapping[str, Any]) -> dict[str, Any]:
    properties = {"tool": {"type": "string", "enum": [name]}, field: dict(content)}
    return {"type": "object", "properties": properties, "required": ["tool", field], "additionalProperties": False}


def _as_words(prompt: Prompt) -> Iterator[Message]:
    for message in prompt.messages:
        if message.role == "tool":
            yield Message.of("user", f"The tool answered: {message.text}")
        elif message.calls:
            said = [message.text] if message.text else []
            yield Message.of("assistant", "\n".join([*said, *(_record_of(call) for call in message.calls)]))
        else:
            yield message


def _record_of(call: ToolCall) -> str:
    return f'{{"tool":{_json(call.name)},"arguments":{call.arguments or "{}"}}}'


def _instructed(prompt: Prompt, more: str) -> Prompt:
    """With one more instruction, after those that are there."""
    heads = sum(1 for message in prompt.messages if message.role == "system")
    ordered = [*(one for one in prompt.messages if one.role == "system"), *(one for one in prompt.messages if one.role != "system")]
    return replace(prompt, messages=(*ordered[:heads], Message.of("system", more), *ordered[heads:]))


def _called(prompt: Prompt, completion: Completion) -> Completion:
    """What was meant by an answer to the schema. One that does not follow it stays as it is."""
    try:
        said = json.loads(_unfenced(completion.text))
    except (ValueError, RecursionError):
        return completion
    if not isinstance(said, dict) or not isinstance(said.get("tool"), str):
        return completion
    if said["tool"] == NONE and "answer" in said:
        return replace(completion, text=said["answer"] if isinstance(said["answer"], str) else _json(said["answer"]))
    if said["tool"] not in {tool.name for tool in _offered(prompt)}:
        return completion
    name = hashlib.sha256(f"{completion.id}\n{completion.text}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
    call = ToolCall(id=f"call_{name}", name=said["tool"], arguments=_json(said.get("arguments", {})))
    return replace(completion, text="", calls=(call,), finish="tool_calls")


def _unfenced(text: str) -> str:
    """Without the Markdown fence that many models put around JSON."""
    inner = text.strip()
    if inner.startswith(_FENCE) and inner.endswith(_FENCE) and "\n" in inner:
        return inner[inner.index("\n") : -len(_FENCE)].strip()
    return text


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)
