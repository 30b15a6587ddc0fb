"""The trail over HTTP: looking things up in it, and taking all of it away."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response, StreamingResponse

from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Voice, writable
from hulk.modules.audit.domain import Link, Verdict, Wanted
from hulk.modules.audit.ports import Archive
from hulk.modules.audit.usecases import ExportTrail, VerifyNow
from hulk.runtime.http import Caller, Spoken, allow, sending
from hulk.runtime.validation import Moment

JSON_LINES = "application/jsonl"


async def _wanted(
    caller: Caller,
    subject: Annotated[str | None, Query(description="The id that the entry is about.", max_length=128)] = None,
    intent: Annotated[str | None, Query(description="The intent that it belongs to.", max_length=64)] = None,
    actor: Annotated[str | None, Query(description="Who did it, such as `key:nr3xa1x1`.", max_length=128)] = None,
    type: Annotated[str | None, Query(description="Such as `hulk.ticket.completed.v1`.", max_length=128)] = None,  # noqa: A002  # its name
    since: Annotated[Moment | None, Query(alias="from", description="At this time or later (RFC 3339, with its offset).")] = None,
    before: Annotated[Moment | None, Query(description="Before this time (RFC 3339, with its offset).")] = None,
) -> Wanted:
    for value in (subject, intent, actor, type):
        if value is not None and writable(value) != value:
            raise Refused("“{value}” is in no entry of the trail: it holds a NUL or half of a UTF-16 pair.", value=writable(value)[:80])
    return Wanted(tenant=caller.tenant, subject=subject, intent=intent, actor=actor, type=type, since=since, before=before)


def routes(archive: Archive, export: ExportTrail, verify: VerifyNow) -> APIRouter:
    """`/v1/audit`."""
    router = APIRouter(prefix="/v1/audit", tags=["audit"])
    _verifying(router, verify)

    @router.get("", summary="The newest entries of the audit trail that fit")
    async def search(
        wanted: Annotated[Wanted, Depends(_wanted)],
        caller: Caller,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        after: Annotated[int | None, Query(ge=1, le=1 << 62, description="The `next` of the page before.")] = None,
    ) -> dict[str, Any]:
        """From the archive, which is about a second behind. Behind a page go on with its `next` as `after`."""
        allow(caller, "read", "audit")
        found = await archive.search(wanted, after, limit)
        return {"entries": [_entry(link) for link in found], "next": found[-1].position if len(found) == limit else None}

    @router.get("/export", summary="The whole audit trail as JSON lines", response_class=Response, responses=sending(JSON_LINES))
    async def take(
        caller: Caller,
        after: Annotated[int, Query(ge=0, le=1 << 62, description="Only entries past this position.")] = 0,
    ) -> Response:
        """Each entry with its position and hash, what was removed in its place, at the end the head: docs/audit.md verifies them."""
        allow(caller, "read", "audit")
        named = {"content-disposition": f'attachment; filename="audit-{caller.tenant}.jsonl"'}
        return StreamingResponse(export(caller.tenant, after), media_type=JSON_LINES, headers=named)

    return router


def _verifying(router: APIRouter, verify: VerifyNow) -> None:
    @router.post("/verification", summary="Prove that the audit trail and its archive are whole and say the same")
    async def prove(caller: Caller, voice: Spoken) -> dict[str, list[JsonObject]]:
        """A verdict on each copy. For trails of at most 200,000 entries, one at a time; `thor audit verify` has no limit."""
        allow(caller, "read", "audit")
        return {"copies": [_verdict(one, voice) for one in await verify(caller.tenant)]}


def _verdict(one: Verdict, voice: Voice) -> JsonObject:
    return {
        "copy": one.place, "whole": one.whole, "entries": one.entries, "behind": one.behind, "fault": one.fault, "position": one.position,
        "problem": None if one.problem is None else voice.say(one.problem),
    }  # fmt: skip


def _entry(link: Link) -> JsonObject:
    return {"position": link.position, "hash": link.hash, "event": json.loads(link.text or "null")}
