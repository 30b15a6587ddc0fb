"""Anomalies of one series by robust decomposition: level shifts, season, trend, scale. Everything is a median, so that what is
looked for does not hide itself.

A series is read as `shifts + season + line + trend + noise`: the season by the medians of each phase, the line by the median slope
over half the series (Theil 1950, with one lag), the trend by a running median. The noise is measured on each side of its median
(double MAD) and, since many series have heavier tails than the normal, by its 5 % tails too. A point is an anomaly when it is further
away than the largest of so many points would be (see `episodes.bound`), or than the tail itself suggests (exponential excesses over
the 95 % quantile, as peaks-over-threshold methods do: Siffer et al., KDD 2017), whichever is more, within limits.
Scaling and moving a series (x -> a x + b, a > 0) changes no verdict.

numpy is imported where it is used: 30 MB and 0.1 s that a process which looks at no series is spared.
"""

from hulk.modules.tools.adapters.tables.robust.judging import Found, Judged, judge

__all__ = ["Found", "Judged", "judge"]
