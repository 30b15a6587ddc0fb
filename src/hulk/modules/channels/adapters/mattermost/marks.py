"""How far a bot has heard: what is kept so that nothing is lost when a line or a process dies. Pure rules.

For each channel it is the last posts: the server is asked for all that came after the first of them (`GET /channels/{id}/posts?after=`).
That one is some seconds older than the newest, because posts of several servers may become visible in another order than that of their
times, and because `after` leaves out what was written in the same millisecond; those in between are told apart by their ids.

`connection` and `sequence` are where the line can be taken up again: the next number that is expected there.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any

OVERLAP = 5_000
"""Milliseconds."""
_POSTS = 64
_CHANNELS = 500


@dataclass(frozen=True, slots=True)
class Spot:
    """The last posts of a channel with their times, oldest first; never empty."""

    posts: tuple[tuple[str, int], ...]

    @property
    def after(self) -> str:
        """The post after which all is asked for."""
        return self.posts[0][0]

    @property
    def newest(self) -> int:
        """When the newest was written."""
        return self.posts[-1][1]

    def knows(self, post: str) -> bool:
        """Whether it is one of them."""
        return any(post == one for one, _ in self.posts)

    def heard(self, post: str, at: int) -> "Spot":
        """With one more."""
        if self.knows(post):
            return self
        posts = sorted((*self.posts, (post, at)), key=lambda one: one[1])[-_POSTS:]
        while len(posts) > 1 and posts[1][1] < posts[-1][1] - OVERLAP:
            posts.pop(0)
        return Spot(tuple(posts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """`at` is when the newest post was written of all channels, each heard up to there: what is asked of a channel that is new."""

    at: int = 0
    connection: str = ""
    sequence: int = 0
    spots: dict[str, Spot] = field(default_factory=dict)

    @classmethod
    def parsed(cls, text: str) -> "Mark | None":
        """The reverse of `str`; None for nothing, or what is none (of an older version): then it is heard from now on."""
        try:
            data: dict[str, Any] = json.loads(text)
            spots = {name: Spot(tuple((str(one), int(at)) for one, at in posts)) for name, posts in data["spots"].items() if posts}
            return cls(at=int(data["at"]), connection=str(data["connection"]), sequence=int(data["sequence"]), spots=spots)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    def __str__(self) -> str:
        spots = {name: spot.posts for name, spot in self.spots.items()}
        told = {"at": self.at, "connection": self.connection, "sequence": self.sequence, "spots": spots}
        return json.dumps(told, separators=(",", ":"))

    def heard(self, channel: str, post: str, at: int) -> "Mark":
        """With one more post, whichever was heard last kept longest."""
        spots = {**self.spots}
        spot = spots.pop(channel, None)
        spots[channel] = spot.heard(post, at) if spot else Spot(((post, at),))
        if len(spots) > _CHANNELS:
            del spots[next(iter(spots))]
        return replace(self, spots=spots)

    def up_to(self, at: int) -> "Mark":
        """All channels were heard up to then."""
        return replace(self, at=max(self.at, at))
