"""Asking a Mattermost server by its REST API, version 4 (https://developers.mattermost.com/api-documentation)."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from cachebox import TTLCache
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hulk.kernel.errors import Exhausted, HulkError, NotFound, Unavailable
from hulk.kernel.text import Language
from hulk.modules.channels.adapters.mattermost.posts import Id, Millis, Post, Words
from hulk.modules.channels.adapters.vendor import Answer, Vendor, retry_after
from hulk.modules.channels.domain import Sender

API = "/api/v4"
PAGE = 200
_Told = TypeVar("_Told")


class User(BaseModel):
    """Somebody's account. `email_verified` is told to few; see `Server.sender`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Id
    username: Words = ""
    nickname: Words = ""
    first_name: Words = ""
    last_name: Words = ""
    email: Words = ""
    email_verified: bool = False
    locale: str = ""
    is_bot: bool = False
    delete_at: Millis = 0

    @property
    def name(self) -> str:
        """As the server shows it."""
        return self.nickname or f"{self.first_name} {self.last_name}".strip() or self.username

    @property
    def language(self) -> Language | None:
        """The language they read Mattermost in, if it is one of ours."""
        spoken: dict[str, Language] = {"pt": "pt", "en": "en"}
        return spoken.get(self.locale[:2].lower())


class Room(BaseModel):
    """A channel: `D` is direct, `G` one of a few, `O` open to a team, `P` private."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Id
    type: str
    team_id: str = ""
    name: str = ""
    last_post_at: Millis = 0
    delete_at: Millis = 0

    @property
    def direct(self) -> bool:
        """Whether only two write there."""
        return self.type == "D"


class Posts(BaseModel):
    """A page of posts (`PostList`): `order` is the newest first."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    order: tuple[str, ...] = ()
    posts: dict[str, Any] = {}
    next_post_id: str = ""
    prev_post_id: str = ""
    has_next: bool = False

    @property
    def oldest_first(self) -> list[Post]:
        """Those that the page is of: others may stand in it, which they answer."""
        return [Post.model_validate(self.posts[one]) for one in reversed(self.order) if one in self.posts]


