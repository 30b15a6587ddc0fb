"""Tickets for workers and people over a real store, with a clock-free world around them: builders for tests."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.records import Json
from hulk.kernel.tenancy import Principal, everywhere
from hulk.kernel.text import Text
from hulk.kernel.time import utc_now
from hulk.modules.tickets.domain import Asked, Claim, Ending, Held, Kind, Ticket
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


async def service_over(store: Store, heard: Heard | None = None, persisted: Persisted = unheard) -> Service:
    """The acts over a store, as bootstrap puts them together; runs only hear."""
    return await serving(
        store,
        Outbox(store, b"key"),
        heard or Heard(),
        lambda run, actor: lambda tx: None,
        secret=SECRET,
        rotation=timedelta(days=1),
        persisted=persisted,
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
    return Kind(**{"tenant": "acme", "name": name, "created": utc_now()} | more)


def claim(lasting: float = 30, worker: str = "w1", **more: Any) -> Claim:
    """A new claim."""
    fields: dict[str, Any] = {"id": ids.new("lse"), "tenant": "acme", "worker": worker, "actor": "key:worker"}
    return Claim(**fields | more, lasting=timedelta(seconds=lasting))


def asked(most: int = 10, **more: Any) -> Asked:
    """Work of the kind `report`."""
    return Asked(**{"worker": "w1", "kinds": ("report",), "most": most} | more)


def done(ticket: Ticket, **more: Any) -> Ending:
    """That ticket, as it was taken, is done."""
    fields: dict[str, Any] = {"how": "completed", "result": {"ok": True}}
    return Ending(held=Held(ticket=ticket.id, fence=ticket.fence), **fields | more)


def names(tickets: Sequence[Ticket]) -> list[int]:
    """The numbers of tickets."""
    return [int(one.input["n"]) for one in tickets]
