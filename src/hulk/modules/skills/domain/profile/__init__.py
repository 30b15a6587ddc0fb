"""`data.profile`: what a table holds, and what is wrong with it."""

from hulk.modules.skills.domain.profile.answer import CHART, PROFILE, figure, severity_name, size, type_name
from hulk.modules.skills.domain.profile.measures import (
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
from hulk.modules.skills.domain.profile.problems import Limits, Problem, Severity, percent, problems, title, told

__all__ = [
    "CHART",
    "PLACEHOLDERS",
    "PROFILE",
    "SENTINELS",
    "Distribution",
    "Distributions",
    "Duplicates",
    "Key",
    "Limits",
    "Measure",
    "Outliers",
    "Problem",
    "Schema",
    "Severity",
    "Spread",
    "fences",
    "figure",
    "medcouple",
    "percent",
    "problems",
    "severity_name",
    "size",
    "title",
    "told",
    "type_name",
]
