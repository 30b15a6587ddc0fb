"""The rate from US dollars to reais as Brazil's central bank publishes it: PTAX, by its open-data service (OData).

Asked for two weeks, since none is published on weekends and holidays; the day's closing selling rate, which is what one pays.
https://olinda.bcb.gov.br/olinda/servico/PTAX/versao/v1/documentacao
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.finops.domain import Rate
from hulk.runtime.breaker import Breakers

URL = "https://olinda.bcb.gov.br/olinda/servico/PTAX/versao/v1/odata"
_DAYS = timedelta(days=14)
_MOST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ptax:
    """Implements `RateSource`. The breaker is `rates:ptax`."""

    url: str
    breakers: Breakers
    seconds: float = 20.0

    async def published(self, today: date) -> Rate | None:
        """See `RateSource`."""
        return await self.breakers.of("rates:ptax").call(lambda: self._newest(today))

    async def _newest(self, today: date) -> Rate | None:
        rows = _rows(await self._got(today))
        rates = [_rate(row) for row in rows]
        return max(rates, key=lambda rate: rate.day, default=None)

    async def _got(self, today: date) -> bytes:
        import aiohttp  # 0.25 s of CPU and 20 MB: only who fetches rates pays

        days = {"dataInicial": today - _DAYS, "dataFinalCotacao": today}
        asked = "&".join(f"@{name}='{day:%m-%d-%Y}'" for name, day in days.items())
        act = "CotacaoDolarPeriodo(dataInicial=@dataInicial,dataFinalCotacao=@dataFinalCotacao)"
        address = f"{self.url.rstrip('/')}/{act}?{asked}&$format=json"
        try:
            timeout = aiohttp.ClientTimeout(total=self.seconds)
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(_as_is(address), allow_redirects=False) as answer:
                if answer.status != 200:
                    raise Unavailable("PTAX answered {status}; the rate was not fetched.", status=answer.status)
                return await _whole(answer.content.iter_any())
        except (TimeoutError, ValueError, aiohttp.ClientError) as error:  # ValueError: what the settings name is no address
            raise Unavailable("PTAX cannot be reached ({reason}); the rate was not fetched.", reason=type(error).__name__) from error


async def _whole(chunks: AsyncIterator[bytes]) -> bytes:
    """All that comes; raises `Refused` for more than a rate can take."""
    found = bytearray()
    async for chunk in chunks:
        found += chunk
        if len(found) > _MOST:
            raise _garbage()
    return bytes(found)


def _as_is(address: str) -> Any:
    """The address as it was written: the service wants its quotes and dollar signs bare."""
    import yarl  # comes with aiohttp; see _got

    return yarl.URL(address, encoded=True)


def _rows(data: bytes) -> list[Any]:
    try:
        rows = json.loads(data, parse_float=Decimal, parse_int=Decimal)["value"]
    except (ValueError, KeyError, TypeError) as error:
        raise _garbage() from error
    if not isinstance(rows, list):
        raise _garbage()
    return rows


def _rate(row: Any) -> Rate:
    """Of a row, such as `{"cotacaoCompra": 5.3515, "cotacaoVenda": 5.3521, "dataHoraCotacao": "2026-11-20 13:04:33.123"}`."""
    try:
        value, day = row["cotacaoVenda"], date.fromisoformat(row["dataHoraCotacao"][:10])
    except (KeyError, TypeError, ValueError) as error:
        raise _garbage() from error
    if not isinstance(value, Decimal) or not value.is_finite() or value <= 0:
        raise _garbage()
    return Rate(base="USD", quote="BRL", value=value, day=day, source="ptax")


def _garbage() -> Refused:
    return Refused("What PTAX answered is no rate, so the one that is known stays: set one (thor rates set USD BRL VALUE) if it grows old.")
