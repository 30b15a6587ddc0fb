"""Dead letters over HTTP: see them, deal with many at once."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hulk.apps.routes.steered import Steered, dead_view, run_view
from hulk.kernel import ids
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.runtime.http import Caller, Reasoned, Spoken, allow_somewhere
from hulk.runtime.validation import Moment
from hulk.runtime.workflows import DeadLetters, Dealt, Search, Which


class FilterBody(BaseModel):
    """Which dead letters: those that fit all that is given, which must be something."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: tuple[str, ...] = Field(default=(), description="These runs.", max_length=1000)
    workflow: str | None = None
    code: str | None = Field(default=None, description="The code of the error that ended them, such as `unavailable`.")
    queue: str | None = None
    intent: str | None = None
    ended_before: Moment | None = None
    all: bool = Field(default=False, description="All of them.")

    def which(self, caller: Principal) -> Which:
        """As the runtime has it; raises `Refused` when nothing is said."""
        return Which(
            tenant=caller.tenant, within=allow_somewhere(caller, "write", "runs"),
            runs=tuple(ids.parse(run, "run") for run in self.runs), workflow=self.workflow, code=self.code,
            queue=self.queue, intent=self.intent and ids.parse(self.intent, "int"), ended_before=self.ended_before, every=self.all,
        )  # fmt: skip


class DealBody(Reasoned):
    """With which dead letters to deal."""

    filter: FilterBody
    dry_run: bool = Field(default=False, description="Only tell which they are.")
    limit: int = Field(default=1000, ge=1, le=10_000, description="At most this many, the oldest first.")


def dead_letter_routes(steered: Steered) -> APIRouter:
    """`/v1/dead-letters`."""
    router = APIRouter(prefix="/v1/dead-letters", tags=["runs"])
    _looking(router, steered)
    _dealing(router, steered, DeadLetters(steered.store, steered.queries, steered.steering))
    return router


def _looking(router: APIRouter, steered: Steered) -> None:
    @router.get("", summary="The dead letters")
    async def show(
        caller: Caller,
        voice: Spoken,
        workflow: str | None = None,
        code: Annotated[str | None, Query(description="The code of the error that ended them.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: Annotated[str | None, Query(description="The `next` of the page before.", max_length=400)] = None,
    ) -> dict[str, Any]:
        """Runs that should have worked and did not: counted by what ended them, and the newest."""
        within = allow_somewhere(caller, "read", "runs")
        search = Search(tenant=caller.tenant, within=within, workflow=workflow, code=code, dead=True)
        page = await steered.queries.search(search, limit, after)
        groups = await steered.queries.dead_groups(caller.tenant, within)
        return {"groups": [dead_view(one) for one in groups], "runs": [run_view(run, voice) for run in page.runs], "next": page.next}


def _dealing(router: APIRouter, steered: Steered, dead: DeadLetters) -> None:
    @router.post("/replay", summary="Have dead letters executed again")
    async def replay(body: DealBody, caller: Caller) -> JsonObject:
        """From where they stopped; the intents and tickets that failed with them go on."""
        which = await _meant(steered, body, caller)
        return _told(await dead.replay(which, caller.actor, body.reason, limit=body.limit, dry_run=body.dry_run), body)

    @router.post("/discard", summary="Dead letters are dealt with")
    async def discard(body: DealBody, caller: Caller) -> JsonObject:
        """They stay failed, and are dead letters no more."""
        which = await _meant(steered, body, caller)
        return _told(await dead.discard(which, caller.actor, body.reason, limit=body.limit, dry_run=body.dry_run), body)


async def _meant(steered: Steered, body: DealBody, caller: Principal) -> Which:
    """The dead letters in all namespaces where the caller may deal with them; raises `Forbidden` for a run that is named elsewhere."""
    which = body.filter.which(caller)
    for run in which.runs if which.within is not None else ():
        await steered.steerable(run, caller)
    return which


def _told(dealt: Dealt, body: DealBody) -> JsonObject:
    return {"runs": list(dealt.runs), "left": dealt.left, "dry_run": body.dry_run}
