"""Notion."""

from typing import Annotated

from pydantic import Field, SecretStr

from hulk.modules.tools.settings.rest import Address, RestSettings


class NotionSettings(RestSettings):
    """Pages and databases of Notion that were shared with an integration."""

    url: Address = Field(default="https://api.notion.com", description="Address of its API.")
    token: SecretStr = Field(default=SecretStr(""), description="The integration's secret; it sees only what was shared with it.")
    parents: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$")], ...] = Field(
        default=(), description="Pages and data sources under which pages may be made, and pages that may be added to. None allows none."
    )