class Client(BaseModel):
    """What the server tells its clients (`GET /config/client`): all values are strings."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    post: Annotated[int, Field(alias="MaxPostSize", ge=1, le=1_000_000)] = 16_383
    file: Annotated[int, Field(alias="MaxFileSize", ge=0)] = 100_000_000
    verifies_email: Annotated[bool, Field(alias="RequireEmailVerification")] = False
    blocks: Annotated[bool, Field(alias="FeatureFlagMmBlocksEnabled")] = False
    key: Annotated[str, Field(alias="AsymmetricSigningPublicKey")] = ""


_ROOMS = TypeAdapter(tuple[Room, ...])


def _cache(seconds: float) -> Any:
    return TTLCache(10_000, seconds)


@dataclass(slots=True)
class Server:
    """One server, as one bot. All methods raise `Unauthenticated` when it does not know the bot, `Unavailable` and others by status."""

    vendor: Vendor
    token: Callable[[], str]
    known: Client = field(default_factory=lambda: Client())
    """What it last told of itself."""
    _users: Any = field(default_factory=lambda: _cache(600.0))
    _rooms: Any = field(default_factory=lambda: _cache(600.0))
    _once: Any = field(default_factory=lambda: _cache(300.0))

    @property
    def headers(self) -> dict[str, str]:
        """What proves who asks."""
        return {"authorization": f"Bearer {self.token()}"}

    async def me(self) -> User:
        """The bot, asked again when its token is another."""
        return self._once.get(("me", self.token())) or await self.asked_me()

    async def asked_me(self) -> User:
        """The bot, asked now."""
        found = await self.get(User, "/users/me")
        self._once["me", self.token()] = found
        return found

    async def client(self) -> Client:
        """What it tells its clients; asked again after 5 minutes."""
        if "client" not in self._once:
            self.known = await self.get(Client, "/config/client", format="old")
            self._once["client"] = True
        return self.known

    async def user(self, id_: str) -> User:
        """Somebody, as they were at most 10 minutes ago."""
        if (found := self._users.get(id_)) is None:
            found = self._users[id_] = await self.get(User, f"/users/{id_}")
        return found  # type: ignore[no-any-return]  # a cache's

    async def sender(self, id_: str, fallback: str = "") -> Sender:
        """Somebody as channels know them. Their address is theirs if the server says that it is verified, or lets nobody in before (to
        other accounts than those of administrators it does not say it of one)."""
        try:
            user = await self.user(id_)
        except NotFound:
            return Sender(id=id_, name=fallback)
        vouched = user.email_verified or (await self.client()).verifies_email
        return Sender(
            id=id_, name=user.name or fallback, email=user.email.lower() if vouched and not user.delete_at else "", language=user.language,
            robot=user.is_bot,
        )  # fmt: skip

    async def rooms(self) -> tuple[Room, ...]:
        """All channels that the bot is in."""
        answer = await self.ask("GET", "/users/me/channels")
        found = tuple(one for one in self.read(_ROOMS.validate_json, answer) if not one.delete_at)
        for one in found[:10_000]:
            self._rooms[one.id] = one
        return found

    async def room(self, id_: str) -> Room:
        """A channel, as it was at most 10 minutes ago."""
        if (found := self._rooms.get(id_)) is None:
            found = self._rooms[id_] = await self.get(Room, f"/channels/{id_}")
        return found  # type: ignore[no-any-return]  # a cache's

    async def direct(self, user: str) -> str:
        """The direct channel with somebody, made if there is none."""
        told = await self.ask("POST", "/channels/direct", [(await self.me()).id, user])
        return self.read(Room.model_validate_json, told).id

    async def post(self, id_: str) -> Post:
        """A post; raises `NotFound`."""
        return await self.get(Post, f"/posts/{id_}")

    async def after(self, channel: str, post: str) -> AsyncIterator[list[Post]]:
        """The posts of a channel that came after one, oldest first, by pages."""
        while post:
            page = await self.get(Posts, f"/channels/{channel}/posts", after=post, per_page=PAGE)
            yield page.oldest_first
            post = page.order[0] if page.order and page.next_post_id else ""

    async def before(self, channel: str) -> AsyncIterator[list[Post]]:
        """The posts of a channel, by pages from the newest back; each page oldest first."""
        page = await self.get(Posts, f"/channels/{channel}/posts", per_page=PAGE)
        while page.order:
            yield page.oldest_first
            page = await self.get(Posts, f"/channels/{channel}/posts", before=page.order[-1], per_page=PAGE)

    async def thread(self, root: str) -> AsyncIterator[list[Post]]:
        """The posts of a thread, by pages from the newest back; its first post stands in each."""
        more: dict[str, Any] = {}
        while True:
            page = await self.get(Posts, f"/posts/{root}/thread", perPage=PAGE, direction="up", **more)
            found = sorted(page.oldest_first, key=lambda one: one.create_at)
            yield found
            answers = [one for one in found if one.root_id]
            if not page.has_next or not answers:
                return
            more = {"fromPost": answers[0].id, "fromCreateAt": answers[0].create_at}

    async def get(self, kind: type[_Told], path: str, **query: str | int) -> _Told:
        """What is there."""
        answer = await self.ask("GET", f"{path}?{urlencode(query)}" if query else path)
        return self.read(TypeAdapter(kind).validate_json, answer)

    def read(self, parse: Callable[[bytes], _Told], answer: Answer) -> _Told:
        """What a success says; raises `Unavailable` for what is none of this API."""
        try:
            return parse(answer.body)
        except ValidationError as error:
            raise Unavailable("{vendor} answers with what is no answer of Mattermost.", vendor=self.vendor.called) from error

    async def ask(self, method: str, path: str, told: Any = None, *, data: Any = None, sends: bool = False) -> Answer:
        """Its answer, if it is a success. `sends`: see `Vendor.ask`."""
        body = None if told is None else json.dumps(told, ensure_ascii=False).encode()
        kind = {"content-type": "application/json"} if body is not None else {}
        answer = await self.vendor.ask(method, API + path, headers={**self.headers, **kind}, body=body, data=data, sends=sends)
        if not 200 <= answer.status < 300:
            raise self.refusal(answer, sends=sends)
        return answer

    def refusal(self, answer: Answer, *, sends: bool = False) -> HulkError:
        """What a status means. A server that limits how often it is asked says when to come again in `X-RateLimit-Reset`, in seconds."""
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.status == 429 and retry_after(answer) is None and reset.isdecimal() and len(reset) < 6:
            return Exhausted("{vendor} wants to be asked less often.", retry_after=max(float(reset), 1.0), vendor=self.vendor.called)
        data = answer.data
        said = data.get("message", "") if isinstance(data, dict) else ""
        return self.vendor.refusal(answer, said if isinstance(said, str) else "", sends=sends)
