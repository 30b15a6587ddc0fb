"""A chart as data: what to draw, said once, in the words of its reader. Drawing it is an adapter's work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Horizontal bars, the first on top. `labels` and `values` have the same length; `unit` labels the value axis."""

    title: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Vertical columns from left to right: a histogram, or counts per period."""

    title: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A line over time. `expected` is the band (low, high) per point, or empty; `marks` are the indices of points to mark."""

    title: str
    times: tuple[datetime, ...]
    values: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    marks: tuple[int, ...] = ()
    unit: str = ""


Panel: TypeAlias = Bars | Columns | Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One picture of one or more panels. `shape` is how they are laid out: below one another, or in two columns."""

    title: str
    panels: tuple[Panel, ...]
    shape: Literal["stack", "grid"] = "stack"
