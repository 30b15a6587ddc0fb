"""A prompt that somebody wants a model to answer, with what is said of it; what of it may go where. Pure rules."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from hulk.kernel import ids
from hulk.kernel.text import Language
from hulk.modules.router.domain.model import (
    CallPart,
    Completion,
    Delta,
    Ended,
    MediaPart,
    Message,
    Prompt,
    Said,
    TextPart,
    ToolCall,
)
from hulk.modules.router.domain.sensitivity import (
    UNREADABLE,
    Classified,
    Escaped,
    Part,
    Unmaskable,
    Unmasking,
    Vault,
    classified_parts,
    masked,
    unmasked,
)

AUTO = "auto"
"""In place of a model's name: the router chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be answered. `intent` is what it belongs to: an intent, or the request itself; `key` is unique to it. `wanted` is a
    model's name or `AUTO`, `episode` the conversation, `text` what is looked at to find questions that are like it."""

    prompt: Prompt
    tenant: str
    intent: str
    key: str
    scan: Classified
    language: Language
    text: str = field(default="", repr=False)
    wanted: str = AUTO
    channel: str = ""
    agent: str = ""
    person: str = ""
    episode: str = ""
    trials: frozenset[str] = frozenset()
    """Experiments between prompts or policies that it is in, by id."""
    decision: str = ""
    """The id of the decision on it, which follows from its key."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "decision", ids.derived("dec", self.key))

    @property
    def p0(self) -> bool:
        """Whether it must stay in the company."""
        return self.scan.sensitivity == "p0"


def parts_of_prompt(prompt: Prompt) -> Iterator[Part]:
    """All that a model would read: words of every turn, calls and their results, tools, schemas, names, and ids, which who asks may choose.
    Pictures, recordings and documents cannot be read."""
    for message in prompt.messages:
        yield from _parts(message)
    for tool in prompt.tools:
        yield Part("\n".join((tool.name, tool.description, _json(tool.parameters))))
    if prompt.schema is not None:
        yield Part(f"{prompt.schema.name}\n{_json(prompt.schema.schema)}")
    yield from (Part(stop) for stop in prompt.stop)


def _parts(message: Message) -> Iterator[Part]:
    for part in message.parts:
        if isinstance(part, TextPart):
            yield Part(part.text, message.role)
        else:
            yield UNREADABLE
            yield Part(f"{part.name}\n{part.url}", message.role)
    for call in message.calls:
        yield Part(f"{call.id}\n{call.name}\n{call.arguments}", message.role)
    yield Part(message.call_id, message.role)


def tools_in(prompt: Prompt) -> frozenset[str]:
    """The names of tools that are offered or were called."""
    called = (call.name for message in prompt.messages for call in message.calls)
    return frozenset((*(tool.name for tool in prompt.tools), *called))


def masked_prompt(prompt: Prompt, vault: Vault) -> Prompt:
    """The prompt with tokens in the places of what must not leave, which is public as a whole. Raises `Unmaskable` when that cannot be:
    a part that is not words, a value over two parts, something in the tools or the schema."""
    if any(isinstance(part, MediaPart) for message in prompt.messages for part in message.parts):
        raise Unmaskable(["attachment"])
    sent = replace(prompt, messages=tuple(_masked(message, vault) for message in prompt.messages))
    if (left := classified_parts(parts_of_prompt(sent))).sensitivity == "p0":
        raise Unmaskable(left.labels)
    return sent


def _masked(message: Message, vault: Vault) -> Message:
    parts = tuple(TextPart(text=masked(part.text, vault)) for part in message.parts if isinstance(part, TextPart))
    return replace(message, parts=parts, calls=tuple(_masked_call(call, vault) for call in message.calls))


def _masked_call(call: ToolCall, vault: Vault) -> ToolCall:
    return replace(call, arguments=masked(call.arguments, vault))


def unmasked_completion(completion: Completion, vault: Vault | None) -> Completion:
    """The answer with the values back in the places of their tokens, in words and calls."""
    if vault is None:
        return completion
    calls = tuple(replace(call, arguments=unmasked(call.arguments, Escaped(vault))) for call in completion.calls)
    return replace(completion, text=unmasked(completion.text, vault), calls=calls)


class Unmasked:
    """The pieces of an answer with the values back in the places of their tokens, which may be cut anywhere."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._words = Unmasking(vault)
        self._calls: dict[int, Unmasking] = {}

    def feed(self, delta: Delta) -> Iterator[Delta]:
        """What can be shown now."""
        match delta:
            case Said(text):
                yield from self._said(self._words.feed(text))
            case CallPart(index=place, arguments=more):
                calls = self._calls.setdefault(place, Unmasking(Escaped(self._vault)))
                yield replace(delta, arguments=calls.feed(more))
            case Ended(completion):
                yield from self._said(self._words.end())
                yield from (CallPart(place, arguments=rest) for place, one in self._calls.items() if (rest := one.end()))
                yield Ended(unmasked_completion(completion, self._vault))
            case _:
                yield delta

    def _said(self, text: str) -> Iterator[Delta]:
        if text:
            yield Said(text)


def last_said(messages: Sequence[Message], most: int = 1000) -> str:
    """What the person said last, of a long text the beginning and the end, `most` characters of each: there it says what is wanted."""
    said = next((text for one in reversed(messages) if one.role == "user" and (text := one.text)), "")
    return said if len(said) <= 2 * most else f"{said[:most]}\n{said[-most:]}"


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)
