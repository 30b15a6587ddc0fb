"""Asking for what was not heard: after a line was lost, after a process died, and now and then to be sure."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import structlog

from hulk.kernel.errors import Forbidden, NotFound
from hulk.modules.channels.adapters.mattermost.marks import OVERLAP, Mark
from hulk.modules.channels.adapters.mattermost.posts import Post
from hulk.modules.channels.adapters.mattermost.server import Room, Server
from hulk.modules.channels.adapters.mattermost.sorting import Sorter
from hulk.modules.channels.ports import Heard

log = structlog.get_logger(__name__)
_SETTLED = 60_000
"""Milliseconds after which no post becomes visible any more that is older than others which were heard."""
_MOST = 10_000
"""Posts of one channel that are read backwards, and held until the oldest is there; what is older is left, which the log tells."""


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Reads what came since a mark, channel by channel."""

    server: Server
    sorter: Sorter

    async def __call__(self, mark: Mark, heard: Heard, marked: Callable[[Mark], Awaitable[None]]) -> Mark:
        """Give all of it to `heard`, and `marked` how far that is safe; the mark up to which all was heard. Raises as `Server`."""
        newest = mark.at
        for room in await self.server.rooms():
            newest = max(newest, room.last_post_at)
            if not self.sorter.listens(room) or _nothing_new(room, mark):
                continue
            async for page in self._missed(room, mark):
                mark = await self._given(room, page, mark, heard)
                await marked(mark)
        mark = mark.up_to(newest)
        await marked(mark)
        return mark

    async def _given(self, room: Room, page: list[Post], mark: Mark, heard: Heard) -> Mark:
        spot = mark.spots.get(room.id)
        found = [await self.sorter.posted(one) for one in page if spot is None or not spot.knows(one.id)]
        await heard([one for one in found if one is not None])
        for one in page:
            mark = mark.heard(room.id, one.id, one.create_at)
        return mark

    async def _missed(self, room: Room, mark: Mark) -> AsyncIterator[list[Post]]:
        """Pages, oldest first. A channel from which the bot was just removed has nothing to say any more."""
        spot = mark.spots.get(room.id)
        try:
            if spot is None:
                yield await self._since(room.id, mark.at)
                return
            newest = 0
            async for page in self.server.after(room.id, spot.after):
                newest = max([newest, *(one.create_at for one in page)])
                yield page
            if newest < room.last_post_at:  # the post was removed for good, after which was asked: or those after it
                yield await self._since(room.id, max(newest, spot.newest))
        except (NotFound, Forbidden):
            return

    async def _since(self, channel: str, at: int) -> list[Post]:
        """What was written from then on, read backwards."""
        found = list[Post]()
        async for page in self.server.before(channel):
            found[:0] = [one for one in page if one.create_at > at - OVERLAP]
            if page[0].create_at <= at - OVERLAP:
                break
            if len(found) > _MOST:
                log.warning("channel_older_posts_left", channel=channel, read=len(found), since=at)
                break
        return found


def _nothing_new(room: Room, mark: Mark) -> bool:
    """Whether nothing can have been missed there, so that it need not be asked."""
    spot = mark.spots.get(room.id)
    if spot is None:
        return room.last_post_at <= mark.at - _SETTLED or not room.last_post_at
    return room.last_post_at <= spot.newest < mark.at - _SETTLED
