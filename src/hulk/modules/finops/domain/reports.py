"""What was spent, by what: rows of a report, asked for page by page. Pure rules."""

import base64
import calendar
import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias, get_args

from hulk.kernel.errors import Refused

By: TypeAlias = Literal["day", "tenant", "agent", "model", "intent", "channel", "person"]
BYS: tuple[By, ...] = get_args(By)
Order: TypeAlias = Literal["name", "cost"]
"""By the names of what is added up, page by page; or what cost the most first, of which there is no second page."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which charges of model calls, and by what they are added up; days are of UTC, both included. `tenant` None: of all tenants."""

    by: tuple[By, ...]
    since: date
    until: date
    tenant: str | None
    only: Mapping[By, str] = field(default_factory=dict)
    order: Order = "name"

    @property
    def month(self) -> str:
        """The month whose days all are wanted and no others, as in 2026-11; empty where it is another range."""
        first, last = self.since, self.since.replace(day=calendar.monthrange(self.since.year, self.since.month)[1])
        return f"{first:%Y-%m}" if first.day == 1 and self.until == last else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a group of calls cost: what is settled (of which `assumed` is not known for sure), what is still reserved, and the tokens."""

    key: tuple[str, ...]
    currency: str
    calls: int
    settled: Decimal
    assumed: Decimal
    reserved: Decimal
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int


@dataclass(frozen=True, slots=True)
class Costs:
    """A page of costs in the order of their keys; `after` is where the next begins, None on the last."""

    rows: Sequence[Cost]
    after: str | None


COLUMNS = (
    "currency", "calls", "settled", "assumed", "reserved", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones too, as OWASP has them


def dimension(name: str) -> By:
    """That dimension of a report; raises `Refused`."""
    if name not in BYS:
        raise Refused("Costs are not added up by “{name}”; allowed: {allowed}.", name=name[:80], allowed=", ".join(BYS))
    return name


def month_days(month: str) -> tuple[date, date]:
    """The first and the last day of `2026-11`; raises `Refused`."""
    if not _MONTH.fullmatch(month):
        raise Refused("A month is written as 2026-11; “{month}” is none.", month=month[:80])
    year, number = int(month[:4]), int(month[5:])
    if not 1970 <= year < 9999:
        raise Refused("A month is written as 2026-11; “{month}” is none.", month=month)
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def as_csv(by: Sequence[By], rows: Sequence[Cost]) -> str:
    """The rows as RFC 4180 has it, with a head."""
    return _lines([[*by, *COLUMNS]]) + csv_rows(rows)


def csv_rows(rows: Sequence[Cost]) -> str:
    """The rows without one, amounts to their last digit. What a spreadsheet would take for a formula begins with an apostrophe
    (https://owasp.org/www-community/attacks/CSV_Injection)."""
    return _lines([*map(_harmless, row.key), *(_plain(getattr(row, name)) for name in COLUMNS)] for row in rows)


def _lines(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _plain(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def sums(rows: Sequence[Cost]) -> dict[str, Decimal]:
    """All that is settled, by currency."""
    found: dict[str, Decimal] = {}
    for row in rows:
        found[row.currency] = found.get(row.currency, Decimal(0)) + row.settled
    return found


def written_key(key: Sequence[str]) -> str:
    """Where a page ends, as the caller gets it: the key as URL-safe base 64."""
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def key_of(after: str, parts: int) -> tuple[str, ...]:
    """The reverse of `written_key`; raises `Refused` for what no page ended with."""
    try:
        found = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except (ValueError, RecursionError) as error:  # RecursionError: lists in lists in lists
        raise _no_page(after) from error
    if not (isinstance(found, list) and len(found) == parts and all(isinstance(one, str) for one in found)):
        raise _no_page(after)
    return tuple(found)


def _no_page(after: str) -> Refused:
    return Refused("“{after}” is not where a page of this report ended: give what the page before said as “after”.", after=after[:80])
