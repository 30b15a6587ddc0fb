"""Durable runs over HTTP: find them, see what became of one, steer it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import JSONResponse, Response

from hulk.apps.routes.steered import Steered, require_storable, run_view, timeline_view
from hulk.kernel import ids
from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import writable
from hulk.runtime.http import Caller, Reasoned, Spoken, Why, allow_somewhere
from hulk.runtime.validation import Moment
from hulk.runtime.workflows import Search, Window
from hulk.runtime.workflows.queries.search import attributes_of

CHILD = "child"
"""The signal by which a run hears of its children's ends: nobody else's to leave."""
TICKET = "tkt_"
"""How the signals begin by which a run hears what became of a ticket, and whether a person said yes: nobody else's to leave either."""
MOST_STEPS = 1000
"""Of how many steps a timeline tells at once."""
_FILE = {"content-disposition": "attachment"}
_STEP = "The index of a step, as the timeline shows it."
_FROM = "At this time or later (RFC 3339, with its offset)."
_BEFORE = "Before this time (RFC 3339, with its offset)."


class ReplayBody(Reasoned):
    """From where a run is executed again."""

    step: int | None = Field(
        default=None, ge=0, description=f"{_STEP} It and later ones are forgotten; else the run goes on where it stopped."
    )
    data: JsonObject | None = Field(default=None, description="Another input than it had. Not for runs of intents and tickets.")


class ForkBody(Reasoned):
    """From where a copy of a run goes on."""

    step: int = Field(ge=0, description=f"{_STEP} The copy has those before it.")
    data: JsonObject | None = Field(default=None, description="Another input than the run had.")


class ResolveBody(Reasoned):
    """What becomes of a run that was set aside."""

    step: int | None = Field(
        default=None, ge=0, description=f"{_STEP} The run goes on from there with the code there is now; without it, it is cancelled."
    )


class SignalBody(Reasoned):
    """Something for a run that waits for it."""

    name: str = Field(min_length=1, max_length=100, description="What the run waits for.")
    payload: Any = Field(default=None, description="What it is given; any JSON.")
    key: str = Field(min_length=1, max_length=100, description="The same key leaves the signal once, however often it is sent.")

    def require_fit(self) -> None:
        """Raises `Refused` for what may not be sent or cannot be kept."""
        if self.name.startswith(TICKET):
            raise Refused("“{name}” is how runs hear what people decided: decide on the ticket itself.", name=writable(self.name))
        if self.name == CHILD:
            raise Refused("“{name}” is how runs hear of their children, and nobody else's to send. Name another signal.", name=CHILD)
        if writable(self.name + self.key) != self.name + self.key:
            raise Refused("The signal's name or key holds a NUL or half of a UTF-16 pair: use letters, digits and signs.")
        require_storable(self.payload)


async def _search(
    caller: Caller,
    workflow: Annotated[str | None, Query(description="`intent`, `ticket`, …")] = None,
    status: Annotated[
        str | None, Query(description="held, pending, running, waiting, needs_attention, completed, failed or cancelled.")
    ] = None,
    queue: str | None = None,
    intent: Annotated[str | None, Query(description="The runs of this intent.")] = None,
    parent: Annotated[str | None, Query(description="The runs that this run has begun.")] = None,
    code: Annotated[str | None, Query(description="The code of the error that ended them, such as `unavailable`.")] = None,
    dead: Annotated[bool | None, Query(description="Only dead letters, or none of them.")] = None,
    created_from: Annotated[Moment | None, Query(description=_FROM)] = None,
    created_before: Annotated[Moment | None, Query(description=_BEFORE)] = None,
    ended_from: Annotated[Moment | None, Query(description=_FROM)] = None,
    ended_before: Annotated[Moment | None, Query(description=_BEFORE)] = None,
    attribute: Annotated[list[str] | None, Query(description="`name=value`; may be given again, then all must fit.")] = None,
) -> Search:
    return Search(
        tenant=caller.tenant, within=allow_somewhere(caller, "read", "runs"),
        workflow=workflow, status=status, queue=queue, intent=intent and ids.parse(intent, "int"),
        parent=parent and ids.parse(parent, "run"), code=code, dead=dead, created_from=created_from, created_before=created_before,
        ended_from=ended_from, ended_before=ended_before, attributes=attributes_of(attribute or []),
    )  # fmt: skip


def run_routes(steered: Steered) -> APIRouter:
    """`/v1/runs`."""
    router = APIRouter(prefix="/v1/runs", tags=["runs"])
    _looking(router, steered)
    _ending(router, steered)
    _going_on(router, steered)
    _copying(router, steered)
    _signalling(router, steered)
    return router


