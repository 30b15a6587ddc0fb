"""Finops: what decisions and model calls cost, and the budgets they must fit.

Every decision has a cost row (of nothing), every attempt to call a model one that is reserved before and settled after,
with the tariff and the rate it was computed from. Amounts are exact decimals; days and months are of UTC.

    charge = await finops.reserve(Planned(key=…, tenant=…, agent=…, priced=…, most=…))     # raises Exhausted, Refused
    await commit(finops.settle(charge, Usage(input_tokens=812, output_tokens=95)))         # alone: many are written as one
"""

from hulk.modules.finops.domain import Budget, Charge, OwnPrice, Priced, Rate, Scope, Spending, Tariff, Usage, Used
from hulk.modules.finops.usecases import CostOfIntent, Finops, Planned, Report
from hulk.modules.finops.usecases.verifying import WrongDay

__all__ = [
    "Budget",
    "Charge",
    "CostOfIntent",
    "Finops",
    "OwnPrice",
    "Planned",
    "Priced",
    "Rate",
    "Report",
    "Scope",
    "Spending",
    "Tariff",
    "Usage",
    "Used",
    "WrongDay",
]
