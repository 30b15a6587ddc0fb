"""What a model is asked: a conversation, the tools it may call, the form of its answer, and limits. Never logged."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
MediaKind: TypeAlias = Literal["image", "audio", "file"]

_FRAME = 32
"""Tokens around a message: roles and separators."""
_TOOLS_FRAME = 1024
"""Tokens of what vendors tell a model about tools and schemas before it sees them; Anthropic says up to 676 of its own."""
_MEDIA_FRAME: Mapping[MediaKind, int] = {"image": 16_384, "audio": 65_536, "file": 1_000_000}
"""Tokens that a picture, a recording or a document may take however few bytes it has, or when only the vendor fetches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """Words."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPart:
    """A picture, a recording or a document, which some models do not take: its base64 `data`, or a `url` that the vendor would fetch."""

    kind: MediaKind
    mime: str = ""
    data: str = field(default="", repr=False)
    url: str = field(default="", repr=False)
    name: str = field(default="", repr=False)


Part: TypeAlias = TextPart | MediaPart


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that a model wants called. `arguments` is JSON as the model wrote it, and may be none; `signature` is the vendor's, to be sent
    back with the call as it came."""

    id: str
    name: str
    arguments: str = field(default="{}", repr=False)
    signature: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn. `calls` are those of an assistant; `call_id` says which of them a tool's message answers."""

    role: Role
    parts: tuple[Part, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""

    @classmethod
    def of(cls, role: Role, text: str) -> "Message":
        """A turn of words only."""
        return cls(role=role, parts=(TextPart(text=text),))

    @property
    def text(self) -> str:
        """Its words, without what is not words."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What a model may ask to be called. `parameters` is a JSON Schema of an object."""

    name: str
    description: str = field(default="", repr=False)
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}}, repr=False)
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """Whether tools are called: as the model likes, never, or at least one, which is the one of that `name` if there is one."""

    mode: Literal["auto", "none", "required"] = "auto"
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The JSON Schema that an answer must follow. `strict`: the vendor is to enforce it, which not every schema allows."""

    schema: Mapping[str, Any] = field(repr=False)
    name: str = "answer"
    strict: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """All that is asked. What is None is left to the model's settings or the vendor; `temperature` and `top_p` are as vendors take them."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = ToolChoice()
    schema: Schema | None = None
    most_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None

    @classmethod
    def plain(cls, instructions: str, text: str) -> "Prompt":
        """A question of one sentence, and how to answer it."""
        return cls(messages=(*((Message.of("system", instructions),) if instructions else ()), Message.of("user", text)))

    @classmethod
    def texts(cls, texts: Iterable[str]) -> "Prompt":
        """Texts that vectors are wanted of: a turn each, and no words in reply."""
        return cls(messages=tuple(Message.of("user", text) for text in texts), most_output_tokens=0)

    @property
    def digest(self) -> str:
        """The SHA-256, in hexadecimal, of everything that is asked as canonical JSON: two prompts that differ in anything differ in it."""
        return hashlib.sha256(_canonical({"prompt": 1, **asdict(self)})).hexdigest()

    @property
    def most_input_tokens(self) -> int:
        """A bound that no tokenizer passes, for a model that takes all of it as it is (else `translating.most_input_tokens`): no token is
        shorter than a byte, and some frame the messages."""
        talk = sum(_FRAME + sum(_bound(part) for part in message.parts) + _called(message.calls) for message in self.messages)
        told = [_canonical(asdict(tool)) for tool in self.tools] + ([_canonical(asdict(self.schema))] if self.schema else [])
        return talk + _FRAME + (_TOOLS_FRAME + sum(_FRAME + len(one) for one in told) if told else 0)


def _bound(part: Part) -> int:
    if isinstance(part, TextPart):
        return _bytes(part.text)
    return _MEDIA_FRAME[part.kind] + len(part.data) + _bytes(part.url) + _bytes(part.name)


def _called(calls: Iterable[ToolCall]) -> int:
    return sum(_FRAME + _bytes(call.id) + _bytes(call.name) + _bytes(call.arguments) for call in calls)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _canonical(data: Mapping[str, Any]) -> bytes:
    """One text for one value: keys sorted, no spaces, UTF-8."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
