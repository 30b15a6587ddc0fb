"""Skills: named operations that need no model.

A skill has example sentences by which it is found, typed parameters that are read from the sentence, and a plan template
whose tickets do the work. Built in: `code.churn`, `data.profile`, `data.anomalies`,
`data.forecast`. A function becomes one by `@skill`:

    from hulk.modules.skills import skill

    @skill("disk.free", pt=["Quanto espaço livre há no disco?", …], en=["How much free disk space is left?", …])
    def disk_free() -> str:
        \"\"\"Free space on the disk.\"\"\"
        return f"{shutil.disk_usage('/').free / 1e9:.1f} GB"

The door also shows what an adapter of its ports must speak: the words of histories, tables, series and charts.
"""

from hulk.modules.skills.domain import personal
from hulk.modules.skills.domain.anomalies import (
    MOST_SERIES,
    SHORTEST,
    Candidates,
    Curve,
    Detection,
    Episode,
    Frame,
    Gap,
    Gaps,
    Late,
    Roles,
    Step,
    bound,
    expected_weekdays,
    merge,
    seasons,
    span_step,
    step,
)
from hulk.modules.skills.domain.anomalies import Kind as AnomalyKind
from hulk.modules.skills.domain.book import Book
from hulk.modules.skills.domain.chart import Bars, Chart, Columns, Panel, Series
from hulk.modules.skills.domain.churn import Change, Commit, Head
from hulk.modules.skills.domain.forecast import (
    MOST_FORECAST,
    MOST_MISSING,
    Forecast,
    ForecastMethod,
    Forecasts,
    ForecastStep,
    Reason,
    Unforecast,
    ahead,
    regular,
)
from hulk.modules.skills.domain.own import Repository, Table, skill
from hulk.modules.skills.domain.personal import MASK, Sort, masked
from hulk.modules.skills.domain.profile import (
    PLACEHOLDERS,
    SENTINELS,
    Distribution,
    Distributions,
    Duplicates,
    Key,
    Measure,
    Outliers,
    Schema,
    Spread,
    fences,
    medcouple,
)
from hulk.modules.skills.domain.reading import Period, read, zone
from hulk.modules.skills.domain.skill import Answer, Arguments, Kind, Parameter, Report, Request, Skill, Source
from hulk.modules.skills.domain.table import NUMBERS, TIMES, Column, Format, Layout, Type, named, terms, words
from hulk.modules.skills.domain.tongue import spoken
from hulk.modules.skills.ports.charts import Charts
from hulk.modules.skills.ports.history import Detail, History
from hulk.modules.skills.ports.sources import Sources
from hulk.modules.skills.ports.tables import Tables, TimeSeries
from hulk.modules.skills.usecases.doing import Did, Doing, DoSkill

__all__ = [
    "MASK",
    "MOST_FORECAST",
    "MOST_MISSING",
    "MOST_SERIES",
    "NUMBERS",
    "PLACEHOLDERS",
    "SENTINELS",
    "SHORTEST",
    "TIMES",
    "AnomalyKind",
    "Answer",
    "Arguments",
    "Bars",
    "Book",
    "Candidates",
    "Change",
    "Chart",
    "Charts",
    "Column",
    "Columns",
    "Commit",
    "Curve",
    "Detail",
    "Detection",
    "Did",
    "Distribution",
    "Distributions",
    "DoSkill",
    "Doing",
    "Duplicates",
    "Episode",
    "Forecast",
    "ForecastMethod",
    "ForecastStep",
    "Forecasts",
    "Format",
    "Frame",
    "Gap",
    "Gaps",
    "Head",
    "History",
    "Key",
    "Kind",
    "Late",
    "Layout",
    "Measure",
    "Outliers",
    "Panel",
    "Parameter",
    "Period",
    "Reason",
    "Report",
    "Repository",
    "Request",
    "Roles",
    "Schema",
    "Series",
    "Skill",
    "Sort",
    "Source",
    "Sources",
    "Spread",
    "Step",
    "Table",
    "Tables",
    "TimeSeries",
    "Type",
    "Unforecast",
    "ahead",
    "bound",
    "expected_weekdays",
    "fences",
    "masked",
    "medcouple",
    "merge",
    "named",
    "personal",
    "read",
    "regular",
    "seasons",
    "skill",
    "span_step",
    "spoken",
    "step",
    "terms",
    "words",
    "zone",
]
