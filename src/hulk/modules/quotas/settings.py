"""How much a tenant may do and keep that has no quota of its own: section `quotas`."""

from pydantic import Field

from hulk.runtime.config import Section, Size


class QuotaSettings(Section):
    """The quotas of tenants that have none of their own; money is in `finops.budget`."""

    intents_per_minute: int | None = Field(default=None, ge=0, description="Intents that a tenant may ask per minute; empty is no limit.")
    open_tickets: int | None = Field(default=None, ge=0, description="Tickets of a tenant that may be open at once; empty is no limit.")
    concurrent_runs: int | None = Field(
        default=None,
        ge=0,
        description="Runs of a tenant at work or waiting for a worker, at which no more intents are taken; empty is no limit.",
    )
    storage: Size | None = Field(default=None, description="Most that the files sent by a tenant may take; empty is no limit.")
