"""A small shop whose tools may be called, and the acts on them over a real store: builders for tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field

from hulk.kernel.errors import Forbidden
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Grant, Principal, everywhere
from hulk.modules.tickets.usecases import Wish
from hulk.modules.tickets.wiring import Service, serving
from hulk.modules.tools import Mounted, ToolActs, Wanted
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said
from hulk.modules.tools.domain import Output, Tool
from hulk.modules.tools.ports import Backend, Calling
from hulk.modules.tools.settings import RuleSettings, ToolsSettings
from hulk.modules.tools.usecases.call import Called
from hulk.modules.tools.wiring import acts_of
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from support.memory import Desk
from support.tickets import SECRET, around

ANA = Principal(tenant="acme", actor="person:ana@example.com", grants=everywhere("operator"))
BOSS = Principal(tenant="acme", actor="person:boss@example.com", grants=everywhere("admin"))
VIEWER = Principal(tenant="acme", actor="person:vic@example.com", grants=everywhere("viewer"))
STRANGER = Principal(tenant="other", actor="key:other", grants=everywhere("admin"))
KEY = b"k" * 32
TOKEN = "shop-token-93b1f0"  # a test's


class ListOrders(Arguments):
    """Pedidos de um cliente (orders of a customer), newest first."""

    customer: str = Field(default="", max_length=80, description="Part of the name.")


class Order(Arguments):
    """Place an order (fazer um pedido)."""

    item: str = Field(min_length=1, max_length=80)
    value: Decimal = Field(ge=0, le=10**6)


class Cancel(Arguments):
    """Cancel an order for good (cancelar um pedido)."""

    order: int


@dataclass
class Shop:
    """What was done there, and how it answers: `answer` is asked before each act, to fail, to wait, to say something else."""

    done: list[tuple[str, str]] = field(default_factory=list)
    answer: Callable[[str, Calling], Awaitable[Output | None]] | None = None
    asked: int = 0

    def backend(self, *, outside: bool = False, idempotent: bool = False, seconds: float = 30.0) -> Acts:
        """Its tools."""
        return Acts(
            "shop", About(outside=outside, owner="Vendas", tags=("retail",)),
            Act("list_orders", "List orders", ListOrders, self._list, seconds=seconds),
            Act("order", "Order", Order, self._order, effect="write", amount="value", idempotent=idempotent, seconds=seconds),
            Act("cancel", "Cancel an order", Cancel, self._cancel, effect="destroy"),
        )  # fmt: skip

    async def _list(self, arguments: ListOrders, calling: Calling) -> Output:
        return await self._said("list", arguments.customer, calling)

    async def _order(self, arguments: Order, calling: Calling) -> Output:
        return await self._said("order", arguments.item, calling)

    async def _cancel(self, arguments: Cancel, calling: Calling) -> Output:
        return await self._said("cancel", str(arguments.order), calling)

    async def _said(self, what: str, about: str, calling: Calling) -> Output:
        self.asked += 1
        found = await self.answer(what, calling) if self.answer else None
        self.done.append((what, about))
        return found or said({"done": what, "about": about, "number": len(self.done)})


@dataclass
class Shelf:
    """A backend that can be emptied."""

    inner: Acts
    empty: bool = False

    @property
    def name(self) -> str:
        """See `Backend`."""
        return self.inner.name

    async def tools(self) -> Sequence[Tool]:
        """See `Backend`."""
        return [] if self.empty else await self.inner.tools()

    async def call(self, tool: Tool, arguments: JsonObject, calling: Calling) -> Output:
        """See `Backend`."""
        return await self.inner.call(tool, arguments, calling)


def a_rule(**said_of_it: Any) -> RuleSettings:
    """For operators, of all tools, unless it says otherwise."""
    return RuleSettings.model_validate({"name": "operators", "tools": ["shop.*"], "roles": ["operator", "admin", "viewer"], **said_of_it})


@dataclass
class Rights:
    """What people may do now who asked earlier: what they could then, unless it was taken from them."""

    now: dict[str, tuple[Grant, ...]] = field(default_factory=dict)

    async def __call__(self, asked: Principal) -> Principal:
        """See `Standing`."""
        if not (grants := self.now.get(asked.actor, asked.grants)):
            raise Forbidden("{actor} asked for this and may nothing here any more.", actor=asked.actor)
        return replace(asked, grants=grants)


@dataclass
class Place:
    """The acts, the shop behind them, people's tickets, and what executes the runs."""

    acts: ToolActs
    shop: Shop
    tickets: Service
    desk: Desk
    store: Store
    trail: Outbox
    shelf: Shelf
    rights: Rights

    def gone(self) -> None:
        """The shop has no tools any more."""
        self.shelf.empty = True
        self.acts.catalogue.looked_at()

    async def call(self, tool: str = "shop.order", by: Principal = ANA, key: str = "", **arguments: Any) -> Called:
        """Call it, as Ana, with arguments that fit."""
        fit: dict[str, JsonObject] = {"shop.order": {"item": "pão", "value": "5"}, "shop.cancel": {"order": 1}}
        given = arguments or fit.get(tool, {})
        return await self.acts.call(by, Wanted(tool=tool, arguments=given, key=key))

    async def decided(self, called: Called, *, yes: bool, by: Principal = BOSS) -> Called:
        """The call after somebody has decided."""
        await self.desk.drain()
        waiting = await self.acts.calls(BOSS, called.call.id)
        assert waiting.call.ticket is not None
        await self.tickets.move(by, Wish(ticket=waiting.call.ticket, status="completed" if yes else "failed", reason="é isso"))
        await self.desk.drain()
        return await self.acts.calls(BOSS, called.call.id)


@asynccontextmanager
async def a_place(
    store: Store, rules: Sequence[RuleSettings] = (a_rule(),), *, most: int = 10_000, agents: Mapping[str, Sequence[str]] | None = None,
    others: Sequence[Backend] = (), **backend: Any,
) -> AsyncIterator[Place]:  # fmt: skip
    """All of it, with these rules in the settings, these agents installed, and these systems beside the shop."""
    trail, desk, shop = Outbox(store, KEY), Desk(commit=store.commit), Shop()
    tickets = await serving(store, trail, desk, around(), secret=SECRET, rotation=timedelta(days=1))
    settings = ToolsSettings.model_validate({"rules": rules, "max_output": most})
    shelf = Shelf(shop.backend(**backend))
    mounted = [Mounted(backend=one, tenants=("acme",)) for one in (shelf, *others)]
    rights = Rights()
    acts = acts_of(store, settings, mounted, desk, trail, tickets.ask, rights, lambda _: (TOKEN,), agents=agents or {})
    desk.workflows["tool-call"] = acts.run
    yield Place(acts, shop, tickets, desk, store, trail, shelf, rights)


async def hanging(*_: object) -> Output | None:
    """Never answers."""
    await asyncio.Event().wait()
    return None
