"""The store: SQLite on one machine, PostgreSQL in a cluster, the same SQLAlchemy Core statements on both.

Writes are `Change`s: functions over a `Transaction`. One writer thread per process takes all that wait into one
transaction (group commit), so many small writers share one fsync:

    def opened(tx: Transaction) -> None:
        tx.execute(insert(ticket).values(...))
        tx.after(lambda: woken.set())           # on the event loop, once committed

    await store.commit(opened, counted)         # both or none

Reads run in a few threads of their own: `await store.read(lambda connection: connection.execute(...).all())`.
"""

from hulk.runtime.store.columns import Document, Exact, Moment, Texts, among, dumps, metadata, sum_exact
from hulk.runtime.store.database import PLANNED_ANEW, Dialect, engine_for, folder_lock
from hulk.runtime.store.login import Credentials, Login, credentials
from hulk.runtime.store.store import Store, opened
from hulk.runtime.store.transaction import Alike, Transaction, moment_of
from hulk.runtime.store.trouble import Trouble
from hulk.runtime.store.turns import Turn

__all__ = [
    "PLANNED_ANEW", "Alike", "Credentials", "Dialect", "Document", "Exact", "Login", "Moment", "Store", "Texts", "Transaction", "Trouble",
    "Turn", "among", "credentials", "dumps", "engine_for", "folder_lock", "metadata", "moment_of", "opened", "sum_exact",
]  # fmt: skip
