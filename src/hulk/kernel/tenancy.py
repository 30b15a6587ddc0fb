"""Whom work belongs to, and who asks for it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["viewer", "operator", "admin"]
"""viewer reads; operator also asks for work; admin also manages keys."""

DEFAULT_TENANT = "default"
_RANK: dict[Role, int] = {"viewer": 0, "operator": 1, "admin": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: `actor` is what the audit trail names (`key:ab12cd`, `local:root`)."""

    tenant: str
    actor: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether this principal has at least that role."""
        return _RANK[self.role] >= _RANK[role]
