"""Metabase: saved questions and dashboards, read only (https://www.metabase.com/docs/latest/api)."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.records import Json
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said
from hulk.modules.tools.adapters.backends.rest import Rest, Shape, at, excerpt, path
from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Calling

Scalar = str | int | float | bool
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Listing(Arguments):
    """Of one kind of thing."""

    query: str = Field(default="", max_length=200, description="Words of its name or description; empty for all.")
    most: int = Field(default=30, ge=1, le=200, description="How many at most.")


class ListQuestions(Listing):
    """Questions that are saved in Metabase."""


class ListDashboards(Listing):
    """Dashboards of Metabase."""


class GetQuestion(Arguments):
    """One question: what it tells, and which parameters it takes."""

    id: Id


class GetDashboard(Arguments):
    """One dashboard: its questions and its parameters."""

    id: Id


class RunQuestion(Arguments):
    """Run a question that is saved, and give its rows."""

    id: Id
    parameters: dict[str, Scalar | tuple[Scalar, ...] | None] = Field(
        default_factory=dict, max_length=50, description="Values by the parameters' names, as `get_question` tells them."
    )
    most: int = Field(default=200, ge=1, le=2000, description="How many rows at most.")


class Parameter(Shape):
    """What a question can be asked with."""

    id: str
    slug: str
    name: str = ""
    type: str = ""
    target: Any = None
    required: bool = False
    default: Any = None

    def told(self) -> dict[str, Any]:
        """What is handed on."""
        return {"name": self.slug, "title": self.name, "type": self.type, "required": self.required, "default": self.default}


class Card(Shape):
    """A question."""

    id: int
    name: str
    description: str | None = None
    display: str = ""
    type: str | None = None
    collection_id: int | None = None
    archived: bool = False
    parameters: tuple[Parameter, ...] | None = None
    result_metadata: tuple[dict[str, Any], ...] | None = None


class Column(Shape):
    """A column of what a question gives."""

    name: str
    display_name: str = ""
    base_type: str = ""


class Table(Shape):
    """What a question gives."""

    rows: list[list[Any]]
    cols: list[Column]
    rows_truncated: int | None = None


class Answered(Shape):
    """What running gives. The status of HTTP is 202 even when the query failed: then `status` says so."""

    status: str = ""
    error: Any = None
    row_count: int | None = None
    data: Table | None = None


class Placed(Shape):
    """A question on a dashboard."""

    card_id: int | None = None
    card: dict[str, Any] | None = None


class Board(Shape):
    """A dashboard."""

    id: int
    name: str
    description: str | None = None
    collection_id: int | None = None
    parameters: tuple[Parameter, ...] | None = None
    dashcards: tuple[Placed, ...] = ()


class Found(Shape):
    """What a search found."""

    id: int
    name: str
    model: str
    description: str | None = None
    collection: dict[str, Any] | None = None


class Page(Shape):
    """A page of what a search found."""

    data: list[Found]
    total: int


class Metabase(Acts):
    """The tools `NAME.run_question` and so on, for `collections` only if any are named. A question gives `rows` rows at most."""

    def __init__(
        self, name: str, about: About, *, url: str, key: Callable[[], str], collections: tuple[int, ...] = (), rows: int = 1000,
        seconds: float = 30.0,
    ) -> None:  # fmt: skip
        self._url, self._collections, self._rows = url, collections, rows
        self._rest = Rest(name="Metabase", url=url, headers=lambda: {"X-API-KEY": key()}, said=_said)
        act = partial(Act, seconds=seconds)
        super().__init__(
            name,
            about,
            act("list_questions", "List questions", ListQuestions, partial(self._list, "card", "questions")),
            act("get_question", "Read a question", GetQuestion, self._get_question),
            act("run_question", "Run a question", RunQuestion, self._run_question, cost="low"),
            act("list_dashboards", "List dashboards", ListDashboards, partial(self._list, "dashboard", "dashboards")),
            act("get_dashboard", "Read a dashboard", GetDashboard, self._get_dashboard),
        )

    async def _list(self, model: str, kind: str, wanted: Listing, calling: Calling) -> Output:
        query = {"q": wanted.query or None, "models": model, "limit": wanted.most, "offset": 0}
        reply = await self._rest.read(calling, path("api", "search"), query)
        page = self._rest.shaped(reply, Page)
        shown = [one for one in page.data if one.model == model and self._open(at(one.collection, "id"))]
        told = [
            {"id": one.id, "name": one.name, "description": one.description, "collection": at(one.collection, "name"),
             "url": self._page(model, one.id)}
            for one in shown
        ]  # fmt: skip
        return said({kind: told}, cut=f"There are more than {wanted.most}: search by words." if page.total > len(page.data) else "")

    async def _get_question(self, wanted: GetQuestion, calling: Calling) -> Output:
        card = await self._card(wanted.id, calling)
        columns = [{name: at(one, name) for name in ("name", "display_name", "base_type")} for one in card.result_metadata or ()]
        parameters = [one.told() for one in card.parameters or ()]
        fixed = card.model_dump(include={"id", "name", "description", "display"})
        return said({**fixed, "parameters": parameters, "columns": columns, "url": self._page("card", card.id)})

    async def _run_question(self, wanted: RunQuestion, calling: Calling) -> Output:
        card = await self._card(wanted.id, calling)
        body: Json = {"parameters": [*map(dict, _values(card, wanted.parameters))]}
        reply = await self._rest.read(calling, path("api", "card", card.id, "query"), body=body)
        answered = self._rest.shaped(reply, Answered)
        if answered.error or answered.status not in ("completed", "") or answered.data is None:
            raise Refused("Metabase could not run the question “{name}”: {error}.", name=card.name, error=excerpt(answered.error) or "—")
        return self._rows_of(card, answered.data, min(wanted.most, self._rows))

    def _rows_of(self, card: Card, table: Table, most: int) -> Output:
        cut = len(table.rows) > most or bool(table.rows_truncated)
        names = [column.name for column in table.cols]
        told = {
            "question": card.name, "url": self._page("card", card.id), "columns": [one.model_dump() for one in table.cols],
            "rows": [dict(zip(names, row, strict=False)) for row in table.rows[:most]],
        }  # fmt: skip
        return said(told, cut=f"Only the first {most} rows are shown." if cut else "")

    async def _get_dashboard(self, wanted: GetDashboard, calling: Calling) -> Output:
        board = self._rest.shaped(await self._rest.read(calling, path("api", "dashboard", wanted.id)), Board)
        self._require_open(board.collection_id, wanted.id)
        placed = [one for one in board.dashcards if one.card_id]
        cards = [{"id": one.card_id, "name": at(one.card, "name"), "display": at(one.card, "display")} for one in placed]
        fixed = board.model_dump(include={"id", "name", "description"})
        parameters = [one.told() for one in board.parameters or ()]
        return said({**fixed, "questions": cards, "parameters": parameters, "url": self._page("dashboard", board.id)})

    async def _card(self, id_: int, calling: Calling) -> Card:
        card = self._rest.shaped(await self._rest.read(calling, path("api", "card", id_)), Card)
        self._require_open(card.collection_id, id_)
        if card.archived:
            raise NotFound("The question {id} has been put in the bin of Metabase.", id=id_)
        return card

    def _require_open(self, collection: int | None, id_: int) -> None:
        if not self._open(collection):
            raise NotFound("There is no {id} in the collections that may be used.", id=id_)

    def _open(self, collection: object) -> bool:
        return not self._collections or collection in self._collections

    def _page(self, model: str, id_: int) -> str:
        return f"{self._url}/{'question' if model == 'card' else model}/{id_}"


def _values(card: Card, given: dict[str, Any]) -> list[dict[str, Json]]:
    """As Metabase takes parameters; raises `Refused` for those that the question has not, and for those that lack."""
    known = {one.slug: one for one in card.parameters or ()}
    if strange := sorted(set(given) - set(known)):
        raise Refused(
            "The question “{name}” has no parameter “{parameter}”; it has: {known}.",
            name=card.name, parameter=strange[0][:100], known=", ".join(known) or "—",
        )  # fmt: skip
    if lacking := [name for name, one in known.items() if one.required and one.default is None and given.get(name) is None]:
        raise Refused("The question “{name}” needs the parameter “{parameter}”.", name=card.name, parameter=lacking[0])
    return [_value(known[name], value) for name, value in given.items() if value is not None]


def _value(parameter: Parameter, value: Scalar | tuple[Scalar, ...]) -> dict[str, Json]:
    fixed: dict[str, Json] = {"id": parameter.id, "type": parameter.type, "target": parameter.target}
    return {**fixed, "value": list(value) if isinstance(value, tuple) else value}


def _said(data: Any) -> object:
    """Metabase says little as text, and of wrong arguments by field (`errors`)."""
    errors = at(data, "errors")
    if isinstance(errors, dict):
        return "; ".join(f"{name}: {wrong}" for name, wrong in errors.items())
    return at(data, "message") or at(data, "error")
