"""Asking a model what it cannot be asked as it is: tools by a schema, schemas in words. Pure rules.

A small local model that is offered tools writes calls into its answer, or none; asked for a JSON value that is either calls or the answer,
it makes no mistake of form (measured with Qwen2.5-Coder-1.5B: 1 of 5 natively, 6 of 6 by schema). How right it is: `make bench-tools`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hulk.kernel.errors import Refused
from hulk.modules.router.domain.model.answers import Completion
from hulk.modules.router.domain.model.models import Model
from hulk.modules.router.domain.model.prompts import MediaPart, Message, Prompt, Schema, Tool, ToolCall

MOST_CALLS = 8
"""Calls in one answer: a small model that has begun a list may not find its end."""
_FENCE = "```"
_VALUES = frozenset({"default", "const", "enum", "examples"})
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
"""Keywords of JSON Schema (2020-12) under which values stand, and no schemas; and schemas by names, which are no keywords."""


def fitted(model: Model, prompt: Prompt) -> Prompt:
    """What `model` is asked in place of `prompt`: the same, if it can all that this needs. Raises `Refused` for what it cannot see."""
    _all_seen(model, prompt)
    if _emulated(model, prompt):
        prompt = _by_schema(prompt)
    if prompt.schema is not None and not model.abilities.schema:
        told = "Answer with one JSON value only, without any text around it. It must follow this JSON Schema:\n"
        prompt = _instructed(prompt, told + _json(prompt.schema.schema))
    return prompt


def most_input_tokens(model: Model, prompt: Prompt) -> int:
    """A bound of what `prompt` takes to ask `model`, which may have to be told tools and schemas in words. Raises as `fitted` does."""
    return fitted(model, prompt).most_input_tokens


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
        f"The tools:\n{told}\nTo have some of them called, answer with "
        '{"calls": [{"tool": its name, "arguments": {…}}, …]}, each thing that is asked for being a call of its own. Leave out arguments'
        " that nobody spoke of. When none of the tools does what is asked, or a value that it requires was not said, answer or ask back"
        ' with {"answer": …}.'
    )
    return replace(_instructed(talk, asked), schema=Schema(schema=_choice(prompt, offered), name="calls_or_answer"))


def _offered(prompt: Prompt) -> tuple[Tool, ...]:
    choice = prompt.tool_choice
    return () if choice.mode == "none" else tuple(tool for tool in prompt.tools if choice.name in (None, tool.name))


def _choice(prompt: Prompt, offered: Iterable[Tool]) -> dict[str, Any]:
    """The schema of what may be said: calls, or, where no tool must be called, an answer."""
    shared: dict[str, Any] = {}
    calls = [_object(tool={"type": "string", "enum": [tool.name]}, arguments=_within(tool.parameters, shared)) for tool in offered]
    found = [_object(calls={"type": "array", "items": {"anyOf": calls}, "minItems": 1, "maxItems": MOST_CALLS})]
    if prompt.tool_choice.mode == "auto":
        found.append(_object(answer=_within(prompt.schema.schema, shared) if prompt.schema else {"type": "string"}))
    return {"anyOf": found} | ({"$defs": shared} if shared else {})


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _within(schema: Mapping[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """A schema as a part of another. One that refers to parts of itself (`#/$defs/Filter`) is put among the `shared` ones, where its
    references lead to it."""
    name = str(len(shared))
    moved: dict[str, Any] = _moved(schema, f"#/$defs/{name}")
    if moved == schema:
        return moved
    shared[name] = moved
    return {"$ref": f"#/$defs/{name}"}


def _moved(part: Any, place: str) -> Any:
    """A part of a schema, its references leading on from `place`."""
    if isinstance(part, list | tuple):
        return [_moved(one, place) for one in part]
    return {name: _moved_under(name, one, place) for name, one in part.items()} if isinstance(part, Mapping) else part


def _moved_under(keyword: str, part: Any, place: str) -> Any:
    if keyword == "$ref" and isinstance(part, str):
        return f"{place}{part[1:]}" if part.startswith("#") else part
    if keyword in _NAMED and isinstance(part, Mapping):
        return {name: _moved(one, place) for name, one in part.items()}
    return part if keyword in _VALUES else _moved(part, place)


def _as_words(prompt: Prompt) -> Iterator[Message]:
    names = {call.id: call.name for message in prompt.messages for call in message.calls}
    for message in prompt.messages:
        if message.role == "tool":
            yield Message.of("user", f"{names.get(message.call_id, 'The tool')} answered: {message.text}")
        elif message.calls:
            said = [message.text] if message.text else []
            yield Message.of("assistant", "\n".join([*said, f'{{"calls":[{",".join(map(_record_of, message.calls))}]}}']))
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
    if not isinstance(said, dict):
        return completion
    if "answer" in said and "calls" not in said:
        return replace(completion, text=said["answer"] if isinstance(said["answer"], str) else _json(said["answer"]))
    calls = said.get("calls")
    known = [tool.name for tool in _offered(prompt)]
    if not isinstance(calls, list) or not calls or not all(isinstance(one, dict) and one.get("tool") in known for one in calls):
        return completion
    made = tuple(_made(completion, place, one) for place, one in enumerate(calls))
    return replace(completion, text="", calls=made, finish="tool_calls")


def _made(completion: Completion, place: int, call: Mapping[str, Any]) -> ToolCall:
    name = hashlib.sha256(f"{completion.id}\n{place}\n{completion.text}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return ToolCall(id=f"call_{name}", name=call["tool"], arguments=_json(call.get("arguments", {})))


def _unfenced(text: str) -> str:
    """Without the Markdown fence that many models put around JSON."""
    inner = text.strip()
    if inner.startswith(_FENCE) and inner.endswith(_FENCE) and "\n" in inner:
        return inner[inner.index("\n") : -len(_FENCE)].strip()
    return text


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)
