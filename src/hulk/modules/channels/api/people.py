"""What operators do with conversations, and with those who take part in them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Query
from pydantic import Field

from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.modules.channels.api.routes import ChannelActs, Limit, Named, OfChannel
from hulk.modules.channels.api.views import contact_view, conversation_view, invitation_view, turn_view
from hulk.modules.channels.domain import Contact, Conversation, Ended, Mode
from hulk.modules.channels.ports import Sought
from hulk.modules.channels.usecases import Page
from hulk.runtime.http import Caller, Reason, Reasoned, Why
from hulk.runtime.validation import Moment

_Earlier: TypeAlias = Annotated[Moment | None, Query(description="Only those heard last before then.")]
_After: TypeAlias = Annotated[str, Query(max_length=500, description="Only those after a page: its `next`.")]
_Sender: TypeAlias = Annotated[str, Path(max_length=255, description="Their id at the channel.")]
_Person: TypeAlias = Annotated[str, Path(max_length=64, description="The account, `usr_…`.")]


class ReplyBody(Reasoned):
    """What a person says in Hulk's place."""

    text: str = Field(max_length=100_000, description="Markdown.")
    request_id: str = Field(default="", max_length=128, description="The same one says it once.")


class ContactBody(Reasoned):
    """What is to be of a contact; what is not given stays."""

    blocked: bool | None = Field(default=None, description="Whether they are not heard.")
    person: str | None = Field(default=None, max_length=64, description="Whose account they have (`usr_…`); null: nobody known.")


class CodeBody(Reasoned):
    """For whom a code is."""

    person: str = Field(max_length=64, description="The account, `usr_…`.")
    hours: float = Field(default=24, gt=0, le=720, allow_inf_nan=False, description="How long it holds.")
    digits: bool = Field(default=False, description="Of digits only, where it is to be spoken.")


def people_routes(acts: ChannelActs) -> APIRouter:
    """`/v1/conversations`, `/v1/channel-contacts`, `/v1/channel-codes`."""
    router = APIRouter(prefix="/v1", tags=["channels"])
    _of_conversations(router, acts)
    _of_contacts(router, acts)
    _of_codes(router, acts)
    return router


def _of_conversations(router: APIRouter, acts: ChannelActs) -> None:
    @router.get("/conversations", summary="Conversations at channels")
    async def conversations(
        caller: Caller, channel: OfChannel = None,
        mode: Annotated[Mode | None, Query(description="Only those that `hulk` or a `person` answers.")] = None,
        sender: Annotated[str | None, Query(max_length=255, description="Only those with them alone, all of one `channel`.")] = None,
        before: _Earlier = None, after: _After = "", limit: Limit = 50,
    ) -> JsonObject:  # fmt: skip
        """Those in which somebody was heard last first. One that waits for a person has `mode` `person` and no `by`. Behind a page go on
        with its `next` as `after`; null: there is no more."""
        if sender is not None:
            return {"conversations": await _views(acts, await acts.look.talks_with(caller, channel, sender)), "next": None}
        found = await acts.look.talks(caller, mode, _page(channel, limit, before, after))
        return {"conversations": await _views(acts, found), "next": _next(found, limit)}

    @router.get("/conversations/{conversation}", summary="A conversation, and what was said in it")
    async def conversation(conversation: Named, caller: Caller) -> JsonObject:
        """The last 200 turns, the oldest first."""
        found, turns = await acts.look.talk(caller, conversation)
        return {**await _view(acts, found), "turns": [turn_view(one) for one in turns]}

    @router.post("/conversations/{conversation}/take", summary="Answer in a conversation in Hulk's place")
    async def take(conversation: Named, caller: Caller, reason: Why = "") -> JsonObject:
        """Hulk keeps what is said there, and does not answer, until it is handed back."""
        return await _view(acts, await acts.answer.take(caller, conversation, reason))

    @router.post("/conversations/{conversation}/back", summary="Have Hulk answer in a conversation again")
    async def back(conversation: Named, caller: Caller, reason: Why = "") -> JsonObject:
        """Whoever answered there."""
        return await _view(acts, await acts.answer.back(caller, conversation, reason))

    @router.post("/conversations/{conversation}/replies", summary="Say something in a conversation that a person answers", status_code=202)
    async def reply(conversation: Named, body: ReplyBody, caller: Caller) -> JsonObject:
        """It waits to be sent like every message; 409 while Hulk answers there, or another person."""
        return await _view(acts, await acts.answer.reply(caller, conversation, body.text, body.request_id, body.reason))


