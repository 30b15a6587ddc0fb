"""What work costs: exact amounts, what they were computed from, and how much of it may be spent. Pure rules.

A model call is reserved at the most it can cost, then settled at what it did cost, or released when it did not take
place. Days and months are those of UTC, and a charge belongs to the day on which it was reserved.
"""

from hulk.modules.finops.domain.budgets import DIMENSIONS, EACH, THRESHOLDS, Budget, Count, Dimension, Scope, Slot
from hulk.modules.finops.domain.burn import Used, gone
from hulk.modules.finops.domain.charges import Charge, Spending, Status, assumed, periods, released, settled
from hulk.modules.finops.domain.exchange import Rate
from hulk.modules.finops.domain.pricing import OwnPrice, Priced, Tariff, Tier, Usage, free, most, price
from hulk.modules.finops.domain.reports import BYS, By, Cost, Costs, Wanted
from hulk.modules.finops.domain.sharing import Meter

__all__ = [
    "BYS", "DIMENSIONS", "EACH", "THRESHOLDS", "Budget", "By", "Charge", "Cost", "Costs", "Count", "Dimension", "Meter", "OwnPrice",
    "Priced", "Rate", "Scope", "Slot", "Spending", "Status", "Tariff", "Tier", "Usage", "Used", "Wanted", "assumed", "free", "gone", "most",
    "periods", "price", "released", "settled",
]  # fmt: skip
