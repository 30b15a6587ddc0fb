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
    port: int = Field(default=8000, ge=0, le=65535, description="TCP port of HTTP when tickets are served alone (`hulk tickets`).")
    metrics_host: str = Field(
        default="127.0.0.1", min_length=1, description="Address of `/metrics` when tickets are served alone; it asks for no key."
    )
    metrics_port: int = Field(
        default=9090,
        ge=0,
        le=65535,
        description="TCP port of `/metrics` when tickets are served alone; 0 takes a free one, and so does the default with `--port 0`.",
    )
