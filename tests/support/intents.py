"""Intents to keep."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hulk.modules.intents import Intent
from hulk.modules.skills import Source

START = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def an_intent(number: int = 1, **more: Any) -> Intent:
    """An accepted intent, the higher its number the later."""
    fields: dict[str, Any] = {
        "id": f"int_{number:026}", "tenant": "acme", "actor": "local", "text": "Quais arquivos mais mudaram?", "language": "pt",
        "zone": "America/Sao_Paulo", "sources": (Source(kind="file", name="vendas.csv", path="data/vendas.csv"),), "key": None,
        "digest": "d" * 64, "run": f"run_{number:026}", "trace": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "status": "accepted", "created": START + timedelta(seconds=number),
    }  # fmt: skip
    return Intent(**fields | more)
