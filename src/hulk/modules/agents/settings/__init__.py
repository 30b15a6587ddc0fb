"""Which agents there are: section `agents`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from hulk.modules.agents.settings.file import AgentFile
from hulk.runtime.config import Duration, Section

__all__ = ["AgentFile", "AgentsSettings"]


class AgentsSettings(Section):
    """Agents: each is a file."""

    folders: tuple[Path, ...] = Field(default=(), description="Folders with agents of your own, one YAML file each.")
    shipped: tuple[Annotated[str, Field(max_length=63)], ...] = Field(
        default=("agency", "commercial", "industrial", "orchestrator", "retail"),
        description="Which of the agents that come with Hulk there are. One of your own takes the place of the one of its name.",
    )
    wait: Duration = Field(
        default=timedelta(days=7),
        gt=timedelta(0),
        le=timedelta(days=365),
        description="How long a step waits for the person whom it asks, unless the agent's file says less. Then it has failed.",
    )
    values: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="What agents' files refer to as `${values.…}`, by agent: `{agency: {project: acme/1}}`."
    )
