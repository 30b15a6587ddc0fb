"""Tickets for workers and people over a real store, with a clock-free world around them: builders for tests."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound, OverQuota, Refused
from hulk.kernel.records import Json
from hulk.kernel.tenancy import Principal, everywhere
from hulk.kernel.text import Text
from hulk.kernel.time import utc_now
from hulk.modules.tickets import Surroundings
from hulk.modules.tickets.domain import Asked, Claim, Ending, Held, Kind, Ticket
from hulk.modules.tickets.ports import Room
from hulk.modules.tickets.usecases import Persisted, unheard
from hulk.modules.tickets.wiring import Service, serving
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store

ADMIN = Principal(tenant="acme", actor="key:admin", grants=everywhere("admin"))
WORKER = Principal(tenant="acme", actor="key:worker", grants=everywhere("operator"))
SECRET = b"a secret for tests"


@dataclass(slots=True)
class Heard:
    """Runs that only hear: which signals were left for which run, once they are committed."""

    signals: list[tuple[str, str, Json]] = field(default_factory=list)

    def begin(self, run: Any) -> Change[bool]:
        """Nothing here begins runs."""
        raise AssertionError(run)

    def signal(self, run_id: str, name: str, payload: Json, *, key: str) -> Change[None]:
        """Kept when committed."""

        def change(tx: Any) -> None:
            tx.after(lambda: self.signals.append((run_id, name, payload)))

        return change


def _call_off(run: str, actor: str, reason: str) -> Change[None]:
    raise AssertionError((run, actor))


INTENT, PLAN = ids.derived("int", "known"), ids.derived("pln", "known")
"""What the tenant acme has."""


async def chain(tenant: str, intent: str) -> str | None:
    """The plan of the one intent there is."""
    if (tenant, intent) != ("acme", INTENT):
        raise NotFound("There is no intent {id}.", id=intent)
    return PLAN


@dataclass(slots=True)
class Shelf:
    """Room for so many open tickets; `taken` once they are committed."""

    most: int = 1_000_000
    taken: int = 0

    def take(self, tenant: str, count: int) -> Change[None]:
        """So many more."""

        def change(tx: Any) -> None:
            if self.taken + count > self.most:
                raise OverQuota("There is no more room.", quota="open_tickets", limit=self.most, left=self.most - self.taken)
            tx.after(lambda: self._add(count))

        return change

    def give_back(self, tenant: str, count: int) -> Change[None]:
        """So many less."""
        return lambda tx: tx.after(lambda: self._add(-count))

    def _add(self, count: int) -> None:
        self.taken += count


async def known_namespace(tenant: str, name: str) -> None:
    """There are `default` and `prod`."""
    if name not in ("default", "prod"):
        raise Refused("There is no namespace “{name}” here.", name=name)


def around(room: Room | None = None) -> Surroundings:
    """What other modules give."""
    return Surroundings(call_off=_call_off, chain=chain, room=room or Shelf(), require_namespace=known_namespace)


async def service_over(store: Store, heard: Heard | None = None, persisted: Persisted = unheard, *, room: Room | None = None) -> Service:
    """The acts over a store, as bootstrap puts them together; runs only hear."""
    return await serving(
        store, Outbox(store, b"key"), heard or Heard(), around(room), secret=SECRET, rotation=timedelta(days=1), persisted=persisted
    )


def ticket(number: int = 0, **more: Any) -> Ticket:
    """A ticket for workers; its id sorts by its number."""
    fields: dict[str, Any] = {
        "id": ids.derived("tkt", str(number)), "plan": None, "intent": None, "tenant": "acme", "key": "", "kind": "report",
        "title": Text("{title}", title=f"Report {number}"), "status": "open", "input": {"n": number}, "owner": "worker",
        "created": datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(seconds=number), "actor": "key:admin",
    }  # fmt: skip
    return Ticket(**fields | more)


def kind(name: str = "report", **more: Any) -> Kind:
    """A kind that takes anything."""
    fields: dict[str, Any] = {"tenant": "acme", "name": name, "created": utc_now()}
    return Kind(**fields | more)


def claim(lasting: float = 30, worker: str = "w1", **more: Any) -> Claim:
    """A new claim."""
    fields: dict[str, Any] = {"id": ids.new("lse"), "tenant": "acme", "worker": worker, "actor": "key:worker"}
    return Claim(**fields | more, lasting=timedelta(seconds=lasting))


def asked(most: int = 10, **more: Any) -> Asked:
    """Work of the kind `report`."""
    fields: dict[str, Any] = {"worker": "w1", "kinds": ("report",), "most": most}
    return Asked(**fields | more)


def done(ticket: Ticket, **more: Any) -> Ending:
    """That ticket, as it was taken, is done."""
    fields: dict[str, Any] = {"how": "completed", "result": {"ok": True}}
    return Ending(held=Held(ticket=ticket.id, fence=ticket.fence), **fields | more)


def names(tickets: Sequence[Ticket]) -> list[int]:
    """The numbers of tickets."""
    return [int(one.input["n"]) for one in tickets]
