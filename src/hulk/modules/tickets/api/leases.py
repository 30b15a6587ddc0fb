"""`/v1/leases`: what workers do, anywhere. A lease's token is all that its holder needs; an API key goes with the token in the body."""

from fastapi import APIRouter

from hulk.kernel.errors import HulkError, Invalid
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Voice
from hulk.modules.tickets.api.bodies import CompletionsBody, FailureBody, HeartbeatBody, LeaseBody, granted, shown
from hulk.modules.tickets.usecases import TicketActs
from hulk.runtime.http import Caller, Spoken


def lease_routes(acts: TicketActs) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1/leases", tags=["workers"])

    @router.post("", summary="Take tickets that are ready")
    async def take(body: LeaseBody, caller: Caller, voice: Spoken) -> JsonObject:
        """Without tickets there is no lease: ask again."""
        return granted(await acts.lease(caller, body.asked()), voice)

    @router.post("/heartbeat", summary="Go on holding what a lease holds")
    async def heartbeat(body: HeartbeatBody, caller: Caller, voice: Spoken) -> JsonObject:
        """Gives a new token; `lost` are those of the tickets named that it does not hold any more."""
        return granted(await acts.hold_on(await acts.prove(caller, body.lease_token), body.tickets), voice)

    @router.post("/complete", summary="Tickets are done")
    async def complete(body: CompletionsBody, caller: Caller, voice: Spoken) -> JsonObject:
        """Each by itself: one that is refused does not keep the others."""
        answers = await acts.finish(await acts.prove(caller, body.lease_token), [one.ending() for one in body.completions])
        refused = {
            sent.ticket_id: _problem(answer.error, voice)
            for sent, answer in zip(body.completions, answers, strict=True)
            if answer.error is not None
        }
        return {"completed": [one.ticket.id for one in answers if one.ticket], "refused": refused}

    @router.post("/fail", summary="A ticket could not be done")
    async def fail(body: FailureBody, caller: Caller, voice: Spoken) -> JsonObject:
        """For good, or to be tried again."""
        return shown(await acts.finish.one(await acts.prove(caller, body.lease_token), body.ending()), voice)

    return router


def _problem(error: HulkError, voice: Voice) -> JsonObject:
    fields = [{"field": field, "detail": voice.say(text)} for field, text in error.fields] if isinstance(error, Invalid) else []
    return {"code": error.code, "detail": voice.say(error.text)} | ({"errors": fields} if fields else {})
