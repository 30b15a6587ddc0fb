"""Finops: what decisions and model calls cost, and the budgets they must fit.

Every decision has a cost row (of nothing), every attempt to call a model one that is reserved before and settled after,
with the tariff it was computed from. Amounts are exact decimals; a tenant's day and month are of UTC.
"""

from hulk.modules.finops.domain import Budget, Charge, OwnPrice, Priced, Spending, Tariff, Usage
from hulk.modules.finops.usecases import CostOfIntent, Finops, Planned

__all__ = ["Budget", "Charge", "CostOfIntent", "Finops", "OwnPrice", "Planned", "Priced", "Spending", "Tariff", "Usage"]
