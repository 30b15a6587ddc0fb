"""What tools may touch: section `tools`."""

from datetime import timedelta

from pydantic import Field

from hulk.modules.tools.settings.backend import BackendSettings
from hulk.modules.tools.settings.files import FilesSettings, HttpSettings
from hulk.modules.tools.settings.mcp import McpSettings
from hulk.modules.tools.settings.prompts import PromptSettings
from hulk.modules.tools.settings.rules import OwnRuleSettings, OwnServerSettings, RuleSettings, ServerSettings
from hulk.modules.tools.settings.systems import SystemsSettings
from hulk.runtime.config import Duration, Section, Size

__all__ = [
    "BackendSettings", "FilesSettings", "HttpSettings", "McpSettings", "OwnRuleSettings", "OwnServerSettings", "PromptSettings",
    "RuleSettings", "ServerSettings", "SystemsSettings", "ToolsSettings",
]  # fmt: skip


class ToolsSettings(Section):
    """What the tools may read and fetch, and the systems that they act on."""

    files: FilesSettings = Field(default_factory=FilesSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    rules: tuple[RuleSettings, ...] = Field(default=(), description="Who may use which tools.")
    servers: tuple[ServerSettings, ...] = Field(default=(), description="Tools that are an MCP server of their own.")
    prompts: tuple[PromptSettings, ...] = Field(default=(), max_length=500, description="What people may begin with, over MCP.")
    systems: SystemsSettings = Field(default_factory=SystemsSettings)
    mcp: McpSettings = Field(default_factory=McpSettings)
    wait: Duration = Field(
        default=timedelta(days=7),
        gt=timedelta(0),
        le=timedelta(days=365),
        description="How long a call waits for a person's yes, unless a rule or an agent's file says less. Then it is not made.",
    )
    max_output: Size = Field(default=256 * 1024, ge=1024, le=900_000, description="Most that a tool may answer; the rest is cut off.")
