"""Keeping rates between currencies: those of the settings, those that admins set, and the one that the central bank publishes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import HulkError
from hulk.kernel.events import PLATFORM, Event, Trail, changed_as, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock
from hulk.modules.finops.domain import Rate
from hulk.modules.finops.domain.exchange import checked
from hulk.modules.finops.ports import Rates, RateSource
from hulk.modules.finops.usecases.quoting import Exchange
from hulk.modules.finops.usecases.rights import ALL, require

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RateActs:
    """All the acts on rates. Without a `source` none is ever fetched."""

    rates: Rates
    trail: Trail
    commit: Commit
    clock: Clock
    exchange: Exchange | None = None
    source: RateSource | None = None

    async def list(self, by: Principal, most: int = 100) -> Sequence[Rate]:
        """The newest; raises `Forbidden`."""
        require(by, "read")
        return await self.rates.recent(most)

    async def set(self, by: Principal, rate: Rate, reason: str = "") -> Rate:
        """Keep a rate: for admins of the tenant `default`. Raises `Forbidden`, `Refused` for one that cannot be."""
        require(by, "manage", ALL)
        return await self._keep(replace(rate, source=by.actor), by.actor, reasoned(reason))

    async def follow(self, wanted: Sequence[Rate]) -> None:
        """Keep the rates of the settings; raises `Refused` for one that cannot be."""
        for rate in wanted:
            await self._keep(rate, "hulk", "finops.rates")

    async def fetch(self) -> Rate | None:
        """Keep what is published; None when there is nothing, or nobody is asked. What fails is logged: the rates there are still hold."""
        if self.source is None:
            return None
        try:
            rate = await self.source.published(self.clock().date())
            return None if rate is None else await self._keep(rate, "hulk", rate.source)
        except HulkError as error:
            log.warning("rate_not_fetched", reason=str(error))
            return None

    async def _keep(self, rate: Rate, actor: str, reason: str) -> Rate:
        await self.commit(self._kept(checked(rate, self.clock().date()), actor, reason))
        if self.exchange is not None:
            self.exchange.forget()
        return rate

    def _kept(self, rate: Rate, actor: str, reason: str) -> Change[None]:
        put = self.rates.put(rate)

        def change(tx: Any) -> None:
            before = put(tx)
            if before != rate:
                data = changed_as(plain, reason, before, rate)
                self.trail.append(
                    Event(type="hulk.rate.changed.v1", subject=f"{rate.base}-{rate.quote}", tenant=PLATFORM, actor=actor, data=data)
                )(tx)

        return change


def plain(rate: Rate) -> JsonObject:
    """A rate as JSON."""
    return {"base": rate.base, "quote": rate.quote, "value": f"{rate.value:f}", "day": rate.day.isoformat(), "source": rate.source}
