"""What is wanted of tickets, as a page's address says it, and the tickets that fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from fastapi import Request
from starlette.datastructures import QueryParams

from hulk.modules.console.pages.filters import linked
from hulk.modules.console.pages.showing import Showing

ADDRESS = "/console/tickets"
STATUSES = ("open", "ready", "running", "completed", "failed", "skipped", "cancelled")
PRIORITIES = ("urgent", "high", "normal", "low")
PAGE, COLUMN = 50, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The filters. `after` is where the list goes on; `behind` the same of each column of the board."""

    status: str = ""
    priority: str = ""
    kind: str = ""
    label: str = ""
    assignee: str = ""
    text: str = ""
    owner: str = ""
    overdue: bool = False
    board: bool = False
    after: str = ""
    behind: Mapping[str, str]

    @classmethod
    def of(cls, query: QueryParams) -> Self:
        """As the address has it."""
        plain = {
            name: query.get(name, "").strip() for name in ("status", "priority", "kind", "label", "assignee", "text", "owner", "after")
        }
        behind = {one: query[f"after-{one}"] for one in STATUSES if query.get(f"after-{one}")}
        return cls(**plain, overdue=query.get("overdue") == "true", board=query.get("view") == "board", behind=behind)

    @property
    def filters(self) -> dict[str, str]:
        """What restricts, without where to go on."""
        plain = {name: getattr(self, name) for name in ("status", "priority", "kind", "label", "assignee", "text", "owner")}
        return {**plain, "overdue": "true" if self.overdue else ""}

    def asked(self, **more: str) -> dict[str, str | None]:
        """The same for the API, which takes no empty ones."""
        return {name: value or None for name, value in {**self.filters, **more}.items()}

    @property
    def as_board(self) -> str:
        """The board of the same tickets."""
        return linked(ADDRESS, view="board", **{**self.filters, "status": ""})

    @property
    def as_list(self) -> str:
        """The list of the same tickets."""
        return linked(ADDRESS, **self.filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Tickets, and the address of the page behind them, if there is one."""

    status: str = ""
    tickets: Sequence[Mapping[str, Any]]
    older: str = ""
    first: bool = True


async def page_of(showing: Showing, request: Request, wanted: Wanted) -> Found:
    """A page of the list."""
    found = await showing.ask(request, "/v1/tickets", limit=PAGE, **wanted.asked(after=wanted.after))
    older = linked(ADDRESS, **wanted.filters, after=found["next"]) if found["next"] else ""
    return Found(tickets=found["tickets"], older=older, first=not wanted.after)


async def columns_of(showing: Showing, request: Request, wanted: Wanted) -> Sequence[Found]:
    """The board: a column for each status, each with its own pages."""
    return [await _column(showing, request, wanted, status) for status in STATUSES]


async def _column(showing: Showing, request: Request, wanted: Wanted, status: str) -> Found:
    asked = wanted.asked(status=status, after=wanted.behind.get(status, ""))
    found = await showing.ask(request, "/v1/tickets", limit=COLUMN, **asked)
    places = {f"after-{name}": value for name, value in {**wanted.behind, status: found["next"] or ""}.items()}
    older = linked(ADDRESS, view="board", **{**wanted.filters, "status": ""}, **places) if found["next"] else ""
    return Found(status=status, tickets=found["tickets"], older=older, first=status not in wanted.behind)
