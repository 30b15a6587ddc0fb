"""Money over HTTP: what was spent, the budgets, the rates."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Query, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Voice
from hulk.modules.finops.domain import BYS, DIMENSIONS, Budget, By, Cost, Rate, Scope, Used
from hulk.modules.finops.domain.budgets import plain as plain_budget
from hulk.modules.finops.domain.reports import Order
from hulk.modules.finops.usecases.budgeting import BudgetActs
from hulk.modules.finops.usecases.exchanging import RateActs
from hulk.modules.finops.usecases.exchanging import plain as plain_rate
from hulk.modules.finops.usecases.reporting import Report, ReportCosts, ReportMonth
from hulk.runtime.http import Caller, Reason, Reasoned, Spoken, sending

Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False, max_digits=30)]
Code = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Named = Annotated[str, Field(min_length=1, max_length=256)] | None
Draw: TypeAlias = Callable[[Report, Voice], Awaitable[bytes]]
"""The chart of a report, as PNG; raises `Refused` where nothing can draw."""
Tenant = Annotated[str | None, Query(max_length=63, description="Of another tenant, or * for all: for admins of the tenant “default”.")]
_FORMATS = {"markdown": "text/markdown; charset=utf-8", "csv": "text/csv; charset=utf-8", "png": "image/png"}
_ENDINGS = {"markdown": "md", "csv": "csv", "png": "png"}


class BudgetBody(Reasoned):
    """A budget. What it does not name may be any; * gives each its own. Without a limit of the day or month, there is none."""

    tenant: Named = Field(default=None, description="The calls of this tenant: your own, unless you are an admin of “default”.")
    agent: Named = None
    channel: Named = None
    person: Named = None
    model: Named = Field(default=None, description="As `models.providers` names it, or name/model.")
    daily: Amount | None = Field(default=None, description="Most in a day (UTC), in finops.currency.")
    monthly: Amount | None = Field(default=None, description="Most in a month (UTC).")


class RateBody(Reasoned):
    """What one of a currency (`base`) costs in another (`quote`) on a day."""

    base: Code
    quote: Code
    value: Annotated[Decimal, Field(gt=0, allow_inf_nan=False, max_digits=30)]
    day: date | None = Field(default=None, description="Today, unless it says otherwise.")


def routes(costs: ReportCosts, month: ReportMonth, draw: Draw, budgets: BudgetActs, rates: RateActs, currency: str) -> list[APIRouter]:
    """`/v1/costs`, `/v1/budgets`, `/v1/rates`."""
    return [_costs(costs, month, draw), _budgets(budgets, currency), _rates(rates)]


def _costs(costs: ReportCosts, months: ReportMonth, draw: Draw) -> APIRouter:
    router = APIRouter(prefix="/v1/costs", tags=["costs"])

    @router.get("", summary="What calls to models cost, added up by what you ask for")
    async def show(
        caller: Caller,
        by: Annotated[list[str] | None, Query(description=f"One or more of {', '.join(BYS)}; by model, if none.")] = None,
        since: Annotated[date | None, Query(description="First day (UTC); the first of this month, if none.")] = None,
        until: Annotated[date | None, Query(description="Last day (UTC); today, if none.")] = None,
        tenant: Tenant = None,
        agent: str | None = None, channel: str | None = None, person: str | None = None, model: str | None = None,
        intent: str | None = None,
        order: Annotated[Order, Query(description="By name, page by page; or what cost the most first, one page of it.")] = "name",
        after: Annotated[str | None, Query(max_length=4096, description="Where the page before ended.")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> JsonObject:  # fmt: skip
        """`settled` is what they did cost, `assumed` the part of it of which that is not known, `reserved` what is still under way."""
        named: dict[By, str | None] = {"agent": agent, "channel": channel, "person": person, "model": model, "intent": intent}
        only = {name: value for name, value in named.items() if value is not None}
        groups = by or ["model"]
        page = await costs(caller, groups, since, until, tenant=tenant, only=only, order=order, after=after, most=limit)
        return {"costs": [shown_cost(list(dict.fromkeys(groups)), one) for one in page.rows], "next": page.after}

    @router.get("/reports/{month}", summary="The report of a month (2026-11)", response_class=Response, responses=sending("text/markdown"))
    async def report(
        month: Annotated[str, Field(max_length=10)], caller: Caller, voice: Spoken, tenant: Tenant = None,
        format: Literal["markdown", "csv", "png"] = "markdown",  # noqa: A002  # the query's name
    ) -> Response:  # fmt: skip
        """By tenant, agent and model: for people as Markdown, for programs as CSV, or the days as a chart."""
        headers = {"content-disposition": f'attachment; filename="costs-{month}.{_ENDINGS[format]}"', "x-content-type-options": "nosniff"}
        if format == "csv":
            return StreamingResponse(months.csv(caller, month, tenant), media_type=_FORMATS[format], headers=headers)
        found = await months(caller, month, tenant)
        content: str | bytes = await draw(found, voice) if format == "png" else found.markdown(voice)
        return Response(content, media_type=_FORMATS[format], headers=headers)

    return router


def _budgets(acts: BudgetActs, currency: str) -> APIRouter:
    router = APIRouter(prefix="/v1/budgets", tags=["costs"])

    @router.get("", summary="The budgets that hold, with what is used of them")
    async def listed(caller: Caller, tenant: Tenant = None) -> JsonObject:
        """`used` has a row for each day and month, and for each of what a `*` stands for; the tenant's own budget has no name."""
        budgets, used = await acts.list(caller, tenant)
        return {"budgets": [plain_budget(one) for one in budgets], "used": [shown_use(one) for one in used]}

    @router.put("/{budget}", summary="Make or change a budget")
    async def put(budget: str, body: BudgetBody, caller: Caller) -> JsonObject:
        """It holds for every call from now on. For admins."""
        return plain_budget(await acts.put(caller, _budget(budget, body, caller.tenant, currency), body.reason))

    @router.delete("/{budget}", status_code=204, summary="Let a budget hold no more")
    async def remove(budget: str, caller: Caller, reason: Reason = "") -> None:
        """For admins."""
        await acts.remove(caller, budget, reason)

    return router


