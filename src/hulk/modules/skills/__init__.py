"""Skills: named operations that need no model.

A skill has example sentences by which it is found, typed parameters that are read from the sentence, and a plan template
whose tickets do the work. Built in: `code.churn`, `data.profile`, `data.anomalies`. A function becomes one by `@skill`:

    from hulk.modules.skills import skill

    @skill("disk.free", pt=["Quanto espaço livre há no disco?", …], en=["How much free disk space is left?", …])
    def disk_free() -> str:
        \"\"\"Free space on the disk.\"\"\"
        return f"{shutil.disk_usage('/').free / 1e9:.1f} GB"
"""

from hulk.modules.skills.domain.book import Book
from hulk.modules.skills.domain.own import Repository, Table, skill
from hulk.modules.skills.domain.reading import Period, read, zone
from hulk.modules.skills.domain.skill import Answer, Arguments, Parameter, Report, Request, Skill, Source
from hulk.modules.skills.domain.tongue import spoken
from hulk.modules.skills.ports.charts import Charts
from hulk.modules.skills.ports.history import History
from hulk.modules.skills.ports.sources import Sources
from hulk.modules.skills.ports.tables import Tables, TimeSeries

__all__ = [
    "Answer", "Arguments", "Book", "Charts", "History", "Parameter", "Period", "Report", "Repository", "Request", "Skill", "Source",
    "Sources", "Table", "Tables", "TimeSeries", "read", "skill", "spoken", "zone",
]  # fmt: skip
