"""The looks of `data.profile`, as SQL over one table. Whatever grows with the rows is counted by the engine, which spills."""

from hulk.modules.tools.adapters.tables.profiling.measuring import schema
from hulk.modules.tools.adapters.tables.profiling.repeats import duplicates
from hulk.modules.tools.adapters.tables.profiling.shapes import distributions
from hulk.modules.tools.adapters.tables.profiling.spreads import outliers

__all__ = ["distributions", "duplicates", "outliers", "schema"]
