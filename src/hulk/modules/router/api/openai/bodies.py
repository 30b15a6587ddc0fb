"""What programs send to `/v1/chat/completions`, as OpenAI has it, and the prompt that it is.

https://platform.openai.com/docs/api-reference/chat/create. What is not passed on to models is refused, not left out: an answer that
ignores half of what was asked looks like one that does not. What changes nothing here (`user`, `store`, `metadata`) is taken.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from hulk.kernel.text import Text
from hulk.modules.router.domain.model import (
    MediaKind,
    MediaPart,
    Message,
    Part,
    Prompt,
    Role,
    Schema,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
)
from hulk.runtime.validation import Explained

_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*;base64,", re.ASCII)
MOST_MESSAGES = 10_000
MOST_TOOLS = 1_000


class Body(BaseModel):
    """A part of a request. A field that we do not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Loose(BaseModel):
    """A part of which other fields do no harm: what an assistant said is sent back with all that came."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class TextBody(Loose):
    """Words."""

    type: Literal["text", "refusal"] = "text"
    text: str = ""
    refusal: str = ""

    def part(self) -> Part:
        """As the domain has it."""
        return TextPart(text=self.text or self.refusal)


class Image(Body):
    """Where a picture is, or the picture."""

    url: str
    detail: Literal["auto", "low", "high"] = "auto"


class ImageBody(Body):
    """A picture."""

    type: Literal["image_url"]
    image_url: Image

    def part(self) -> Part:
        """As the domain has it."""
        return _media("image", self.image_url.url)


class Audio(Body):
    """A recording."""

    data: str
    format: Annotated[str, Field(pattern=r"^[a-z0-9]{1,16}$")]


class AudioBody(Body):
    """A recording."""

    type: Literal["input_audio"]
    input_audio: Audio

    def part(self) -> Part:
        """As the domain has it."""
        return MediaPart(kind="audio", mime=f"audio/{self.input_audio.format}", data=self.input_audio.data)


class File(Body):
    """A document."""

    file_data: str
    filename: str = ""


class FileBody(Body):
    """A document."""

    type: Literal["file"]
    file: File

    def part(self) -> Part:
        """As the domain has it."""
        return _media("file", self.file.file_data, self.file.filename)


def _kind(value: Any) -> str:
    kind = value.get("type", "text") if isinstance(value, dict) else "text"
    return "text" if kind == "refusal" else str(kind)


PartBody: TypeAlias = Annotated[
    Annotated[TextBody, Tag("text")]
    | Annotated[ImageBody, Tag("image_url")]
    | Annotated[AudioBody, Tag("input_audio")]
    | Annotated[FileBody, Tag("file")],
    Discriminator(_kind),
]


class FunctionCall(Loose):
    """A call as an assistant made it."""

    name: str
    arguments: str = "{}"


class CallBody(Loose):
    """A tool that an assistant wanted called."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class MessageBody(Loose):
    """One turn."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | Sequence[PartBody] | None = None
    refusal: str | None = None
    tool_calls: Sequence[CallBody] | None = None
    tool_call_id: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> "MessageBody":
        if self.role == "tool" and not self.tool_call_id:
            raise Explained(Text("a tool's message needs the tool_call_id that it answers"))
        if self.content is None and not self.tool_calls and not self.refusal:
            raise Explained(Text("a message needs content"))
        return self

    def message(self) -> Message:
        """As the domain has it."""
        role: Role = "system" if self.role == "developer" else self.role
        calls = tuple(ToolCall(id=one.id, name=one.function.name, arguments=one.function.arguments) for one in self.tool_calls or ())
        return Message(role=role, parts=self._parts(), calls=calls, call_id=self.tool_call_id or "")

    def _parts(self) -> tuple[Part, ...]:
        said = self.content if self.content is not None else self.refusal
        if isinstance(said, str):
            return (TextPart(text=said),)
        return tuple(one.part() for one in said or ())


class FunctionBody(Body):
    """A function that may be called."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,64}$")]
    description: str | None = None
    parameters: Mapping[str, Any] | None = None
    strict: bool | None = None


