"""Codes that were tried and were not right, in the store."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, tuple_

from hulk.kernel.durable import Change
from hulk.modules.channels.adapters.sql.tables import guess_table as table
from hulk.modules.channels.domain import Guesses
from hulk.runtime.store import Transaction

_ONE = (table.c.channel == bindparam("at"), table.c.sender == bindparam("who"))
_OF = select(table.c.count, table.c.at).where(*_ONE).with_for_update()  # so that of many at once each is counted, in PostgreSQL too
_GONE = delete(table).where(*_ONE)


class SqlGuessed:
    """`Guessed` over the store."""

    def of(self, channel: str, sender: str) -> Change[Guesses | None]:
        """See `Guessed`."""

        def change(tx: Transaction) -> Guesses | None:
            row: Any = tx.execute(_OF, {"at": channel, "who": sender}).one_or_none()
            return None if row is None else Guesses(row[0], row[1])

        return change

    def put(self, channel: str, sender: str, guesses: Guesses) -> Change[None]:
        """See `Guessed`."""
        return lambda tx: tx.put(table, {"channel": channel, "sender": sender, "count": guesses.count, "at": guesses.at})

    def forget(self, channel: str, sender: str) -> Change[None]:
        """See `Guessed`."""

        def change(tx: Transaction) -> None:
            tx.execute(_GONE, {"at": channel, "who": sender})

        return change

    def prune(self, before: datetime, most: int) -> Change[int]:
        """See `Guessed`."""
        key = (table.c.channel, table.c.sender)
        old = select(*key).where(table.c.at < before).order_by(table.c.at).limit(most)
        return lambda tx: tx.execute(delete(table).where(tuple_(*key).in_(old))).rowcount
