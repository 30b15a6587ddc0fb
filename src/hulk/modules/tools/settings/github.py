"""GitHub, or a GitHub Enterprise Server."""

from typing import Annotated

from pydantic import Field, SecretStr

from hulk.modules.tools.settings.rest import Address, RestSettings

Repository = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/([A-Za-z0-9._-]{1,100}|\*)$")]
Project = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[1-9][0-9]{0,8}$")]


class GitHubSettings(RestSettings):
    """Repositories and projects at GitHub."""

    url: Address = Field(default="https://api.github.com", description="Address of its API; `https://HOST/api/v3` of an Enterprise Server.")
    token: SecretStr = Field(default=SecretStr(""), description="A fine-grained token; reading projects needs `read:project`.")
    repositories: tuple[Repository, ...] = Field(
        default=(), description="Those that may be used: `owner/name`, or `owner/*` for all of an owner. None allows none."
    )
    projects: tuple[Project, ...] = Field(default=(), description="Projects that may be read, `owner/number` as in their address.")
