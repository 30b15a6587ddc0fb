"""What somebody wants to see of the costs, as the address of the page says it; and addresses of what is beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.modules.console.domain import Span, span

ADDRESS = "/console/costs"
BYS: Mapping[str, Text] = {
    "model": Text("By model"), "agent": Text("By agent"), "channel": Text("By channel"), "person": Text("By person"),
    "intent": Text("By intent"), "tenant": Text("By tenant"),
}  # fmt: skip
"""As the tabs have them."""
NAMES: Mapping[str, Text] = {
    "model": Text("Model"), "agent": Text("Agent"), "channel": Text("Channel"), "person": Text("Person"), "intent": Text("Intent"),
    "tenant": Text("Tenant"),
}  # fmt: skip
ONLY: Sequence[str] = ("model", "agent", "channel", "person", "intent")
"""By what the page may be narrowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """`tenant` is empty for one's own, `*` for all."""

    span: Span
    by: str
    tenant: str = ""
    only: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, object]:
        """As the API is asked."""
        return {"since": self.span.since, "until": self.span.until, "tenant": self.tenant or None, **self.only}

    def at(self, **changes: str) -> str:
        """The page's address with something else in it; empty takes it away."""
        about = {"month": self.span.month} if self.span.month else {"since": str(self.span.since), "until": str(self.span.until)}
        wanted = {**about, "by": self.by, "tenant": self.tenant, **self.only, **changes}
        return f"{ADDRESS}?{urlencode({name: value for name, value in wanted.items() if value})}"

    def report(self, form: str) -> str:
        """Where the API has the month's report, in that form."""
        whose = {"tenant": self.tenant} if self.tenant else {}
        return f"/v1/costs/reports/{self.span.month}?{urlencode({'format': form, **whose})}"


def wished(query: Mapping[str, str], today: date) -> Wished:
    """What the address says. Raises `Refused`."""
    by = query.get("by") or "model"
    if by not in BYS:
        raise Refused("Costs are not added up by “{name}”; allowed: {allowed}.", name=by[:80], allowed=", ".join(BYS))
    days = span(query.get("month", ""), query.get("since", ""), query.get("until", ""), today)
    only = {name: query[name] for name in ONLY if query.get(name)}
    return Wished(span=days, by=by, tenant=query.get("tenant", "")[:63], only=only)
