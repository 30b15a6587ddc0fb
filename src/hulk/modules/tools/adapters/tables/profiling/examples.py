"""Values as they are told."""

from datetime import datetime, time

from hulk.modules.skills import MASK, masked
from hulk.modules.tools.adapters.tables.table import Field


def shown(value: object, field: Field) -> str | None:
    """A value as data, without what could point at a person."""
    if value is None:
        return None
    if field.personal:
        return MASK
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return masked(str(value))[:200]


def examples(field: Field, *values: object) -> tuple[str, ...]:
    """Those of them that there are, each once and short."""
    told = (shown(value, field) for value in values if value is not None)
    return tuple(dict.fromkeys(text[:60] for text in told if text))