class ToolBody(Body):
    """A tool that may be called."""

    type: Literal["function"]
    function: FunctionBody

    def tool(self) -> Tool:
        """As the domain has it."""
        function = self.function
        known = {} if function.parameters is None else {"parameters": function.parameters}
        return Tool(name=function.name, description=function.description or "", strict=bool(function.strict), **known)


class Named(Body):
    """A function by its name."""

    name: str


class ChoiceBody(Body):
    """That one tool is to be called."""

    type: Literal["function"]
    function: Named


class SchemaBody(Body):
    """A JSON Schema that the answer must follow."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str | None = None
    schema_: Mapping[str, Any] = Field(default={}, alias="schema")
    strict: bool | None = None


class TextFormat(Body):
    """Words."""

    type: Literal["text"]


class JsonFormat(Body):
    """Any JSON object."""

    type: Literal["json_object"]


class SchemaFormat(Body):
    """JSON by a schema."""

    type: Literal["json_schema"]
    json_schema: SchemaBody


class StreamOptions(Loose):
    """How a stream is told."""

    include_usage: bool = False


class ChatBody(Body):
    """A request."""

    model: Annotated[str, Field(min_length=1, max_length=256)] = "auto"
    messages: Annotated[Sequence[MessageBody], Field(min_length=1, max_length=MOST_MESSAGES)]
    tools: Annotated[Sequence[ToolBody], Field(max_length=MOST_TOOLS)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChoiceBody | None = None
    parallel_tool_calls: Literal[True] | None = None
    response_format: TextFormat | JsonFormat | SchemaFormat | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    stop: str | Annotated[Sequence[str], Field(max_length=16)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    logprobs: Literal[False] | None = None
    presence_penalty: Literal[0] | None = None
    frequency_penalty: Literal[0] | None = None
    modalities: Sequence[Literal["text"]] | None = None
    service_tier: Literal["auto", "default"] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    metadata: Mapping[str, str] | None = None
    store: bool | None = None

    def prompt(self) -> Prompt:
        """What models are asked."""
        return Prompt(
            messages=tuple(one.message() for one in self.messages),
            tools=tuple(one.tool() for one in self.tools or ()),
            tool_choice=self._choice(),
            schema=self._schema(),
            most_output_tokens=self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            stop=(self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ()),
            seed=self.seed,
        )

    @model_validator(mode="after")
    def _consistent(self) -> "ChatBody":
        offered = [one.function.name for one in self.tools or ()]
        if len(set(offered)) < len(offered):
            raise Explained(Text("two tools have one name"))
        if isinstance(self.tool_choice, ChoiceBody) and self.tool_choice.function.name not in offered:
            raise Explained(Text("tool_choice names {tool}, which is not among the tools", tool=self.tool_choice.function.name))
        if self.tool_choice == "required" and not offered:
            raise Explained(Text("tool_choice is “required”, and there are no tools"))
        return self

    def _choice(self) -> ToolChoice:
        if isinstance(self.tool_choice, ChoiceBody):
            return ToolChoice(mode="required", name=self.tool_choice.function.name)
        return ToolChoice(mode=self.tool_choice or "auto")

    def _schema(self) -> Schema | None:
        match self.response_format:
            case JsonFormat():
                return Schema(schema={"type": "object"}, strict=False)
            case SchemaFormat(json_schema=one):
                return Schema(schema=one.schema_, name=one.name, strict=bool(one.strict))
            case _:
                return None


def _media(kind: MediaKind, url: str, name: str = "") -> MediaPart:
    if (head := _DATA.match(url)) is not None:
        return MediaPart(kind=kind, mime=head[1] or "", data=url[head.end() :], name=name)
    return MediaPart(kind=kind, url=url, name=name)