async def _view(acts: ChannelActs, one: Conversation) -> JsonObject:
    return (await _views(acts, [one]))[0]


async def _views(acts: ChannelActs, found: Sequence[Conversation]) -> list[JsonObject]:
    names = await acts.look.names(found)
    return [conversation_view(one, names) for one in found]


def _page(channel: str | None, most: int, before: datetime | None, after: str) -> Page:
    return Page(channel=channel, most=most, earlier=before, ended=Ended.read(after) if after else None)


def _next(found: Sequence[Conversation] | Sequence[Contact], limit: int) -> str | None:
    return found[-1].ended.written() if len(found) == limit else None


def _of_contacts(router: APIRouter, acts: ChannelActs) -> None:
    @router.get("/channel-contacts", summary="Who was heard at channels")
    async def contacts(
        caller: Caller, channel: OfChannel = None,
        text: Annotated[str, Query(max_length=100, description="A piece of their name, id, telephone number or address.")] = "",
        person: Annotated[str | None, Query(max_length=64, description="Only those who have the account of this person (`usr_…`).")] = None,
        blocked: Annotated[bool | None, Query(description="Only those who are not heard, or who are.")] = None,
        before: _Earlier = None, after: _After = "", limit: Limit = 50,
    ) -> JsonObject:  # fmt: skip
        """Those heard last first. Behind a page go on with its `next` as `after`; null: there is no more."""
        sought = Sought(text=text.strip(), person=person, blocked=blocked)
        found = await acts.introduce.show(caller, replace(_page(channel, limit, before, after), sought=sought))
        return {"contacts": [contact_view(one) for one in found], "next": _next(found, limit)}

    @router.get("/channels/{channel}/contacts/{sender:path}", summary="Somebody who was heard at a channel")
    async def one(channel: Named, sender: _Sender, caller: Caller) -> JsonObject:
        """As the channel knows them, and whose account they have here."""
        return contact_view(await acts.introduce.one(caller, channel, sender))

    @router.patch("/channels/{channel}/contacts/{sender:path}", summary="Say who somebody is, or hear them no more")
    async def contact(channel: Named, sender: _Sender, body: ContactBody, caller: Caller) -> JsonObject:
        """`person` needs an admin of the whole tenant: the contact may do all that the account may."""
        found = None
        if "person" in body.model_fields_set:
            found = await acts.introduce.link(caller, channel, sender, body.person, body.reason)
        if body.blocked is not None:
            found = await acts.introduce.block(caller, channel, sender, body.blocked, body.reason)
        if found is None:
            raise Refused("Say what is to change: blocked, or person.")
        return contact_view(found)


def _of_codes(router: APIRouter, acts: ChannelActs) -> None:
    @router.get("/channel-codes", summary="The codes by which people say who they are")
    async def codes(caller: Caller) -> dict[str, list[JsonObject]]:
        """Without the codes themselves, which are shown once."""
        return {"codes": [invitation_view(one) for one in await acts.introduce.codes(caller)]}

    @router.post("/channel-codes", summary="Make a code for a person", status_code=201)
    async def invite(body: CodeBody, caller: Caller) -> JsonObject:
        """Who says it first at a channel (`/link CODE`) is that person there from then on. It is shown this once."""
        new = await acts.introduce.invite(caller, body.person, timedelta(hours=body.hours), digits=body.digits, reason=body.reason)
        return {"code": new.code, **invitation_view(new.invitation)}

    @router.delete("/channel-codes/{person}", summary="Have a person's unused codes hold no more", status_code=204)
    async def uninvite(person: _Person, caller: Caller, reason: Reason = "") -> None:
        """Those that were used are used."""
        await acts.introduce.uninvite(caller, person, reason)
