"""What operators do with channels, and with what came in and goes out by them."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Header, Path, Query, Response

from hulk.kernel.records import JsonObject
from hulk.modules.channels.api.views import arrival_view, health_view, message_view, tag, tried_view
from hulk.modules.channels.domain import State
from hulk.modules.channels.usecases import AnswerInPerson, CheckChannel, DecideOnMessages, Introduce, LookAtChannels, Page
from hulk.runtime.http import Caller, Spoken, Why

Named: TypeAlias = Annotated[str, Path(max_length=64, description="Its name or id.")]
OfChannel: TypeAlias = Annotated[str | None, Query(max_length=64, description="Only those of that channel.")]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=500)]
_Before: TypeAlias = Annotated[str, Query(max_length=64, description="Only those older than the one of that id.")]
_After: TypeAlias = Annotated[str, Query(max_length=64, description="Only those newer than the one of that id, the oldest first.")]
_Seen: TypeAlias = Annotated[
    str | None, Header(alias="If-Match", max_length=64, description="The `etag` that was seen: 409 when it is another by now.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelActs:
    """All that operators do."""

    look: LookAtChannels
    check: CheckChannel
    decide: DecideOnMessages
    answer: AnswerInPerson
    introduce: Introduce


def channel_routes(acts: ChannelActs) -> APIRouter:
    """`/v1/channels`, `/v1/channel-messages`, `/v1/channel-arrivals`."""
    router = APIRouter(prefix="/v1", tags=["channels"])
    _of_channels(router, acts)
    _of_messages(router, acts)
    return router


def _of_channels(router: APIRouter, acts: ChannelActs) -> None:
    @router.get("/channels", summary="The channels, and how they are")
    async def channels(caller: Caller, voice: Spoken) -> dict[str, list[JsonObject]]:
        """`status` is `ok`, `failing`, `unattended` (no process looks after it) or `untried`; `messages` counts those that did not go out
        (yet), by state."""
        return {"channels": [health_view(one, voice) for one in await acts.look(caller)]}

    @router.get("/channels/{channel}", summary="A channel, and how it is")
    async def channel(channel: Named, caller: Caller, voice: Spoken) -> JsonObject:
        """With what came of trying it last."""
        return health_view(await acts.look.one(caller, channel), voice)

    @router.post("/channels/{channel}/check", summary="Try whether a channel works")
    async def check(channel: Named, caller: Caller, voice: Spoken, reason: Why = "") -> JsonObject:
        """200 whatever comes of it: `ok` tells, `problem` why not. Nobody at the channel is bothered."""
        return tried_view(await acts.check(caller, channel, reason), voice)


def _of_messages(router: APIRouter, acts: ChannelActs) -> None:
    @router.get("/channel-arrivals", summary="What came in by channels")
    async def arrivals(
        caller: Caller, channel: OfChannel = None, before: _Before = "", after: _After = "", limit: Limit = 50
    ) -> dict[str, list[JsonObject]]:
        """The newest first."""
        page = Page(channel=channel, most=limit, before=before, after=after)
        return {"arrivals": [arrival_view(one) for one in await acts.look.arrivals(caller, page)]}

    @router.get("/channel-messages", summary="What goes out by channels")
    async def messages(
        caller: Caller, voice: Spoken, channel: OfChannel = None,
        state: Annotated[list[State] | None, Query(description="Only those in this state; again for more.")] = None,
        before: _Before = "", after: _After = "", limit: Limit = 50,
    ) -> dict[str, list[JsonObject]]:  # fmt: skip
        """The newest first. `unknown`: nobody knows whether it went out; `problem` says why."""
        page = Page(channel=channel, most=limit, before=before, after=after)
        return {"messages": [message_view(one, voice) for one in await acts.look.messages(caller, state or (), page)]}

    @router.get("/channel-messages/{message}", summary="A message that goes out")
    async def message(message: Named, caller: Caller, voice: Spoken, response: Response) -> JsonObject:
        """With what has become of it."""
        found = await acts.look.message(caller, message)
        response.headers["etag"] = tag(found)
        return message_view(found, voice)

    @router.post("/channel-messages/{message}/again", summary="Send a message again that failed or is unknown")
    async def again(message: Named, caller: Caller, voice: Spoken, reason: Why = "", if_match: _Seen = None) -> JsonObject:
        """Of one that is unknown its reader may get two."""
        return message_view(await acts.decide.again(caller, message, _seen(if_match), reason), voice)

    @router.post("/channel-messages/{message}/withdraw", summary="Do not send a message that waits, failed or is unknown")
    async def withdraw(message: Named, caller: Caller, voice: Spoken, reason: Why = "", if_match: _Seen = None) -> JsonObject:
        """What was sent stays sent."""
        return message_view(await acts.decide.withdraw(caller, message, _seen(if_match), reason), voice)


def _seen(if_match: str | None) -> str | None:
    """What they say they saw; None for anything."""
    return None if if_match is None or if_match.strip() == "*" else if_match.strip().strip('"')