def _looking(router: APIRouter, steered: Steered) -> None:
    @router.get("", summary="The newest runs that fit")
    async def search(
        wanted: Annotated[Search, Depends(_search)],
        voice: Spoken,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: Annotated[str | None, Query(description="The `next` of the page before.", max_length=400)] = None,
    ) -> dict[str, Any]:
        """Behind a page go on with its `next` as `after`."""
        page = await steered.queries.search(wanted, limit, after)
        return {"runs": [run_view(run, voice) for run in page.runs], "next": page.next}

    @router.get("/{run_id}", summary="A run with its timeline")
    async def show(
        run_id: str,
        caller: Caller,
        voice: Spoken,
        steps: Annotated[int, Query(ge=1, le=MOST_STEPS, description="At most so many steps: the last ones.")] = MOST_STEPS,
        before: Annotated[int | None, Query(ge=0, description="The last ones before this step; `earlier` of another part.")] = None,
        only: Annotated[Literal["trouble"] | None, Query(description="Leave out what went well.")] = None,
    ) -> JsonObject:
        """What became of it, oldest first, its children by status, and what the caller may do with it as it stands."""
        run = await steered.own(run_id, caller)
        timeline = await steered.queries.timeline(run.id, Window(most=steps, before=before, trouble=only is not None))
        return {**run_view(timeline.run, voice), **timeline_view(timeline, voice), "acts": steered.acts(timeline.run, caller)}

    @router.get("/{run_id}/payloads/{part}", summary="What a run was given, recorded or resulted in", response_class=JSONResponse)
    async def payload(run_id: str, part: Literal["input", "result"] | Annotated[int, Path(ge=0)], caller: Caller) -> Response:
        """`input`, `result`, or the index of a step; for those who may steer the run. A value of JSON, as a file."""
        run = await steered.steerable(run_id, caller)
        found = await steered.queries.payload(run.id, part)
        return Response(found.encode(), media_type="application/json", headers=_FILE)


def _ending(router: APIRouter, steered: Steered) -> None:
    @router.post("/{run_id}/cancel", summary="Call a run off, with all it has begun")
    async def cancel(run_id: str, caller: Caller, why: Why) -> JsonObject:
        """Each leaves off at its step, undoes what it can, and ends `cancelled`."""
        run = await steered.steerable(run_id, caller)
        return {"runs": await steered.did(steered.steering.cancel(run.id, caller.actor, why))}

    @router.post("/{run_id}/discard", summary="A dead letter is dealt with")
    async def discard(run_id: str, caller: Caller, why: Why) -> JsonObject:
        """It stays failed, and is a dead letter no more."""
        run = await steered.steerable(run_id, caller)
        await steered.did(steered.steering.discard(run.id, caller.actor, why))
        return {"runs": [run.id]}


def _going_on(router: APIRouter, steered: Steered) -> None:
    @router.post("/{run_id}/replay", summary="Have a run that failed executed again")
    async def replay(run_id: str, caller: Caller, body: ReplayBody | None = None) -> JsonObject:
        """Its parents that failed because of it go on too."""
        run, asked = await steered.steerable(run_id, caller), body or ReplayBody()
        require_storable(asked.data)
        change = steered.steering.replay(run.id, caller.actor, asked.reason, index=asked.step, data=asked.data)
        return {"runs": await steered.did(change)}

    @router.post("/{run_id}/resolve", summary="Decide on a run that needs attention")
    async def resolve(run_id: str, caller: Caller, body: ResolveBody | None = None) -> JsonObject:
        """Its code no longer fits what it has recorded."""
        run, asked = await steered.steerable(run_id, caller), body or ResolveBody()
        return {"runs": await steered.did(steered.steering.resolve(run.id, caller.actor, asked.reason, index=asked.step))}


def _copying(router: APIRouter, steered: Steered) -> None:
    @router.post("/{run_id}/fork", summary="Begin a copy of a run that goes on from a step", status_code=201, response_class=JSONResponse)
    async def fork(run_id: str, body: ForkBody, caller: Caller) -> Response:
        """Not for runs of intents and tickets."""
        run = await steered.steerable(run_id, caller)
        require_storable(body.data)
        change = steered.steering.fork(run.id, ids.new("run"), caller.actor, body.reason, index=body.step, data=body.data)
        new = await steered.did(change)
        return JSONResponse({"run_id": new}, 201, {"location": f"/v1/runs/{new}"})


def _signalling(router: APIRouter, steered: Steered) -> None:
    @router.post("/{run_id}/signals", summary="Leave a signal for a run", status_code=202)
    async def signal(run_id: str, body: SignalBody, caller: Caller) -> JsonObject:
        """It goes on if it waits for one of that name."""
        run = await steered.steerable(run_id, caller)
        body.require_fit()
        # Of a space of their own: a key that is a child's id would keep the run from hearing of that child.
        key = f"sent:{body.key}"
        await steered.did(steered.steering.signal(run.id, body.name, body.payload, caller.actor, body.reason, key=key))
        return {"run_id": run.id, "name": body.name}
