"""How the router's choices went, and how a candidate policy would have done with the same questions."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hulk.kernel.tenancy import Principal
from hulk.modules.router.domain.learning.log import Candidate, played
from hulk.modules.router.domain.learning.offpolicy import OffPolicy, estimated
from hulk.modules.router.ports.learning import Choices
from hulk.modules.router.usecases.learning.experiments import require

MOST = 50_000
"""Choices that a report reads: the newest of its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """`choices` were made, `graded` of them have a reward; which arms took how many; None where no answer was graded."""

    choices: int
    graded: int
    arms: Mapping[str, int]
    compared: OffPolicy | None


@dataclass(frozen=True, slots=True)
class ReportChoices:
    """The choices of some time, and what the candidate would have earned on them."""

    choices: Choices

    async def __call__(self, by: Principal, candidate: Candidate, since: datetime, until: datetime) -> Reported:
        """Raises `Forbidden`."""
        require(by, "read")
        found = await self.choices.between(by.tenant, since, until, MOST)
        plays = played(found, candidate)
        return Reported(
            choices=len(found), graded=len(plays), arms=Counter(one.arm for one in found), compared=estimated(plays)
        )  # fmt: skip
