"""`/v1/decisions`."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

from hulk.kernel import ids
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Voice, writable
from hulk.kernel.time import iso
from hulk.modules.router.api.openai.around import Told
from hulk.modules.router.api.openai.bodies import ChatBody
from hulk.modules.router.domain.decision import Decision, Question
from hulk.modules.router.domain.matching import Attachment
from hulk.modules.router.usecases.assembling import Router
from hulk.modules.router.usecases.weighing import Able
from hulk.runtime.http import Caller, Spoken


class SentenceBody(BaseModel):
    """A sentence, as an intent's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, AfterValidator(writable), Field(min_length=1, max_length=100_000)] = Field(description="What is asked.")
    attachments: Annotated[Sequence[Attachment], Field(max_length=20)] = Field(
        default=(), description="What would come with it: `file`, `repository`."
    )

    def question(self, by: Principal, voice: Voice, channel: str, agent: str) -> Question:
        """As the domain has it."""
        key = ids.new("req")
        return Question(
            text=self.text, language=voice.language, tenant=by.tenant, intent=key, key=key, attachments=tuple(self.attachments),
            channel=channel, agent=agent, person=by.actor,
        )  # fmt: skip


def _kind(body: Any) -> str:
    return "sentence" if isinstance(body, SentenceBody) or (isinstance(body, dict) and "text" in body) else "prompt"


Wanted: TypeAlias = Annotated[
    Annotated[SentenceBody, Tag("sentence")] | Annotated[ChatBody, Tag("prompt")],
    Discriminator(_kind),
]
"""A sentence (`text`), or a request as `/v1/chat/completions` takes it (`messages`)."""


def routes(router: Router) -> APIRouter:
    """All of them."""
    api = APIRouter(prefix="/v1/decisions", tags=["router"])

    @api.post("", summary="Decide who would answer, without having it answered")
    async def decide(body: Wanted, caller: Caller, voice: Spoken, around: Told) -> JsonObject:
        """A sentence is decided on as an intent is: skills first. A prompt is decided on as the gateway does. The decision is kept."""
        if isinstance(body, SentenceBody):
            question = body.question(caller, voice, around.channel, around.agent)
            return decision_view(await router.decide_only(caller, question), voice)
        decided = await router.gateway.decide(caller, around.call(body, voice))
        return {**decision_view(decided.decision, voice), "chain": [_able_view(one) for one in decided.chain]}

    @api.get("", summary="The decisions, the newest first")
    async def listed(
        caller: Caller, voice: Spoken,
        before: Annotated[str | None, Query(max_length=64, description="Only those older than that decision.")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> JsonObject:  # fmt: skip
        """`next` is the `before` of the next page, null on the last."""
        found = await router.list_decisions(caller, before, limit + 1)
        page = found[:limit]
        return {"decisions": [decision_view(one, voice) for one in page], "next": page[-1].id if len(found) > limit else None}

    @api.get("/{decision}", summary="A decision, and why it was made")
    async def show(decision: str, caller: Caller, voice: Spoken) -> JsonObject:
        """In the caller's language."""
        return decision_view(await router.show_decision(caller, decision), voice)

    return api


def decision_view(one: Decision, voice: Voice) -> JsonObject:
    """A decision as its readers see it."""
    return {
        "decision_id": one.id, "kind": one.kind, "name": one.name, "sensitivity": one.sensitivity, "labels": list(one.labels),
        "reasons": [voice.say(reason) for reason in one.reasons], "candidates": list(one.candidates), "score": one.score,
        "margin": one.margin, "threshold": one.threshold, "intent_id": one.intent, "at": iso(one.at),
    }  # fmt: skip


def _able_view(one: Able) -> JsonObject:
    most = one.most
    return {
        "model": one.model.name,
        "local": one.model.local,
        "most": str(most.amount),
        "currency": most.currency,
        "masked": one.vault is not None,
    }
