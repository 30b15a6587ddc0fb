"""Intents over HTTP: ask, look, follow, fetch what was made."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from hulk.kernel import ids
from hulk.kernel.addresses import address_name, no_repository_at, require_no_password
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.money import Money
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, Principal
from hulk.kernel.text import Language, Voice, writable
from hulk.kernel.time import iso
from hulk.modules.intents.domain import Asked, Brief, Intent, Status
from hulk.modules.intents.ports import Intents
from hulk.modules.intents.usecases import AcceptIntent, IntentView, ShowIntent, following
from hulk.modules.router import Decision
from hulk.modules.skills import Source
from hulk.modules.tickets import Artefact
from hulk.modules.tickets import view as view_ticket
from hulk.runtime.blobs import Blob, FolderBlobs
from hulk.runtime.http import STREAM, Caller, Reason, Reasoned, ServerEvent, allow, allow_somewhere, attached, downloaded, events, sending
from hulk.runtime.outbox import Kept, Outbox
from hulk.runtime.telemetry import current_traceparent

_ENDS = frozenset({"hulk.intent.completed.v1", "hulk.intent.failed.v1"})
_LONGEST_SEQUENCE = 18
"""Digits of an event's number: what has more fits no column."""


_FILE = {**sending("*/*"), **sending("*/*", status=206)}
_ANSWER = sending("text/markdown")
_SENT = {"requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
_EXAMPLE: dict[str, Any] = {"text": "Quais arquivos mais mudaram nos últimos 30 dias?", "sources": [{"kind": "repository", "path": "."}]}


class SourceBody(BaseModel):
    """A file or repository that the intent is about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["file", "repository"]
    path: str | None = Field(default=None, description="A path on the server, under one of tools.files.roots.", max_length=4096)
    blob: str | None = Field(default=None, description="The id of a file sent to /v1/files; for a repository, of a git bundle.")
    url: str | None = Field(
        default=None, description="The http or https address of a file, of a host in tools.http.allow.", min_length=1, max_length=4096
    )
    name: str | None = Field(default=None, description="What a person calls it.", max_length=255)

    def source(self) -> Source:
        """As the domain has it; raises `Refused` unless exactly one of path, blob and url is given, and for a repository's url."""
        if sum(one is not None for one in (self.path, self.blob, self.url)) != 1:
            raise Refused(
                "A source needs exactly one of path (a path on the server), blob (a file sent to /v1/files) and url (a file's address)."
            )
        if self.url is not None:
            require_no_password(self.url)
        if self.url is not None and self.kind == "repository":
            raise no_repository_at(self.url)
        name = self.name or (address_name(self.url) if self.url else Path(self.path or self.blob or "").name)
        return Source(kind=self.kind, name=name, path=self.path, blob=self.blob, url=self.url)


class IntentBody(BaseModel):
    """What is asked."""

    model_config = ConfigDict(
        extra="forbid", frozen=True,
        json_schema_extra={"examples": [_EXAMPLE]},
    )  # fmt: skip

    text: str = Field(description="One sentence, or a few, in Portuguese or English.")
    language: Language | None = Field(default=None, description="Language of the answer; recognised from the text when not given.")
    timezone: str | None = Field(default=None, description="IANA time zone in which relative dates are read.", max_length=64)
    sources: tuple[SourceBody, ...] = ()
    namespace: str = Field(default=DEFAULT_NAMESPACE, max_length=63, description="Where it belongs: who may see and change it.")
    agent: str | None = Field(default=None, max_length=63, description="The agent that is asked, by its name; else whoever fits.")

    def asked(self, key: str | None) -> Asked:
        """As the domain has it; `key` makes it once only. Raises `Refused` for a source that is none."""
        sources = tuple(one.source() for one in self.sources)
        return Asked(
            text=self.text, language=self.language, zone=self.timezone, sources=sources, key=key, namespace=self.namespace,
            agent=self.agent,
        )  # fmt: skip


class AskBody(IntentBody, Reasoned):
    """What is asked, and why."""

    follows: str | None = Field(default=None, max_length=64, description="The intent that this one goes on from: who answers knows it.")

    def asked(self, key: str | None) -> Asked:
        """As the domain has it, with the reason."""
        return replace(super().asked(key), reason=self.reason)


class AcceptedView(BaseModel):
    """What is told at once."""

    intent_id: str
    status: Status
    trace_id: str | None
    links: dict[str, str]


@dataclass(frozen=True, slots=True)
class IntentsApi:
    """The routes, with what they need."""

    accept: AcceptIntent
    show: ShowIntent
    intents: Intents
    outbox: Outbox
    blobs: FolderBlobs
    voices: Callable[[Language], Voice]
    upload_for: Callable[[Principal, AsyncIterator[bytes], str], Awaitable[Blob]]

    async def ask(
        self, body: AskBody, caller: Caller,
        idempotency_key: Annotated[str | None, Header(description="The same key gives the same intent.")] = None,
    ) -> Response:  # fmt: skip
        """Accept an intent."""
        allow(caller, "write", "intents", body.namespace)
        asked = body.asked(idempotency_key)
        asked = asked if body.follows is None else following(asked, await self.show(body.follows, caller))
        intent = await self.accept(asked, caller, current_traceparent())
        accepted = _accepted(intent)
        return JSONResponse(accepted.model_dump(), 202, {"location": accepted.links["self"]})

    async def recent(
        self, caller: Caller, status: Status | None = None, namespace: Annotated[str | None, Query(max_length=63)] = None,
        before: Annotated[str | None, Query(max_length=64, description="Only those older than that intent.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> dict[str, list[JsonObject]]:  # fmt: skip
        """The caller's newest intents."""
        within = allow_somewhere(caller, "read", "intents")
        if namespace is not None:
            within = frozenset({writable(namespace)} & within) if within is not None else frozenset({writable(namespace)})
        known = None if before is None else ids.parse(before, "int")
        found = await self.intents.recent(caller.tenant, status=status, limit=limit, within=within, before=known)
        return {"intents": [_brief(intent) for intent in found]}

    async def one(self, intent_id: str, caller: Caller) -> JsonObject:
        """All that came of an intent."""
        view = await self.show(intent_id, caller)
        return _shown(view, self.voices(view.intent.language))

    async def follow(self, intent_id: str, caller: Caller, last_event_id: Annotated[str | None, Header()] = None) -> Response:
        """What happens to an intent, as it happens."""
        view = await self.show(intent_id, caller)
        return events(_progress(self, view.intent.id, _sequence(last_event_id)))

    async def artefact(self, intent_id: str, name: str, caller: Caller) -> Response:
        """A file that an intent has made."""
        view = await self.show(intent_id, caller)
        made = next((one for one in view.artefacts if one.name == name), None)
        if made is None:
            raise NotFound("Intent {id} has made no file “{name}”.", id=intent_id, name=name)
        return downloaded(await self.blobs.kept(made.blob), made.media_type, made.name)

    async def answer(self, intent_id: str, caller: Caller) -> Response:
        """The answer alone, in Markdown; of a failed intent why it failed."""
        intent = (await self.show(intent_id, caller)).intent
        if intent.answer is None:
            raise NotFound("Intent {id} has no answer yet.", id=intent_id)
        return attached(intent.answer, "text/markdown; charset=utf-8", f"{intent.id}.md")

    async def upload(self, request: Request, caller: Caller, reason: Reason = "") -> dict[str, Any]:
        """Keep a file that is sent."""
        allow_somewhere(caller, "write", "files")
        blob = await self.upload_for(caller, request.stream(), reason)
        return {"blob": blob.id, "size": blob.size}


def routes(api: IntentsApi) -> APIRouter:
    """`/v1/intents`, `/v1/files`."""
    router = APIRouter(prefix="/v1", tags=["intents"])
    router.post("/intents", status_code=202, summary="Ask for something", response_model=AcceptedView)(api.ask)
    router.get("/intents", summary="The newest intents")(api.recent)
    router.get("/intents/{intent_id}", summary="An intent with its decision, tickets, answer, artefacts and cost")(api.one)
    of_bytes = functools.partial(router.get, response_class=Response)
    of_bytes("/intents/{intent_id}/events", summary="Follow an intent (server-sent events)", responses=STREAM)(api.follow)
    of_bytes("/intents/{intent_id}/answer", summary="The answer of an intent, as a file", responses=_ANSWER)(api.answer)
    of_bytes("/intents/{intent_id}/artefacts/{name}", summary="A file that an intent has made", responses=_FILE)(api.artefact)
    sent = router.post("/files", status_code=201, summary="Send a file that an intent will be about", tags=["files"], openapi_extra=_SENT)
    sent(api.upload)
    return router


def _accepted(intent: Intent) -> AcceptedView:
    base = f"/v1/intents/{intent.id}"
    return AcceptedView(
        intent_id=intent.id, status=intent.status, trace_id=intent.trace_id, links={"self": base, "events": f"{base}/events"}
    )


def _brief(intent: Intent | Brief) -> JsonObject:
    ended = None if intent.ended is None else iso(intent.ended)
    return {
        "intent_id": intent.id, "namespace": intent.namespace, "status": intent.status, "text": intent.text, "language": intent.language,
        "created": iso(intent.created), "ended": ended, "actor": intent.actor, "agent": intent.agent, "channel": intent.channel or None,
    }  # fmt: skip


def _shown(view: IntentView, voice: Voice) -> JsonObject:
    intent = view.intent
    return {
        **_brief(intent),
        "sources": [_source(one) for one in intent.sources],
        "plan_id": intent.plan,
        "decision": None if view.decision is None else _decision(view.decision, voice),
        "tickets": [view_ticket(ticket, voice) for ticket in view.tickets],
        "answer": intent.answer,
        "problem": intent.problem and {"code": intent.problem["code"], "detail": intent.answer},
        "artefacts": [_made(intent, artefact) for artefact in view.artefacts],
        "cost": money_view(view.cost),
        "trace_id": intent.trace_id,
        "seconds": round(view.seconds, 3),
    }


def _source(source: Source) -> JsonObject:
    """As it can be sent again."""
    return {name: value for name in ("kind", "name", "path", "blob", "url") if (value := getattr(source, name)) is not None}


def _decision(decision: Decision, voice: Voice) -> JsonObject:
    return {
        "decision_id": decision.id, "kind": decision.kind, "name": decision.name, "sensitivity": decision.sensitivity,
        "labels": list(decision.labels), "reasons": [voice.say(reason) for reason in decision.reasons],
        "score": round(decision.score, 4), "margin": round(decision.margin, 4), "threshold": round(decision.threshold, 4),
    }  # fmt: skip


def money_view(money: Money) -> JsonObject:
    """Money as the API shows it: the amount as text, exact."""
    return {"currency": money.currency, "amount": f"{money.amount:f}"}


def _made(intent: Intent, artefact: Artefact) -> JsonObject:
    url = f"/v1/intents/{intent.id}/artefacts/{quote(artefact.name)}"
    return {"name": artefact.name, "media_type": artefact.media_type, "size": artefact.size, "url": url}


def _sequence(last_event_id: str | None) -> int:
    if last_event_id is None:
        return 0
    if not last_event_id.isdecimal() or len(last_event_id) > _LONGEST_SEQUENCE:
        raise Refused(
            "Last-Event-ID “{value}” is not a number: send back the id of the last event you have seen.", value=last_event_id[:40]
        )
    return int(last_event_id)


async def _progress(api: IntentsApi, intent: str, after: int) -> AsyncIterator[ServerEvent]:
    """What happens to the intent, until it has ended. Ends at once for one that ended before `after`."""
    ended = (await api.intents.get(intent)).ended_already
    if ended and not await api.outbox.of_intent(intent, after):
        return
    async for kept in api.outbox.follow(intent, after):
        yield _told(kept)
        if kept.event.type in _ENDS:
            return


def _told(kept: Kept) -> ServerEvent:
    event = kept.event
    kind = event.type.removeprefix("hulk.").rpartition(".")[0]
    return ServerEvent(id=str(kept.sequence), event=kind, data={"subject": event.subject, "time": iso(event.time), **event.data})
