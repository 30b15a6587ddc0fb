"""Sending by WhatsApp to the twin of Meta: a line, and messages for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.adapters.whatsapp import Graph, WhatsAppLine
from hulk.modules.channels.domain import Button, Outgoing
from support.twins.whatsapp import APP_SECRET, NUMBER, PERSON, PHONE, TOKEN, Meta

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MESSAGE = "msg_01h455vb4pex5vsknk084sn02q"
HOOK = "https://hulk.example.com/v1/hooks/zap"


@asynccontextmanager
async def line(
    twin: Meta, token: str = TOKEN, template: tuple[str, str] | None = None, seconds: float = 20.0
) -> AsyncIterator[WhatsAppLine]:
    """A line to the twin."""
    async with vendor(twin.url, "WhatsApp", seconds) as server:
        graph = Graph(server, "v25.0", lambda: token)
        yield WhatsAppLine(graph, NUMBER, lambda: APP_SECRET, lambda: NOW, hook=HOOK, template=template)


def outgoing(text: str = "Houve **7** pedidos.", **other: Any) -> Outgoing:
    """An answer to a person."""
    made = Outgoing(
        id=MESSAGE, tenant="default", channel="zap", address=PERSON, text=text, language="pt", created=NOW, due=NOW, about="wamid.HBgN1",
        reply={"to": PHONE}, attempts=1,
    )  # fmt: skip
    return replace(made, **other)


def buttons(count: int) -> tuple[Button, ...]:
    """As many buttons."""
    return tuple(Button(f"Botão {number}", f"a.{number}") for number in range(count))
