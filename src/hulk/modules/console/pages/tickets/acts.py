"""What is done to a ticket: each a question first, a reason with it, and only to the ticket as it was seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.kernel.errors import Refused
from hulk.kernel.tenancy import Principal, Verb
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller


@dataclass(frozen=True, slots=True)
class _Act:
    """The route of the API (below the ticket's), the status it is to get there, if that is to be said, and what is told then."""

    path: str
    said: str
    status: str = ""


_VERBS: Sequence[Verb] = ("write", "approve", "manage")
_ACTS: Mapping[str, _Act] = {
    "approve": _Act("approve", "approved"),
    "reject": _Act("reject", "rejected"),
    "cancel": _Act("cancel", "cancelled"),
    "complete": _Act("status", "saved", "completed"),
    "reopen": _Act("status", "reopened", "open"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class May:
    """What somebody may do to a ticket as the API has it, but that nobody approves what they asked for themselves: that is told there."""

    write: bool
    decide: bool
    say: bool

    @classmethod
    def of(cls, caller: Principal, ticket: Mapping[str, Any]) -> Self:
        """By their roles; what is somebody's is decided on by them, or by an admin."""
        write, approve, manage = (caller.may(verb, "tickets", ticket["namespace"]) for verb in _VERBS)
        _, _, name = (ticket["assignee"] or "").partition(":")
        theirs = not name or caller.actor == f"person:{name}" or manage
        return cls(write=write, decide=approve and theirs, say=write or approve)


def act_routes(router: APIRouter, showing: Showing) -> None:
    """Saying something, and deciding."""

    @router.post("/{ticket_id}/comments")
    async def say(request: Request, ticket_id: str, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        form = await form_of(request)
        place = f"tickets/{ids.parse(ticket_id, 'tkt')}"
        body = {"text": form.get("text", ""), "request_id": form.get("key") or None}
        await showing.act(request, "POST", f"/v1/{place}/comments", body)
        return showing.done(request, f"/console/{place}", "sent")

    @router.post("/{ticket_id}/{act}")
    async def do(request: Request, ticket_id: str, act: str, caller: Caller) -> Response:  # noqa: ARG001
        form = await form_of(request)
        place, what = f"tickets/{ids.parse(ticket_id, 'tkt')}", _ACTS.get(act)
        if what is None:
            raise Refused("“{act}” is nothing that is done to tickets; allowed: {allowed}.", act=act[:40], allowed=", ".join(_ACTS))
        seen = form.get("revision", "")
        body = {"reason": form.get("reason", ""), "revision": int(seen) if seen.isdecimal() and len(seen) < 10 else None}
        await showing.act(request, "POST", f"/v1/{place}/{what.path}", {**body, "status": what.status} if what.status else body)
        return showing.done(request, f"/console/{place}", what.said)
