"""How tickets for workers and people are served: section `tickets`."""

from datetime import timedelta

from pydantic import Field

from hulk.runtime.config import Duration, Section


class TicketsSettings(Section):
    """Tickets for workers and people."""

    rotation: Duration = Field(
        default=timedelta(days=1),
        ge=timedelta(minutes=10),
        description="After how long a new key signs the tokens of leases. The former ones verify until their last token has ended.",
    )
