"""Tables and time series in files, by DuckDB and numpy, in bounded memory."""

from hulk.modules.tools.adapters.tables.duck import DuckTables
from hulk.modules.tools.adapters.tables.session import Limits

__all__ = ["DuckTables", "Limits"]