def _rates(acts: RateActs) -> APIRouter:
    router = APIRouter(prefix="/v1/rates", tags=["costs"])

    @router.get("", summary="The newest rates between currencies")
    async def listed(caller: Caller, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> JsonObject:
        """The newest first."""
        return {"rates": [plain_rate(one) for one in await acts.list(caller, limit)]}

    @router.put("", summary="Set a rate")
    async def put(body: RateBody, caller: Caller) -> JsonObject:
        """For admins of the tenant `default`."""
        rate = Rate(base=body.base, quote=body.quote, value=body.value, day=body.day or acts.clock().date(), source="api")
        return plain_rate(await acts.set(caller, rate, body.reason))

    return router


def _budget(name: str, body: BudgetBody, tenant: str, currency: str) -> Budget:
    scope = Scope(tenant=body.tenant or tenant, agent=body.agent, channel=body.channel, person=body.person, model=body.model)
    return Budget(name=name, currency=currency, daily=body.daily, monthly=body.monthly, scope=scope)


def shown_cost(by: list[str], cost: Cost) -> JsonObject:
    """A row of costs; amounts as text, so that they stay exact."""
    amounts: Mapping[str, Decimal] = {"settled": cost.settled, "assumed": cost.assumed, "reserved": cost.reserved}
    tokens = {name: getattr(cost, f"{name}_tokens") for name in ("input", "output", "cached", "reasoning")}
    return {
        **dict(zip(by, cost.key, strict=True)), "currency": cost.currency, "calls": cost.calls,
        **{name: f"{amount:f}" for name, amount in amounts.items()}, "tokens": tokens,
    }  # fmt: skip


def shown_use(used: Used) -> JsonObject:
    """What is used of a budget in a day or month."""
    scope = {name: value for name, value in zip(DIMENSIONS, used.values, strict=True) if value is not None}
    amounts: Mapping[str, Decimal] = {"limit": used.limit, "spent": used.spent, "reserved": used.reserved, "left": used.left}
    named = {"budget": used.budget.name, "period": used.period, "currency": used.budget.currency, "scope": scope}
    return {**named, **{name: f"{amount:f}" for name, amount in amounts.items()}}
