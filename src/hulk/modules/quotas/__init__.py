"""Quotas: how many intents a tenant may ask per minute, how many tickets and runs it may have, what it may spend and keep.

Counts are changes in the transaction of whatever is counted, so they are exact, in a cluster too:

    commit(quotas.take("acme", "open_tickets", 1), tickets.open(…))        raises OverQuota, and opens nothing
    commit(quotas.give_back("acme", "open_tickets", 1), tickets.close(…))

Changes that commit together read and write a tenant's row once. Runs are counted where they are, money by finops.
"""

from hulk.modules.quotas.domain import NAMES, Counted, Limits, Name, Own
from hulk.modules.quotas.ports import Quotas
from hulk.modules.quotas.usecases import QuotaActs

__all__ = ["NAMES", "Counted", "Limits", "Name", "Own", "QuotaActs", "Quotas"]
