"""What was seen and approved of third parties' tools, in the store: a row for each name of a server's tool."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Row, String, Table, Text, bindparam, select

from hulk.kernel.durable import Change
from hulk.kernel.errors import Unavailable
from hulk.kernel.records import from_json, to_json
from hulk.modules.tools.domain import Approval, Pin, Said
from hulk.runtime.store import Document, Moment, Store, Transaction, metadata

tool_pin_table = Table(
    "tool_pin",
    metadata,
    Column("server", String(31), primary_key=True),
    Column("tool", String(128), primary_key=True),
    Column("seen", Document, nullable=False),
    Column("approved", Document),
    Column("digest", String(64)),
    Column("at", Moment),
    Column("by", Text),
    Column("reason", Text),
)
"""`seen` is what the server said when somebody looked last; the rest what was approved, by whom, when and why, null when nothing is."""

_its = tool_pin_table.c
_ALL = select(tool_pin_table).where(_its.server == bindparam("of")).order_by(_its.tool)
_DIGESTS = select(_its.tool, _its.digest).where(_its.server == bindparam("of"))
_ANY = _DIGESTS.limit(1)


class SqlPins:
    """`Pins` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, *pins: Pin) -> Change[None]:
        """See `Pins`."""
        rows = [_row(pin) for pin in pins]

        def change(tx: Transaction) -> None:
            for row in rows:
                tx.put(tool_pin_table, row)

        return change

    def first(self, server: str, pins: Sequence[Pin]) -> Change[bool]:
        """See `Pins`."""
        rows = [_row(pin) for pin in pins]

        def change(tx: Transaction) -> bool:
            if tx.execute(_ANY, {"of": server}).first() is not None:
                return False
            return tx.insert_all_new(tool_pin_table, rows)

        return change

    async def of(self, server: str) -> Mapping[str, Pin]:
        """See `Pins`."""
        rows = await self._store.read(lambda connection: connection.execute(_ALL, {"of": server}).all())
        return {row.tool: _pin(row) for row in rows}

    async def approved(self, server: str) -> Mapping[str, str] | None:
        """See `Pins`."""
        rows = await self._store.read(lambda connection: connection.execute(_DIGESTS, {"of": server}).all())
        return {row.tool: row.digest for row in rows if row.digest is not None} if rows else None


def _row(pin: Pin) -> dict[str, Any]:
    given = pin.approval
    about = {name: getattr(given, name, None) for name in ("digest", "at", "by", "reason")}
    return {"server": pin.server, "tool": pin.tool, "seen": to_json(pin.seen), "approved": to_json(given.said) if given else None, **about}


def _pin(row: Row[Any]) -> Pin:
    try:
        seen, said = from_json(Said, row.seen), from_json(Said, row.approved) if row.approved is not None else None
    except (ExceptionGroup, ValueError, TypeError) as error:
        raise Unavailable(
            "What was approved of {server} cannot be understood: it was written by a newer Hulk. Upgrade this process.", server=row.server
        ) from error
    given = Approval(said=said, digest=row.digest, at=row.at, by=row.by, reason=row.reason) if said else None
    return Pin(server=row.server, tool=row.tool, seen=seen, approval=given)
