"""Posts as Mattermost tells of them, and where they stand. Pure rules.

An address is where a conversation goes on:

    CHANNEL             a direct channel
    CHANNEL:ROOT        a thread, by its first post: an answer to an answer stands in the same thread (the server takes no other)
    CHANNEL@USER        what the server shows to one person only, in a channel: how a slash command is answered

Names of fields are those of the REST API (model `Post`) and of the events of its websocket.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from hulk.kernel.errors import Refused
from hulk.kernel.text import writable
from hulk.modules.channels.domain import Attached, command

ID = r"[a-z0-9]{26}"
Id = Annotated[str, Field(pattern=rf"^{ID}$")]
Words = Annotated[str, AfterValidator(writable)]
"""What somebody wrote, as every store keeps it."""
Millis = Annotated[int, Field(ge=0, le=253_402_300_799_000)]
_ADDRESS = re.compile(rf"({ID})(?:([:@])({ID}))?")
_TYPES = ("", "me")
"""Kinds of posts that people write; all others are the system's or a plugin's."""


def _none_is(empty: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: empty if value is None else value)


class FileBody(BaseModel):
    """A file of a post (`FileInfo`)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Id
    name: Words = ""
    mime_type: Words = ""
    size: int | None = None


class MetadataBody(BaseModel):
    """What comes with a post."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    files: Annotated[tuple[FileBody, ...], _none_is(())] = ()


class Post(BaseModel):
    """A post. Times are in milliseconds since 1970; `original_id` is set on what an edited post said before."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Id
    create_at: Millis
    edit_at: Millis = 0
    delete_at: Millis = 0
    user_id: str
    channel_id: Id
    root_id: str = Field(default="", pattern=rf"^({ID})?$")
    original_id: str = ""
    message: Words = ""
    type: str = ""
    props: Annotated[dict[str, Any], _none_is({})] = {}
    file_ids: Annotated[tuple[str, ...], _none_is(())] = ()
    metadata: Annotated[MetadataBody, _none_is({})] = MetadataBody()

    @property
    def written(self) -> bool:
        """Whether somebody wrote it: not the system, a plugin, a bot or an incoming webhook; and not what it said before an edit."""
        made = any(str(self.props.get(mark, "")).lower() == "true" for mark in ("from_bot", "from_webhook", "from_plugin"))
        return self.type in _TYPES and not self.original_id and not made

    @property
    def attached(self) -> tuple[Attached, ...]:
        """Its files. One that is a recording and stands alone was spoken."""
        told = {one.id: one for one in self.metadata.files}
        spoken = not self.message.strip() and len(self.file_ids) == 1
        return tuple(_attached(told.get(name) or FileBody(id=name), spoken) for name in self.file_ids if re.fullmatch(ID, name))


def _attached(file: FileBody, spoken: bool) -> Attached:
    kind = file.mime_type.partition(";")[0].strip() or "application/octet-stream"
    return Attached(ref=file.id, name=file.name, media_type=kind, size=file.size, voice=spoken and kind.startswith("audio/"))


def post_of(data: Any) -> Post | None:
    """The post, if that is one."""
    try:
        return Post.model_validate_json(data) if isinstance(data, str) else Post.model_validate(data)
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Address:
    """See the module."""

    channel: str
    root: str = ""
    user: str = ""

    def __str__(self) -> str:
        return f"{self.channel}:{self.root}" if self.root else f"{self.channel}@{self.user}" if self.user else self.channel

    @classmethod
    def parsed(cls, text: str) -> "Address":
        """The reverse; raises `Refused`."""
        found = _ADDRESS.fullmatch(text)
        if found is None:
            raise Refused("“{address}” is no address in Mattermost.", address=text[:80])
        kind, other = found[2], found[3] or ""
        return cls(found[1], root=other if kind == ":" else "", user=other if kind == "@" else "")


def address_of(post: Post, direct: bool) -> Address:
    """Where the conversation goes on that a post belongs to: what is said in a channel is answered in a thread of its own."""
    return Address(post.channel_id, root=post.root_id or ("" if direct else post.id))


def mentions(text: str, username: str) -> bool:
    """Whether a post names that user, outside of code, as the server finds it: what ends a sentence may follow."""
    return _mention(username).search(_CODE.sub(" ", text)) is not None


def without_mention(text: str, username: str) -> str:
    """What is said to them who is named at its beginning or end."""
    name = re.escape(username)
    begun = re.sub(rf"^\s*@{name}(?![\w.-]*\w)[:,.]?\s*", "", text, flags=re.IGNORECASE)
    return re.sub(rf"\s+@{name}([.!?]*)\s*$", r"\1", begun, flags=re.IGNORECASE)


_CODE = re.compile(r"(?s)```.*?(?:```|\Z)|`[^`\n]*`")


def _mention(username: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@./-])@{re.escape(username)}(?![\w.-]*\w)", re.IGNORECASE)


def harmless(text: str) -> str:
    """`text` that calls nobody together: a model's words must not ring at everybody of a channel. As long as before."""
    return re.sub(r"@(?=(?:all|channel|here)\b)", "＠", text, flags=re.IGNORECASE)


def as_command(text: str) -> str:
    """What stands after a slash command, with the stroke that Mattermost took: `link K3M9` is `/link K3M9`, a question stays as it is."""
    told = command(f"/{text}")
    if told is None:
        return text or "/help"
    takes = told.name in ("link", "language")
    return f"/{text}" if len(told.argument.split()) == (1 if takes else 0) else text


def moment(millis: int) -> datetime:
    """That time."""
    return datetime.fromtimestamp(millis / 1000, UTC)
