"""Money in the store: charges, what is used of budgets, the budgets themselves, and rates between currencies."""

from hulk.modules.finops.adapters.sql.budgets import SqlBudgets
from hulk.modules.finops.adapters.sql.costs import SqlCosts
from hulk.modules.finops.adapters.sql.ledger import SqlLedger
from hulk.modules.finops.adapters.sql.rates import SqlRates

__all__ = ["SqlBudgets", "SqlCosts", "SqlLedger", "SqlRates"]
