"""How tools are offered over MCP, as the settings say it."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from hulk.runtime.config import Duration, Section, Size


class McpSettings(Section):
    """Tools as an MCP server, at `/mcp` and `/mcp/{server}`."""

    enabled: bool = Field(default=True, description="Whether they are served. It needs the package mcp (extra `tools`).")
    hosts: tuple[Annotated[str, Field(min_length=1, max_length=260, pattern=r"^[^/\s]+$")], ...] = Field(
        default=(),
        description="Names by which it is reached besides `localhost`, `server.host` and that of `identity.url` (`hulk.internal:8080`, "
        "`hulk.internal:*`). Requests for others are refused.",
    )
    origins: tuple[Annotated[str, Field(max_length=260, pattern=r"^https?://[^/\s]+$")], ...] = Field(
        default=(), description="Sites whose pages may use it besides its own (`https://tools.example.com`). Programs send none."
    )
    sessions: int = Field(default=1000, ge=1, description="Sessions that may be open at once (MCP before 2026-07-28).")
    idle: Duration = Field(default=timedelta(minutes=30), gt=timedelta(0), description="How long a session lasts that nobody uses.")
    answer_within: Duration = Field(
        default=timedelta(minutes=5), gt=timedelta(0), description="How long a person may take to answer what a tool asks amid a call."
    )
    close_after: Duration | None = Field(
        default=None,
        gt=timedelta(0),
        description="A call that takes longer has its stream closed, and its client comes back for the answer (MCP 2025-11-25): for "
        "networks that cut long answers off. Unset, streams stay open.",
    )
    replayed: Size = Field(
        default=32 * 1024 * 1024, ge=1024 * 1024, description="Bytes of messages held, of all sessions, for clients whose stream was cut."
    )
    search_from: int = Field(default=40, ge=1, description="Who may use more tools than that gets one that finds tools, too.")
