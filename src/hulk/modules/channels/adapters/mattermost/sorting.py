"""Telling what is for Hulk of all that a bot hears: posts and events become arrivals, or nothing.

A direct message is for Hulk. In a channel it is what names the bot, and what is said in a thread that has become Hulk's: where it answered,
or was named. Edits and deletions are for Hulk where the post is; reactions where they are to what Hulk said.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cachebox import LRUCache
from pydantic import BaseModel, ConfigDict, ValidationError

from hulk.kernel.errors import Forbidden, NotFound
from hulk.modules.channels.adapters.mattermost.posts import Id, Millis, Post, Words, address_of, mentions, moment, post_of, without_mention
from hulk.modules.channels.adapters.mattermost.server import Room, Server
from hulk.modules.channels.domain import Arrival, Sender


class Reaction(BaseModel):
    """Somebody's reaction to a post."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    user_id: Id
    post_id: Id
    emoji_name: Words
    create_at: Millis = 0
    update_at: Millis = 0


@dataclass(slots=True)
class Sorter:
    """`team` and `channels` say where it listens: by their names or ids; empty: everywhere. `team` is an id."""

    server: Server
    clock: Callable[[], datetime]
    team: str = ""
    channels: frozenset[str] = frozenset()
    _ours: Any = field(default_factory=lambda: LRUCache(10_000))
    """Threads that are known to be Hulk's, or not to be."""

    def listens(self, room: Room) -> bool:
        """Whether what is said there is heard."""
        if room.direct:
            return True
        here = not self.team or not room.team_id or room.team_id == self.team
        return here and (not self.channels or bool({room.id, room.name} & self.channels))

    async def _room(self, channel: str) -> Room | None:
        """The channel, if it is one in which it listens, and may."""
        try:
            room = await self.server.room(channel)
        except (NotFound, Forbidden):
            return None
        return room if self.listens(room) else None

    def unsure(self) -> None:
        """Something was missed: which threads are not Hulk's is found out anew."""
        self._ours.clear()

    async def posted(self, post: Post) -> Arrival | None:
        """What a new post is, if it is for Hulk."""
        me = await self.server.me()
        if post.user_id == me.id:
            self._ours[post.root_id or post.id] = True
            return None
        if not post.written or post.delete_at:
            return None
        room = await self._room(post.channel_id)
        if room is None or not await self._addressed(post, room, me.username):
            return None
        sender = await self.server.sender(post.user_id)
        return None if sender.robot else self._said(post, room, me.username, sender)

    def _said(self, post: Post, room: Room, username: str, sender: Sender) -> Arrival:
        return Arrival(
            key=f"post:{post.id}", kind="message", id=post.id, about=post.root_id, address=str(address_of(post, room.direct)),
            sender=sender, at=moment(post.create_at), text=without_mention(post.message, username), files=post.attached,
            group=not room.direct,
        )  # fmt: skip

    async def _addressed(self, post: Post, room: Room, username: str) -> bool:
        if room.direct:
            return True
        if mentions(post.message, username):
            self._ours[post.root_id or post.id] = True
            return True
        return bool(post.root_id) and await self._in_ours(post.root_id, username)

    async def _in_ours(self, root: str, username: str) -> bool:
        if (known := self._ours.get(root)) is None:
            known = self._ours[root] = await self._found_ours(root, username)
        return bool(known)

    async def _found_ours(self, root: str, username: str) -> bool:
        me = await self.server.me()
        try:
            async for page in self.server.thread(root):
                if any(one.user_id == me.id or (one.written and mentions(one.message, username)) for one in page):
                    return True
        except (NotFound, Forbidden):  # it is gone
            pass
        return False

    async def told(self, event: str, data: Mapping[str, Any]) -> Arrival | None:
        """What an event of the websocket is, if it is for Hulk. Events that are unknown, or not as they should be, are for nobody."""
        match event:
            case "posted":
                post = post_of(data.get("post"))
                return None if post is None else await self.posted(post)
            case "post_edited" | "post_deleted":
                post = post_of(data.get("post"))
                return None if post is None else await self._changed(post, deleted=event == "post_deleted")
            case "reaction_added" | "reaction_removed":
                reaction = _reaction(data.get("reaction"))
                return None if reaction is None else await self._reacted(reaction, removed=event == "reaction_removed")
        return None

    async def _changed(self, post: Post, *, deleted: bool) -> Arrival | None:
        me = await self.server.me()
        if post.user_id == me.id or not post.written or not (deleted or post.edit_at):
            return None
        room = await self._room(post.channel_id)
        if room is None or not await self._addressed(post, room, me.username):
            return None
        when, told = (post.delete_at, "") if deleted else (post.edit_at, without_mention(post.message, me.username))
        return Arrival(
            key=f"deletion:{post.id}" if deleted else f"edit:{post.id}:{when}", kind="deletion" if deleted else "edit", id=post.id,
            address=str(address_of(post, room.direct)), sender=await self.server.sender(post.user_id), group=not room.direct,
            at=moment(when) if when else self.clock(), text=told,
        )  # fmt: skip

    async def _reacted(self, reaction: Reaction, *, removed: bool) -> Arrival | None:
        """A reaction to what Hulk said; others are none of its business."""
        me = await self.server.me()
        if reaction.user_id == me.id:
            return None
        try:
            post = await self.server.post(reaction.post_id)
        except (NotFound, Forbidden):  # it is gone
            return None
        room, when = await self._room(post.channel_id), max(reaction.update_at, reaction.create_at)
        if post.user_id != me.id or room is None:
            return None
        sign = "-" if removed else "+"
        return Arrival(
            key=f"reaction:{reaction.post_id}:{reaction.user_id}:{reaction.emoji_name[:64]}:{when}{sign}", kind="reaction",
            address=str(address_of(post, room.direct)), sender=await self.server.sender(reaction.user_id), about=post.id,
            at=moment(when) if when else self.clock(), emoji=reaction.emoji_name, removed=removed, group=not room.direct,
        )  # fmt: skip


def _reaction(data: Any) -> Reaction | None:
    """A reaction stands in its event as text."""
    try:
        return Reaction.model_validate(json.loads(data) if isinstance(data, str) else data)
    except (ValueError, ValidationError):
        return None
