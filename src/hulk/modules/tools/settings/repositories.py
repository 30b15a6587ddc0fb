"""Git repositories on this machine whose history may be read."""

from pathlib import Path

from pydantic import Field

from hulk.modules.tools.settings.backend import BackendSettings


class GitSettings(BackendSettings):
    """Repositories as tools, read only."""

    name: str = Field(default="git", pattern=r"^[a-z][a-z0-9-]{0,30}$", description="What its tools' names begin with.")
    outside: bool = Field(default=False, description="Whether what it is given leaves the company: it does not.")
    repositories: dict[str, Path] = Field(min_length=1, description="The repositories, by the names by which they are asked for.")
