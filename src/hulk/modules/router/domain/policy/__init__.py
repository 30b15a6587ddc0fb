"""Policies: which models may answer what, as data. Pure rules.

All policies that apply hold at once: a model must be allowed by each of them and denied by none, and the lowest of their limits counts.
What must stay in the company is kept there before any policy is asked, so none can let it out.

`hours` when a policy applies · `rules` what one says, and all together · `conflicts` which cannot be meant · `explaining` why one applies
or not, in words · `versions` a tenant's own set as it was changed, and what is another between two of them.
"""

from hulk.modules.router.domain.policy.conflicts import Wrong, wrong
from hulk.modules.router.domain.policy.explaining import Standing, standing
from hulk.modules.router.domain.policy.hours import DAYS, Day, Hours
from hulk.modules.router.domain.policy.rules import Circumstances, Policy, Ruling, When, meant_for, ruling
from hulk.modules.router.domain.policy.versions import MOST_NAMES, MOST_POLICIES, PolicySet, Version, changes, expect, narrow

__all__ = [
    "DAYS", "MOST_NAMES", "MOST_POLICIES", "Circumstances", "Day", "Hours", "Policy", "PolicySet", "Ruling", "Standing", "Version", "When",
    "Wrong", "changes", "expect", "meant_for", "narrow", "ruling", "standing", "wrong",
]  # fmt: skip
