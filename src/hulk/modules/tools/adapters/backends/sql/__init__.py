"""SQL on files and databases, to read and never to write.

That is held three times: `statements` lets one query pass that is made of known parts only, the session at the server can only read,
and rows, bytes and seconds are bounded there and here. A server is a `Database`: `duck` (files), `postgres`, `mysql` (and MariaDB);
`hulk.modules.tools.adapters.backends.trino` is one more.
"""

from hulk.modules.tools.adapters.backends.sql.backend import Database, Sql
from hulk.modules.tools.adapters.backends.sql.duck import Files
from hulk.modules.tools.adapters.backends.sql.mysql import MySql
from hulk.modules.tools.adapters.backends.sql.postgres import Postgres

__all__ = ["Database", "Files", "MySql", "Postgres", "Sql"]
