"""What may be spent: section `finops`."""

from decimal import Decimal

from pydantic import Field

from hulk.runtime.config import Section


class BudgetSettings(Section):
    """The most each tenant may spend."""

    daily: Decimal | None = Field(
        default=None, ge=0, description="Most that a tenant may spend in a day (UTC), in `finops.currency`; empty is no limit."
    )
    monthly: Decimal | None = Field(default=None, ge=0, description="Most that a tenant may spend in a month (UTC); empty is no limit.")


class FinopsSettings(Section):
    """What work may cost."""

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="Currency of budgets and costs, as an ISO 4217 code.")
    budget: BudgetSettings = Field(default_factory=BudgetSettings)
