"""Why something is done, as whoever does it says it, for the audit trail: in the body, or with DELETE in the query."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hulk.kernel.events import LONGEST_REASON, reasoned

_WHY = "Why, for the audit trail."

Reason = Annotated[str, Query(max_length=LONGEST_REASON, description=_WHY), AfterValidator(reasoned)]
"""In the query."""


class Reasoned(BaseModel):
    """Why it is done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Annotated[str, AfterValidator(reasoned)] = Field(default="", max_length=LONGEST_REASON, description=_WHY)


async def _said(body: Reasoned | None = None) -> str:
    return "" if body is None else body.reason


Why = Annotated[str, Depends(_said)]
"""In a body that has nothing else, and may be left out."""
