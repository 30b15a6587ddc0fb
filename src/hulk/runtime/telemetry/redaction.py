"""What must never be readable in a log: secrets, by the name of their field and by their look."""

import functools
import re
from collections.abc import Mapping
from typing import Any

MASK = "***"
_NAME = re.compile(r"key|token|secret|passw|^pass$|authorization|cookie|credential", re.IGNORECASE)
_HARMLESS = frozenset({"tokens", "input_tokens", "output_tokens", "key_id", "key_name", "keys", "idempotency_key"})
_LOOKS = re.compile(
    r"hulk_[a-z0-9]{8}_[A-Za-z0-9]+"
    r"|\bsk-[A-Za-z0-9_-]{8,}"
    r"|\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|(?<=://)[^/@\s\"']+(?=@)",
    re.IGNORECASE,
)


def redacted(event: Mapping[str, Any]) -> dict[str, Any]:
    """`event` with secrets masked, however deep they lie."""
    return {name: MASK if secret(name) and value is not None else _value(value) for name, value in event.items()}


@functools.lru_cache(maxsize=1024)
def secret(name: str) -> bool:
    """Whether a field of that name holds a secret."""
    return name not in _HARMLESS and _NAME.search(name) is not None


def _suspicious(folded: str) -> bool:
    """Whether there is a sign of what looks like a secret: to know that there is none costs a tenth of the search."""
    return "@" in folded or "hulk_" in folded or "sk-" in folded or "bearer" in folded or "basic" in folded


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return _LOOKS.sub(MASK, value) if _suspicious(value.casefold()) else value
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return redacted({str(name): inner for name, inner in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(inner) for inner in value]
    return value
